/** A key whose first custodian has split its share among holders, by the real binary; and what stands on their pages. */
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { curveOf, type Scheme } from '../../src/protocol/group/scheme.js'
import { drawCoefficients, split } from '../../src/protocol/sharing/escrow.js'
import { Secret } from '../../src/protocol/core/secret.js'
import { evaluate } from '../../src/protocol/sharing/polynomial.js'
import { encodePaperPiece } from '../../src/wire/paper/piece-page.js'
import { makeManifest } from '../../src/wire/escrow/manifest.js'
import { exportManifest, exportRecord, parseExportedRecord } from '../../src/wire/paper/json-export.js'
import { paperLines } from '../../src/wire/paper/lines.js'
import { encodeRecord, parseRecord, recordDigest, recordPublicKey } from '../../src/wire/key/record.js'
import { hex } from '../../src/wire/base/text.js'
import { makeKey } from './ceremonies.js'
import { type Custodian, custodian, custodians, type How, type Ran, scratch, verifies } from './cli.js'
import { person } from './members.js'
import { brokers } from './nats.js'

export type Backup = {
  readonly dir: string
  readonly alice: Custodian
  readonly others: readonly Custodian[]
  readonly holders: readonly Custodian[]
  readonly publicKey: string
  readonly remove: () => Promise<void>
}

/** Runs a command in somebody's home. */
export const script = (who: Custodian, text: string, how: How = {}): Promise<Ran> =>
  who.mpc([...text.split(' '), ...who.unlock, '--no-input', '--json'], how)

/** Alice's share of `treasury`, `threshold` pieces of which restore it: `out/`, `record.json`. */
export async function backupOf(
  threshold: number,
  names: readonly string[],
  scheme?: Scheme,
): Promise<Backup> {
  const server = await brokers.relay()
  const { dir, remove } = await scratch()
  try {
    const [alice, ...others] = (await custodians(dir, 'alice', 'bob', 'carol')) as [Custodian, ...Custodian[]]
    const holders = await Promise.all(names.map((name) => custodian(dir, name)))
    const [made] = await makeKey([alice, ...others], server.url, scheme ? { scheme } : {})
    await Promise.all([alice, ...others].map((who) => verifies(who, holders)))
    const cards = names.map((name) => `${name}.card`).join(',')
    for (const line of [
      'key show treasury --export -o record.json',
      `backup split --key treasury --threshold ${threshold} --holders ${cards} -o out`,
    ]) {
      const ran = await script(alice, line)
      if (ran.code !== 0) throw new Error(ran.stdout)
    }
    return { dir, alice, others, holders, publicKey: made?.json.data.public_key as string, remove }
  } finally {
    await server.down()
  }
}

/** The lines that a page of HTML gives to be typed. */
export function linesOn(page: string): string[] {
  const html = readFileSync(page, 'utf8')
  return [...html.matchAll(/<li><b>[ \d]+<\/b> +([0-9A-Z ]+)<\/li>/g)].map(([, line]) => line as string)
}

/** A holder prints its piece in clear; the lines of the page. */
export async function printed({ dir }: Pick<Backup, 'dir'>, holder: Custodian): Promise<string[]> {
  const ran = await script(holder, `backup print out/${holder.name}.piece -o ${holder.name}.html`)
  if (ran.code !== 0) throw new Error(ran.stdout)
  return linesOn(join(dir, `${holder.name}.html`))
}

/**
 * Pages of a made-up key: key id, names and the other custodians' cards of the true one, alice's card, the public key and
 * every share the forger's; split and signed as it should be. `forged.json`, `forged-manifest.json`, `forged-1.txt` to 3.
 * @returns the public key
 */
export async function forgedPages({ dir }: Pick<Backup, 'dir'>): Promise<string> {
  const rng = (length: number): Uint8Array => Uint8Array.from(randomBytes(length))
  const real = parseExportedRecord(readFileSync(join(dir, 'record.json')))
  const curve = curveOf(real.scheme)
  const evil = await person('alice')
  const f = Array.from({ length: real.threshold }, () => curve.randomScalar(rng))
  const shares = real.members.map(({ index }) => evaluate(curve, f, index))
  const forged = parseRecord(
    encodeRecord({
      ...real,
      group_point: curve.timesG(f[0] as bigint).toBytes(),
      members: real.members.map((member, i) => ({
        ...member,
        card: i === 0 ? evil.card : member.card,
        public_share: curve.timesG(shares[i] as bigint).toBytes(),
      })),
    }),
  )
  using share = new Secret(curve.scalarBytes(shares[0] as bigint))
  const { F, pieces } = split(
    curve,
    share,
    drawCoefficients(curve, 3, { share, purpose: new Uint8Array(32), rng }),
    3,
  )
  const fields = {
    format: 'mpc/escrow-manifest/v1' as const,
    key_id: forged.key_id,
    key: 'treasury',
    scheme: forged.scheme,
    epoch: recordDigest(forged),
    custodian: { index: 1, fingerprint: evil.card.fingerprint },
    threshold: 3,
    holders: [1, 2, 3].map((index) => ({ index, name: `h${index}`, to: { kind: 'passphrase' as const } })),
    vector: F,
    salt: rng(32),
    policy: null,
    created: Date.now(),
  }
  const { manifest } = makeManifest(fields, share, null, evil.identity.signing, rng)
  writeFileSync(join(dir, 'forged.json'), exportRecord(forged))
  writeFileSync(join(dir, 'forged-manifest.json'), exportManifest(manifest))
  for (const holder of manifest.holders) {
    const value = pieces.get(holder.index) as Secret
    const page = paperLines(encodePaperPiece({ holder, value, manifest }))
    writeFileSync(join(dir, `forged-${holder.index}.txt`), page.join('\n'))
  }
  return hex(recordPublicKey(forged))
}

/**
 * Makes the golden files of backups: test-alice's share of each golden key, split among three holders of whom
 * two restore it, a note and a rebind. As in `make.ts`: by hand, once, and a file that is there is never
 * written again.
 *
 *     MPC_GOLDEN=write npx vitest run --config test/vitest.config.ts test/wire/golden-backup.test.ts
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { drawCoefficients, split } from '../../src/protocol/sharing/escrow.js'
import { curveOf } from '../../src/protocol/group/scheme.js'
import type { Secret } from '../../src/protocol/core/secret.js'
import { parseCard } from '../../src/wire/identity/card.js'
import { encodeKept } from '../../src/wire/escrow/kept.js'
import {
  type EscrowHolder,
  encodeManifest,
  makeManifest,
  manifestDigest,
  manifestWords,
} from '../../src/wire/escrow/manifest.js'
import { makeNote } from '../../src/wire/escrow/note.js'
import { encodePaperPiece } from '../../src/wire/paper/piece-page.js'
import { encodePiece, parsePiece } from '../../src/wire/escrow/piece.js'
import { manifestCode, recordCode } from '../../src/wire/paper/json-export.js'
import { codeLine, paperLines } from '../../src/wire/paper/lines.js'
import { parseIdentity } from '../../src/wire/identity/identity.js'
import { makeRebind, parseRebind, rebindDigest } from '../../src/wire/key/rebind.js'
import { parseRecord, recordDigest } from '../../src/wire/key/record.js'
import { parseShare } from '../../src/wire/key/share.js'
import { hex } from '../../src/wire/base/text.js'
import { person, rng } from '../support/members.js'
import { GOLDEN, held, SCHEMES, textOf } from './make.js'

const CREATED = 1_800_000_000_000
/** taproot has no auxiliary secrets; here it stands for any scheme that has. */
export const AUXILIARY = {
  'eddsa-ed25519': null,
  'schnorr-taproot': Buffer.from('auxiliary of the golden files'),
}
export const BACKUP_FILES = [
  ...SCHEMES.flatMap((scheme) =>
    ['manifest', 'kept', 'piece-1', 'piece-2', 'piece-3'].map((name) => `${scheme}.${name}.cbor`),
  ),
  'note.cbor',
  'note-unsigned.cbor',
  'rebind.cbor',
  'known-backup.json',
  ...SCHEMES.flatMap((scheme) => ['piece', 'record', 'manifest'].map((name) => `${scheme}.paper-${name}.txt`)),
  ...SCHEMES.map((scheme) => `${scheme}.paper-lines.txt`),
]


export async function writeBackupGolden(): Promise<void> {
  await writeMissing(await makeBackupGolden())
  await writeMissing(paperGolden())
}

/** The golden pieces on paper: holder 1's as code and as lines, and the codes beside it. */
export function paperGolden(): Record<string, string> {
  const texts = SCHEMES.flatMap((scheme): [string, string][] => {
    const piece = parsePiece(held(`${scheme}.piece-1.cbor`))
    const bytes = encodePaperPiece(piece)
    return [
      [`${scheme}.paper-piece.txt`, codeLine('piece', bytes)],
      [`${scheme}.paper-record.txt`, recordCode(piece.record)],
      [`${scheme}.paper-manifest.txt`, manifestCode(piece.manifest)],
      [`${scheme}.paper-lines.txt`, paperLines(bytes).join('\n')],
    ]
  })
  return Object.fromEntries(texts.map(([name, text]) => [name, `${text}\n`]))
}

async function writeMissing(files: Readonly<Record<string, Uint8Array | string>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(GOLDEN, name), content, { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  }
}

async function makeBackupGolden(): Promise<Record<string, Uint8Array | string>> {
  const files: Record<string, Uint8Array | string> = {}
  const known: Record<string, unknown> = {}
  const alice = parseIdentity(textOf('test-alice.identity.txt'))
  const bob = parseIdentity(textOf('test-bob.identity.txt'))
  const alicesCard = parseCard(textOf('test-alice.card').trim())
  const bobsCard = parseCard(textOf('test-bob.card').trim())
  const holders: [EscrowHolder, EscrowHolder, EscrowHolder] = [
    { index: 1, name: 'test-bob', to: { kind: 'card', fingerprint: bobsCard.fingerprint } },
    { index: 2, name: 'vault', to: { kind: 'age', recipient: bobsCard.age } },
    { index: 3, name: 'sister', to: { kind: 'passphrase' } },
  ]
  for (const scheme of SCHEMES) {
    const record = parseRecord(held(`${scheme}.record.cbor`))
    const certificate = held(`${scheme}.certificate.cbor`)
    const { share } = parseShare(held(`${scheme}.share.cbor`), record, 1).share
    const coefficients = drawCoefficients(curveOf(scheme), 2, { share, purpose: new Uint8Array(32), rng })
    const { F, pieces } = split(curveOf(scheme), share, coefficients, holders.length)
    const fields = {
      format: 'mpc/escrow-manifest/v1' as const,
      key_id: record.key_id,
      key: 'test-treasury',
      scheme,
      epoch: recordDigest(record),
      custodian: { index: 1, fingerprint: alicesCard.fingerprint },
      threshold: 2,
      holders,
      vector: F,
      salt: rng(32),
      policy: null,
      created: CREATED,
    }
    const { manifest, blob } = makeManifest(fields, share, AUXILIARY[scheme], alice.signing, rng)
    files[`${scheme}.manifest.cbor`] = encodeManifest(manifest)
    files[`${scheme}.kept.cbor`] = encodeKept(manifest, coefficients, blob)
    for (const [holder, value] of pieces) {
      files[`${scheme}.piece-${holder}.cbor`] = encodePiece({
        holder,
        value: value.reveal(),
        manifest: encodeManifest(manifest),
        record: held(`${scheme}.record.cbor`),
        certificate,
        blob,
      })
    }
    known[`${scheme}.manifest.cbor`] = {
      digest: hex(manifestDigest(manifest)),
      words: manifestWords(manifest).join(' '),
    }
    if (scheme !== 'eddsa-ed25519') continue
    files['note.cbor'] = makeNote(manifest, holders[0], 'verified', CREATED, bob.signing)
    files['note-unsigned.cbor'] = makeNote(manifest, holders[2], 'destroyed', CREATED, null)
    files['rebind.cbor'] = await rebindOf(record, share, alice)
    known['rebind.cbor'] = { digest: hex(rebindDigest(parseRebind(files['rebind.cbor'], record))) }
  }
  files['known-backup.json'] = `${JSON.stringify(known, null, 2)}\n`
  return files
}

async function rebindOf(
  record: ReturnType<typeof parseRecord>,
  share: Secret,
  old: ReturnType<typeof parseIdentity>,
): Promise<Uint8Array> {
  const renewed = await person('test-alice')
  const from = { card: parseCard(textOf('test-alice.card').trim()), signing: old.signing }
  const seat = { index: 1, share, card: renewed.card, from, created: CREATED }
  return makeRebind(record, seat, renewed.identity.signing, rng)
}


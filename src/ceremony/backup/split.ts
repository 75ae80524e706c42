/**
 * Splitting a custodian's share among holders, as files: no network, and nothing is written before everything
 * is checked. The command asks who should hold pieces, and shows how many people then reach the key.
 * `restore.ts` restores a share.
 */
import { wipeAuxSecret } from '../../protocol/cggmp24/auxiliary/data.js'
import { drawCoefficients, split } from '../../protocol/sharing/escrow.js'
import { curveOf } from '../../protocol/group/scheme.js'
import { Secret } from '../../protocol/core/secret.js'
import { digest, type PartyId, type Rng } from '../../protocol/core/session.js'
import {
  destroySplit,
  keepSplit,
  readSplit,
  readSplitFile,
  writeSplitFile,
} from '../../storage/home/escrow.js'
import { createDir, listDir } from '../../storage/fs/atomic.js'
import type { Home } from '../../storage/home/home.js'
import { readEpochFile } from '../../storage/home/epochs.js'
import { openWith, sealTo } from '../../storage/sealed/age.js'
import type { Card } from '../../wire/identity/card.js'
import { encodeKept, type Kept, parseKept } from '../../wire/escrow/kept.js'
import { encodeManifest, makeManifest, type Manifest } from '../../wire/escrow/manifest.js'
import { exportManifest } from '../../wire/paper/json-export.js'
import { encodePiece, parsePiece } from '../../wire/escrow/piece.js'
import { Failure } from '../../wire/base/failure.js'
import { encodeRecord } from '../../wire/key/record.js'
import { hex } from '../../wire/base/text.js'
import { auxSecretCodec, type OwnShare } from '../../wire/key/share.js'
import {
  badHolders,
  type HolderSeal,
  recipientOf,
  requireHolders,
  sameRecipient,
  sealFor,
} from './holders.js'
import { manifestOf } from '../keys/split-status.js'
import { openShare, requireInUse } from '../epochs/find-key.js'
import { indexIn, type Key, type Owner } from '../keys/key.js'

export type SplitOrder = {
  /** How many pieces restore the share. */
  readonly threshold: number
  /** In the order of their index, from 1. */
  readonly holders: readonly HolderSeal[]
  /** The folder to create: a `.piece` for each holder, and `manifest.json`. */
  readonly out: string
  /** Milliseconds since 1970. */
  readonly now: number
  readonly rng: Rng
  /** Work factor for passphrases, base-2 logarithm; tests lower it. */
  readonly workFactor?: number
}

/**
 * Splits this custodian's share of a key's active epoch. Repeating the same order, after a crash or a full
 * disk, seals the same pieces again.
 * @throws Failure (usage) `E_HOLDERS`; (configuration) `E_SPLIT_REBOUND`; (conflict) `E_SPLIT_EXISTS` if this
 *   epoch was split differently, `E_OUTPUT_EXISTS`; as `requireInUse`
 */
export async function splitShare(owner: Owner, key: Key, order: SplitOrder): Promise<Manifest> {
  const { home, identity, card } = owner
  const { threshold, holders, rng } = order
  requireHolders(threshold, holders)
  await requireFree(order.out)
  await requireSplittable(home, key, order)
  if (await isSplit(home, key)) return sealAll(owner, key, order)
  const certificate = await certificateOf(home, key)
  const index = indexIn(key, card)
  requireInRecord(key, card)
  const own = await openShare(home, key, identity, card)
  using secret = own.share.share
  using auxiliary = auxiliaryBytes(own)
  const purpose = digest(
    'mpc/escrow-split/v1',
    key.digest,
    holders.map(({ name }) => name),
    order.now,
  )
  using coefficients = drawCoefficients(curveOf(key.record.scheme), threshold, {
    share: secret,
    purpose,
    rng,
  })
  const { F, pieces } = split(curveOf(key.record.scheme), secret, coefficients, holders.length)
  try {
    const fields = {
      format: 'mpc/escrow-manifest/v1' as const,
      key_id: key.record.key_id,
      key: key.name,
      scheme: key.record.scheme,
      epoch: key.digest,
      custodian: { index, fingerprint: card.fingerprint },
      threshold,
      holders: holders.map((holder, i) => ({ index: i + 1, name: holder.name, to: recipientOf(holder) })),
      vector: F,
      salt: rng(32),
      created: order.now,
    }
    const { manifest, blob } = makeManifest(
      fields,
      secret,
      auxiliary?.reveal() ?? null,
      identity.signing,
      rng,
    )
    const sealed = await sealedPieces(key, { manifest, blob, pieces }, certificate, holders, order.workFactor)
    using kept = new Secret(encodeKept(manifest, coefficients, blob))
    const files = { ...sealed, 'manifest.json': exportManifest(manifest) }
    // The data that remake every piece are kept before the pieces: after a crash in between, `sealAll` seals
    // them again.
    if (!(await keepSplit(home, key.name, key.digest, await sealTo([card.age], kept.reveal()))))
      throw splitExists(key, null)
    // A process that retires an epoch marks its state first and then destroys its secrets, so one of the two
    // processes sees the other.
    try {
      await requireInUse(home, key)
    } catch (cause) {
      await destroySplit(home, key.name, key.digest)
      throw cause
    }
    await keepPublic(home, key, manifest, holders)
    await writeOut(order.out, files)
    return manifest
  } finally {
    for (const piece of pieces.values()) piece.wipe()
  }
}

/**
 * Seals the same piece again, to the recipient in the manifest: for a holder who lost it, or all pieces after
 * a crash.
 * @throws Failure (usage) `E_HOLDERS` if the manifest has no such holder, or names another seal for it;
 *   (configuration) `E_NO_SPLIT`; (conflict) `E_OUTPUT_EXISTS`
 */
export const sealAgain = (owner: Owner, key: Key, order: Sealing): Promise<Manifest> =>
  sealKept(owner, key, order, ({ holders }) => {
    const strange = order.holders.find((holder) => {
      const named = holders.find(({ name }) => name === holder.name)
      return !named || !sameRecipient(named.to, recipientOf(holder))
    })
    if (strange) throw badHolders(`the split of ${key.name} has no holder ${strange.name} with this seal`)
  })

type Sealing = Pick<SplitOrder, 'holders' | 'out' | 'workFactor'>

/** Seals all pieces of the earlier split again, if the order is the same. */
const sealAll = (owner: Owner, key: Key, order: SplitOrder): Promise<Manifest> =>
  sealKept(owner, key, order, (manifest) => {
    if (!isOrdered(manifest, order)) throw splitExists(key, manifest)
  })

async function sealKept(
  owner: Owner,
  key: Key,
  order: Sealing,
  check: (manifest: Manifest) => void,
): Promise<Manifest> {
  await requireFree(order.out)
  const certificate = await certificateOf(owner.home, key)
  const kept = await openSplit(owner, key)
  try {
    check(kept.manifest)
    const files = await sealedPieces(key, kept, certificate, order.holders, order.workFactor)
    await keepPublic(owner.home, key, kept.manifest, order.holders)
    await writeOut(order.out, { ...files, 'manifest.json': exportManifest(kept.manifest) })
    return kept.manifest
  } finally {
    for (const piece of kept.pieces.values()) piece.wipe()
  }
}

/** Keeps what `status` needs without a secret: the manifest, and the cards that verify holders' notes. */
async function keepPublic(
  home: Home,
  { name, digest }: Key,
  manifest: Manifest,
  holders: readonly HolderSeal[],
): Promise<void> {
  await writeSplitFile(home, name, digest, 'manifest.json', exportManifest(manifest))
  const before = await readSplitFile(home, name, digest, 'holders.txt')
  const cards = holders.flatMap((holder) => (holder.kind === 'card' ? [holder.card.line] : []))
  const lines = [...(before ? Buffer.from(before).toString('utf8').trim().split('\n') : []), ...cards]
  const text = [...new Set(lines)].map((line) => `${line}\n`).join('')
  await writeSplitFile(home, name, digest, 'holders.txt', Buffer.from(text))
}

/** The kept split of this share. @throws Failure `E_NO_SPLIT` (configuration) if there is none here */
async function openSplit({ home, identity, card }: Owner, key: Key): Promise<Kept> {
  const sealed = await readSplit(home, key.name, key.digest)
  if (sealed === null) {
    throw new Failure(
      'configuration',
      'E_NO_SPLIT',
      `the share of ${key.name} was not split here in this epoch`,
      {
        hint: `\`mpc backup split --key ${key.name}\` splits it`,
      },
    )
  }
  const own = await openShare(home, key, identity, card)
  if (own.auxiliary) wipeAuxSecret(own.auxiliary.secret)
  using secret = own.share.share
  using plaintext = new Secret(await openWith([identity.age], sealed))
  return parseKept(plaintext.reveal(), secret)
}

/** The encoded auxiliary data of the share; the original is wiped. */
function auxiliaryBytes({ auxiliary }: OwnShare): Secret | null {
  if (auxiliary === null) return null
  const bytes = new Secret(auxSecretCodec().encode(auxiliary.secret))
  wipeAuxSecret(auxiliary.secret)
  return bytes
}

/** Every piece as a file; each is parsed again first, as its holder will. */
async function sealedPieces(
  key: Key,
  { manifest, blob, pieces }: Kept,
  certificate: Uint8Array,
  holders: readonly HolderSeal[],
  workFactor: number | undefined,
): Promise<Record<string, Uint8Array>> {
  const files: Record<string, Uint8Array> = {}
  for (const holder of holders) {
    const { index } = manifest.holders.find(({ name }) => name === holder.name) as { index: PartyId }
    const value = pieces.get(index) as Secret
    using plaintext = new Secret(
      encodePiece({
        holder: index,
        value: value.reveal(),
        manifest: encodeManifest(manifest),
        record: encodeRecord(key.record),
        certificate,
        blob,
      }),
    )
    parsePiece(plaintext.reveal()).value.wipe()
    files[`${holder.name}.piece`] = await sealFor(holder, plaintext.reveal(), workFactor)
  }
  return files
}

/** Whether the epoch in use was split here. */
export const isSplit = async (home: Home, key: Key): Promise<boolean> =>
  (await readSplit(home, key.name, key.digest)) !== null

/** The part of an order that identifies its split. */
type Ordered = Pick<SplitOrder, 'threshold' | 'holders'>

/**
 * @throws Failure `E_SPLIT_EXISTS` (conflict) if this epoch was split differently here, as far as its public
 *   files say
 */
export async function requireSplittable(home: Home, key: Key, order: Ordered): Promise<void> {
  const manifest = (await isSplit(home, key)) ? await manifestOf(home, key) : null
  if (manifest && !isOrdered(manifest, order)) throw splitExists(key, manifest)
}

const isOrdered = (manifest: Manifest, { threshold, holders }: Ordered): boolean =>
  manifest.threshold === threshold &&
  manifest.holders.length === holders.length &&
  manifest.holders.every(({ name, to }, i) => {
    const holder = holders[i] as HolderSeal
    return holder.name === name && sameRecipient(to, recipientOf(holder))
  })

/**
 * Holders check a manifest against the record, which names the old identity until a reshare writes the new
 * one.
 */
function requireInRecord(key: Key, card: Card): void {
  if (key.record.members.some((member) => hex(member.card.fingerprint) === hex(card.fingerprint))) return
  throw new Failure('configuration', 'E_SPLIT_REBOUND', `you sit in your seat of ${key.name} by a rebind`, {
    hint: 'refresh the key first, which writes your new identity into its record; then split',
  })
}

/** @param manifest the earlier split; null if another process has just made it */
function splitExists({ name }: Key, manifest: Manifest | null): Failure {
  const held =
    manifest && `, ${manifest.threshold} of ${manifest.holders.map((each) => each.name).join(', ')}`
  return new Failure(
    'conflict',
    'E_SPLIT_EXISTS',
    `the share of ${name} was split before in this epoch${held ?? ''}`,
    {
      hint:
        `for a lost piece: \`mpc backup split --key ${name} --again NAME -o FOLDER\`; ` +
        'for all of them: the same threshold and holders again; for other holders: refresh first',
    },
  )
}

export async function certificateOf(home: Home, { name, digest }: Key): Promise<Uint8Array> {
  const certificate = await readEpochFile(home, name, digest, 'certificate.cbor')
  if (certificate !== null) return certificate
  throw new Failure('conflict', 'E_KEY_STATE', `the key ${name} is not certified here`, {
    hint:
      `get FILE from another custodian (\`mpc share statements --key ${name} -o FILE\`), ` +
      `then \`mpc share statements FILE --key ${name}\``,
  })
}

/** @throws Failure `E_OUTPUT_EXISTS` (conflict) if a folder for the pieces cannot be made there */
export async function requireFree(out: string): Promise<void> {
  if ((await listDir(out)).length > 0) throw outputExists(out)
}

async function writeOut(out: string, files: Readonly<Record<string, Uint8Array>>): Promise<void> {
  if (!(await createDir(out, files))) throw outputExists(out)
}

export const outputExists = (out: string): Failure =>
  new Failure('conflict', 'E_OUTPUT_EXISTS', `${out} is there, and not empty`, {
    hint: 'name a folder that is not there yet; nothing was overwritten',
  })

/**
 * Splitting a custodian's share among holders, as files: no network, and nothing is written before everything
 * is checked. The command asks who should hold pieces, and shows how many people then reach the key.
 * `restore.ts` restores a share.
 */
import { policyInForce } from '../policy/policy-in-force.js'
import { ownVault } from '../../storage/vault/age-vault.js'
import { wipeAuxSecret } from '../../protocol/cggmp24/auxiliary/data.js'
import { drawCoefficients, split } from '../../protocol/sharing/escrow.js'
import { curveOf } from '../../protocol/group/scheme.js'
import { Secret } from '../../protocol/core/secret.js'
import { digest, type Rng } from '../../protocol/core/session.js'
import { destroySplit, keepSplit } from '../../storage/home/escrow.js'
import type { Card } from '../../wire/identity/card.js'
import { encodeKept } from '../../wire/escrow/kept.js'
import { makeManifest, type Manifest } from '../../wire/escrow/manifest.js'
import { exportManifest } from '../../wire/paper/json-export.js'
import { Failure } from '../../wire/base/failure.js'
import { hex } from '../../wire/base/text.js'
import { auxSecretCodec, type OwnShare } from '../../wire/key/share.js'
import { badHolders, type HolderSeal, recipientOf, requireHolders, sameRecipient } from './holders.js'
import { isOrdered, isSplit, keepPublic, openSplit, requireSplittable, splitExists } from './kept-split.js'
import { certificateOf, requireFree, sealedPieces, writeOut } from './piece-files.js'
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
  const inForce = await policyInForce(home, key)
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
      policy: inForce && { number: inForce.number, sha256: inForce.sha256 },
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
    const source = await ownVault(owner).seal(kept.reveal(), 'split')
    if (!(await keepSplit(home, key.name, key.digest, source))) throw splitExists(key, null)
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

/** The encoded auxiliary data of the share; the original is wiped. */
function auxiliaryBytes({ auxiliary }: OwnShare): Secret | null {
  if (auxiliary === null) return null
  const bytes = new Secret(auxSecretCodec().encode(auxiliary.secret))
  wipeAuxSecret(auxiliary.secret)
  return bytes
}

/** Holders check a manifest against the record, which has the old identity until the next reshare. */
function requireInRecord(key: Key, card: Card): void {
  if (key.record.members.some((member) => hex(member.card.fingerprint) === hex(card.fingerprint))) return
  throw new Failure('configuration', 'E_SPLIT_REBOUND', `you sit in your seat of ${key.name} by a rebind`, {
    hint: 'refresh the key first, which writes your new identity into its record; then split',
  })
}

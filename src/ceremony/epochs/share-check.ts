/**
 * Checks the shares of a key that are here: each must be the share of this member's seat in a certified
 * record, with the auxiliary data that its engine needs. Opens each share, keeps nothing, changes nothing.
 */
import { ownVault } from '../../storage/vault/age-vault.js'
import { CodecError, equalBytes } from '../../protocol/core/codec.js'
import { needsAuxiliary, wipeSigningKey } from '../../protocol/engines/engine.js'
import type { Secret } from '../../protocol/core/secret.js'
import { readSplit } from '../../storage/home/escrow.js'
import type { Home } from '../../storage/home/home.js'
import { readEpochFile, readStateFile } from '../../storage/home/epochs.js'
import { parseKept } from '../../wire/escrow/kept.js'
import { checkManifest, manifestDigest } from '../../wire/escrow/manifest.js'
import { Failure } from '../../wire/base/failure.js'
import { parseShare } from '../../wire/key/share.js'
import { hex } from '../../wire/base/text.js'
import { transcriptCodec } from '../../wire/session/transcript.js'
import type { Owner } from '../keys/key.js'
import { type HeldEpoch, heldKey } from './held-epochs.js'
import { seatOf } from '../keys/rebinds.js'

export type CheckedShare = {
  readonly epoch: HeldEpoch
  /** The problems, in words for people; empty if the share is sound. */
  readonly problems: readonly string[]
  /** Whether the share was restored without its auxiliary data: it can deal, but not sign. */
  readonly refreshNeeded: boolean
}

export type CheckedKey = {
  /** Each epoch whose share is here, or should be. */
  readonly shares: readonly CheckedShare[]
  /** The problem with the key's state; null if none. */
  readonly problem: string | null
}

/** Checks every share of a key that is here, or should be. @throws Failure as `heldKey` */
export async function checkShares(owner: Owner, name: string): Promise<CheckedKey> {
  for (;;) {
    const before = await encodedState(owner.home, name)
    const checked = await checkOnce(owner, name)
    const after = await encodedState(owner.home, name)
    // If another command retired an epoch meanwhile, its missing share is no damage. Its state changes first,
    // so a changed state means: check again.
    if (before === after) return checked
  }
}

/** The state's bytes in hex, whatever they say; null if missing or unreadable. */
const encodedState = async (home: Home, name: string): Promise<string | null> => {
  const held = await readStateFile(home, name).catch((error: unknown) => {
    // An unreadable state is reported with the key.
    if (error instanceof Failure) return null
    throw error
  })
  return held && hex(held)
}

async function checkOnce(owner: Owner, name: string): Promise<CheckedKey> {
  const held = await heldKey(owner.home, name)
  const due = held.epochs.filter(
    ({ hasShare, status }) => hasShare || (status !== null && status !== 'retired'),
  )
  const shares: CheckedShare[] = []
  for (const epoch of due) shares.push(await checkShare(owner, name, epoch))
  return { shares, problem: held.problem }
}

/** A share restored from paper starts out this way; nothing is damaged. */
const NOT_CERTIFIED =
  'it is not certified here, as a share restored from paper is at first: get FILE from another custodian ' +
  '(`mpc share statements -o FILE`), then `mpc share statements FILE`'

/** Checks one epoch's share. */
async function checkShare(owner: Owner, name: string, epoch: HeldEpoch): Promise<CheckedShare> {
  const { home, card } = owner
  const { digest, record, hasShare, certificate } = epoch
  const problems = [...epoch.problems]
  if (record && certificate === null && problems.length === 0) problems.push(NOT_CERTIFIED)
  const wrong = { epoch, problems, refreshNeeded: false }
  if (!record || !hasShare) return wrong
  const index = seatOf(epoch, card.fingerprint)
  if (index === null) {
    problems.push(`${card.name} has no seat in it`)
    return wrong
  }
  try {
    const sealed = await readEpochFile(home, name, digest, 'share.age')
    if (sealed === null) return { ...wrong, problems: [...problems, 'share.age is missing'] }
    using plaintext = await ownVault(owner).open(sealed, 'share')
    const own = parseShare(plaintext.reveal(), record, index)
    const refreshNeeded = own.auxiliary === null && needsAuxiliary(record.scheme)
    try {
      problems.push(...(await besideShare(owner, name, epoch, own.share.share)))
    } finally {
      wipeSigningKey(own)
    }
    return { epoch, problems, refreshNeeded }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    problems.push(error.message)
    return wrong
  }
}

/** Problems with the files beside a share: the transcript of its making, and the source of its split. */
async function besideShare(
  owner: Owner,
  name: string,
  { digest, record, manifest }: HeldEpoch,
  share: Secret,
): Promise<readonly string[]> {
  const { home } = owner
  const problems: string[] = []
  const look = async (file: string, act: () => Promise<void>): Promise<void> => {
    try {
      await act()
    } catch (error) {
      if (!(error instanceof Failure || error instanceof CodecError)) throw error
      problems.push(`${file}: ${error.message}`)
    }
  }
  await look('transcript.cbor', async () => {
    const transcript = await readEpochFile(home, name, digest, 'transcript.cbor')
    if (transcript) transcriptCodec.decode(transcript)
  })
  await look('escrow/manifest.json', async () => {
    if (manifest && record) checkManifest(manifest, record)
  })
  await look('escrow.age', async () => {
    const sealed = await readSplit(home, name, digest)
    if (sealed === null) return
    using plaintext = await ownVault(owner).open(sealed, 'split')
    const kept = parseKept(plaintext.reveal(), share)
    for (const piece of kept.pieces.values()) piece.wipe()
    if (manifest && !equalBytes(manifestDigest(kept.manifest), manifestDigest(manifest)))
      throw new CodecError('manifest', 'escrow/manifest.json is of another split')
  })
  return problems
}

/** @throws Failure `E_KEY_STATE` (conflict) unless this member's share of that epoch is here and intact */
export async function requireWhole(owner: Owner, name: string, digest: Uint8Array): Promise<void> {
  const { epochs } = await heldKey(owner.home, name)
  const epoch = epochs.find((each) => equalBytes(each.digest, digest))
  const problems = epoch?.hasShare
    ? (await checkShare(owner, name, epoch)).problems
    : ['share.age is missing']
  if (problems.length === 0) return
  const what = `epoch ${epoch?.number ?? hex(digest)} of ${name} is not whole here: ${problems.join('; ')}`
  throw new Failure('conflict', 'E_KEY_STATE', what, {
    hint: `nothing was said or destroyed; \`mpc share check --key ${name}\` checks what is there`,
  })
}

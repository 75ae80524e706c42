/**
 * Activation: a certified result becomes an epoch of a key of this home. A new key gets a name that no other
 * key has. A known key keeps its name; one rename of its state activates the new epoch and makes the previous
 * one old. This member has voted for the result, so nothing in an intact home may prevent that: every
 * obstacle is checked before the vote (`succession.ts`).
 */
import { reshareBase } from '../../wire/ceremony/key-definition.js'
import { equalBytes } from '../../protocol/core/codec.js'
import type { CeremonyFiles } from '../../storage/home/ceremonies.js'
import type { Home } from '../../storage/home/home.js'
import {
  createState,
  type EpochFiles,
  type KeyState,
  listKeys,
  lockKey,
  readState,
  readStateAlone,
  stageEpoch,
  unstageEpoch,
  writeState,
} from '../../storage/home/epochs.js'
import { stagePolicy } from '../../storage/home/policies.js'
import { voidPresignatures } from '../../storage/pools/presignatures.js'
import { settleVote } from '../../storage/home/votes.js'
import { Failure } from '../../wire/base/failure.js'
import { encodeRebind } from '../../wire/key/rebind.js'
import { encodeRecord, type KeyRecord, parseRecord, recordDigest } from '../../wire/key/record.js'
import { parseCertificate } from '../../wire/ceremony/certificate.js'
import { hex } from '../../wire/base/text.js'
import type { Transcript } from '../../wire/session/transcript.js'
import type { MakingPlan } from './plan.js'
import { votersOf } from '../../wire/ceremony/voters.js'
import { takeSeat } from '../keys/rebinds.js'
import { stageRecord } from '../epochs/attestations.js'
import { encodeTranscript } from '../session/keep-transcript.js'

export type Activated = {
  readonly name: string
  /** Whether the epoch was active already. */
  readonly already: boolean
}

type Outcome = {
  readonly record: KeyRecord
  /** Null for a watcher, which has none. */
  readonly transcript: Transcript | null
  readonly certificate: Uint8Array
}

/**
 * Writes the epoch's files, then the state that names it. Also completes what an earlier process left half
 * done.
 * @throws Failure (conflict) `E_VOTED_PARENT` if this member has since voted for a ceremony that replaces
 *   this one, `E_PARENT` if another certified epoch of the same number is in use here: somebody has voted
 *   twice
 */
export async function activate(
  home: Home,
  plan: MakingPlan,
  files: CeremonyFiles,
  { record, transcript, certificate }: Outcome,
): Promise<Activated> {
  const { definition, file } = plan
  const outcome = encodeRecord(record)
  const { receipts } = parseCertificate(certificate, votersOf(definition, record), outcome)
  const share = await files.readPending('share.age')
  const epoch: EpochFiles = {
    'record.cbor': outcome,
    ...(share && { 'share.age': share }),
    'certificate.cbor': certificate,
    ...(transcript && { 'transcript.cbor': encodeTranscript(transcript, null, outcome, receipts) }),
  }
  if (definition.kind === 'keygen') {
    const made = await begin(home, definition.key, record, epoch)
    // The folder of a key is its own only once its state is there.
    if (definition.policy) await stagePolicy(home, made.name, 1, { yaml: definition.policy })
    return made
  }
  await settleVote(home, reshareBase(definition), file.id, definition.supersedes)
  const name = await nameOfKey(home, record.key_id)
  const { policy } = definition
  if (name !== null && policy) await stagePolicy(home, name, policy.number, { yaml: policy.bytes })
  const begun = name === null ? await begin(home, definition.key, record, epoch) : null
  if (begun && policy) await stagePolicy(home, begun.name, policy.number, { yaml: policy.bytes })
  // Another ceremony may have brought the key here since the lookup; then this epoch is its next.
  const active =
    begun?.already === false
      ? begun
      : await succeed(home, begun?.name ?? (name as string), plan, record, epoch)
  // A newcomer holds nothing of the parent epoch, but may hold shares from runs that started from it.
  // Statements about old shares are checked against that epoch's record and seats.
  await stageRecord(home, active.name, definition.parent_record)
  for (const rebind of definition.rebinds) {
    await takeSeat(home, active.name, definition.parent_record, encodeRebind(rebind))
  }
  return active
}

/**
 * Explains why a ceremony that ended here left no share: the epoch it made is retired. Null for any other
 * reason.
 * @returns Failure `E_RETIRED` (configuration)
 */
export async function retiredSince(home: Home, files: CeremonyFiles): Promise<Failure | null> {
  const outcome = await files.readPending('record.cbor')
  if (outcome === null) return null
  const record = parseRecord(outcome)
  const name = await nameOfKey(home, record.key_id)
  const state = name === null ? null : await readState(home, name)
  const digest = recordDigest(record)
  const epoch = state?.epochs.find((each) => equalBytes(each.digest, digest))
  if (epoch?.status !== 'retired') return null
  return new Failure(
    'configuration',
    'E_RETIRED',
    `this ceremony made epoch ${record.epoch} of ${name}, which is retired here`,
    {
      hint: `its share was destroyed; \`mpc share list --key ${name}\` shows which epoch is in use`,
    },
  )
}

/**
 * The local name of a key, by its ID; null if the key is not here. Other keys may be damaged.
 * @throws Failure `E_KEY_STATE` (conflict) if no readable key matches and another key cannot be read
 */
export async function nameOfKey(home: Home, keyId: Uint8Array): Promise<string | null> {
  let damaged: unknown = null
  for (const name of await listKeys(home)) {
    try {
      if (isOf(await readStateAlone(home, name), keyId)) return name
    } catch (error) {
      damaged ??= error
    }
  }
  if (damaged === null) return null
  throw damaged
}

/**
 * Adds the first epoch that this home holds of a key, under the definition's name or, if another key has
 * taken that name, the name plus the beginning of the key ID.
 */
async function begin(home: Home, wish: string, record: KeyRecord, epoch: EpochFiles): Promise<Activated> {
  const digest = recordDigest(record)
  const keyId = record.key_id
  const state: KeyState = {
    format: 'mpc/key-state/v1',
    key_id: keyId,
    policy: record.policy?.number ?? 0,
    epochs: [{ digest, number: record.epoch, status: 'active' }],
  }
  const names = namesFor(wish, keyId)
  const held = await Promise.all(names.map((name) => whose(home, name)))
  const own = names.find((_, i) => isOf(held[i] ?? null, keyId))
  for (const name of own ? [own] : names) {
    const there = await whose(home, name)
    if (there !== null && !isOf(there, keyId)) {
      await unstageEpoch(home, name, keyId, digest)
      continue
    }
    // Files of an epoch that the state names are already in place; an epoch retired since must not get its
    // share back.
    if (there !== null) return { name, already: true }
    await stageEpoch(home, name, digest, epoch, 'replaced')
    // If two keys race for a name, one wins; the other tries its next name.
    if (await createState(home, name, state)) return { name, already: false }
    if (isOf(await whose(home, name), keyId)) return { name, already: true }
    await unstageEpoch(home, name, keyId, digest)
  }
  // To occupy every name, an attacker would need a key whose ID begins with the same 30 digits.
  throw new Failure('conflict', 'E_KEY_EXISTS', `there are keys named ${names.join(' and ')} here`, {
    hint: 'the key is made and certified; move one of them away and run the same command again',
  })
}

/** Candidate names: the wish, then the wish with ever more digits of the key's ID. */
const namesFor = (wish: string, keyId: Uint8Array): readonly string[] => [
  wish,
  ...[8, 16, 24, 30].map((digits) => `${wish.slice(0, 31 - digits)}-${hex(keyId).slice(0, digits)}`),
]

/** The state under a name. A damaged one is another key's: `nameOfKey` has not found this key there. */
async function whose(home: Home, name: string): Promise<Pick<KeyState, 'key_id'> | null> {
  try {
    return await readStateAlone(home, name)
  } catch (error) {
    if (error instanceof Failure && error.code === 'E_KEY_STATE') return { key_id: new Uint8Array() }
    throw error
  }
}

/**
 * Adds the next epoch of a key that is here. The epoch in use becomes old, and its share stays until it is
 * retired; a member without a share in the new epoch has no active epoch. If a later epoch is already in use,
 * this one is old from the start.
 */
async function succeed(
  home: Home,
  name: string,
  { index }: MakingPlan,
  record: KeyRecord,
  epoch: EpochFiles,
): Promise<Activated> {
  await using _ = await lockKey(home, name)
  const state = (await readState(home, name)) as KeyState
  const digest = recordDigest(record)
  const active = state.epochs.find(({ status }) => status === 'active')
  const here = state.epochs.find((each) => equalBytes(each.digest, digest))
  // The share may have been destroyed since it was read, and must not come back.
  if (here?.status !== 'retired') await stageEpoch(home, name, digest, epoch, here ? 'kept' : 'replaced')
  if (here || (index === null && !active)) return { name, already: true }
  if (active?.number === record.epoch) {
    throw new Failure('conflict', 'E_PARENT', `another epoch ${record.epoch} of ${name} is in use here`, {
      hint: 'both are certified, so somebody has voted twice; both are kept: `mpc share list` shows them',
    })
  }
  const isOld = active !== undefined && active.number > record.epoch
  const before = state.epochs.map((each) =>
    each === active && !isOld ? ({ ...each, status: 'parent' } as const) : each,
  )
  const status = isOld ? 'parent' : 'active'
  const next = index === null ? [] : [{ digest, number: record.epoch, status } as const]
  const epochs = [...before, ...next].sort((a, b) => a.number - b.number)
  const policy = Math.max(state.policy, record.policy?.number ?? 0)
  // Those of the old shares serve nobody any more.
  if (!isOld) await voidPresignatures(home, name)
  await writeState(home, name, { ...state, policy, epochs })
  return { name, already: false }
}

const isOf = (state: Pick<KeyState, 'key_id'> | null, keyId: Uint8Array): boolean =>
  state !== null && hex(state.key_id) === hex(keyId)

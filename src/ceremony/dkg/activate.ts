/**
 * Activation: a certified result becomes an epoch of a key of this home. A new key gets a name that no other has; a key
 * that is here keeps its own, and one rename of its state makes the new epoch count and the one in use an old one. This
 * member has voted for it, so no state of the home that is whole keeps it from that: what could is looked at before
 * (`succession.ts`).
 */
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
  /** Whether the epoch was active before. */
  readonly already: boolean
}

/**
 * The epoch's files, then the state that names it; who only watched has no transcript. Also what an earlier process left
 * half done.
 * @throws Failure (conflict) `E_VOTED_PARENT` if this member voted since for another that replaces this one, `E_PARENT` if
 *   another certified epoch of the same number is in use here: somebody has voted twice
 */
export async function activate(
  home: Home,
  plan: MakingPlan,
  files: CeremonyFiles,
  record: KeyRecord,
  transcript: Transcript | null,
  certificate: Uint8Array,
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
  if (definition.kind === 'keygen') return begin(home, definition.key, record, epoch)
  await settleVote(home, definition.parent, file.id, definition.supersedes)
  const name = await nameOfKey(home, record.key_id)
  const begun = name === null ? await begin(home, definition.key, record, epoch) : null
  // Since it was looked for another ceremony may have brought the key here: then this is the next epoch of it.
  const active =
    begun?.already === false
      ? begun
      : await succeed(home, begun?.name ?? (name as string), plan, record, epoch)
  // Who joins held none of the epoch before, and may have shares of runs that started from it. What is said of old shares
  // is held against those who sat in its seats.
  await stageRecord(home, active.name, definition.parent_record)
  for (const rebind of definition.rebinds) {
    await takeSeat(home, active.name, definition.parent_record, encodeRebind(rebind))
  }
  return active
}

/**
 * Why a ceremony that ended here has left no share: the epoch that it made is retired. Null if that is not why.
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
    `epoch ${record.epoch} of ${name}, which this made, is retired here`,
    {
      hint: `its share was destroyed; \`mpc share list --key ${name}\` shows which epoch is in use`,
    },
  )
}

/**
 * The name of a key in this home, by its id; null if it is not here. Other keys may be damaged.
 * @throws Failure `E_KEY_STATE` (conflict) if it is none of those that can be read, and one of the others cannot
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
 * The first epoch that this home holds of a key. Its name is the definition's, or, if another key took it meanwhile, that
 * with the beginning of the key id.
 */
async function begin(home: Home, wish: string, record: KeyRecord, epoch: EpochFiles): Promise<Activated> {
  const digest = recordDigest(record)
  const keyId = record.key_id
  const state: KeyState = {
    format: 'mpc/key-state/v1',
    key_id: keyId,
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
    // What its state names has its files; one that is retired since is not to get its share back.
    if (there !== null) return { name, already: true }
    await stageEpoch(home, name, digest, epoch, 'replaced')
    // Of two keys that take one name at the same instant one gets it.
    if (await createState(home, name, state)) return { name, already: false }
    if (isOf(await whose(home, name), keyId)) return { name, already: true }
    await unstageEpoch(home, name, keyId, digest)
  }
  // Whoever wants all of them taken makes a key whose id begins with as many digits.
  throw new Failure('conflict', 'E_KEY_EXISTS', `there are keys named ${names.join(' and ')} here`, {
    hint: 'the key is made and certified; move one of them away and run the same command again',
  })
}

/** What a key may be called: ever more digits of its id, until no other has that name. */
const namesFor = (wish: string, keyId: Uint8Array): readonly string[] => [
  wish,
  ...[8, 16, 24, 30].map((digits) => `${wish.slice(0, 31 - digits)}-${hex(keyId).slice(0, digits)}`),
]

/** The state under a name; a damaged one is another key's, whichever that is: this one is known by none of the others. */
async function whose(home: Home, name: string): Promise<Pick<KeyState, 'key_id'> | null> {
  try {
    return await readStateAlone(home, name)
  } catch (error) {
    if (error instanceof Failure && error.code === 'E_KEY_STATE') return { key_id: new Uint8Array() }
    throw error
  }
}

/**
 * The next epoch of a key that is here. The one in use becomes an old one, whose share stays until it is retired; for
 * who has no share of the next nothing is active. Where a later one is in use already, this one is old from the start.
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
  // The share that was read may be destroyed since, and is not to come back.
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
  await writeState(home, name, { ...state, epochs })
  return { name, already: false }
}

const isOf = (state: Pick<KeyState, 'key_id'> | null, keyId: Uint8Array): boolean =>
  state !== null && hex(state.key_id) === hex(keyId)

/**
 * Activation: a certified result becomes an epoch of a key of this home. A new key gets a name that no other has; a key
 * that is here keeps its own, and one rename of its state makes the new epoch count and the one before its parent.
 */
import { equalBytes } from '../protocol/codec.js'
import type { CeremonyFiles } from '../storage/ceremonies.js'
import { writeRebind } from '../storage/escrow.js'
import type { Home } from '../storage/home.js'
import {
  createState,
  type EpochFiles,
  type KeyState,
  listKeys,
  lockKey,
  readState,
  stageEpoch,
  unstageEpoch,
  writeState,
} from '../storage/keys.js'
import { settleVote } from '../storage/votes.js'
import { Failure } from '../wire/failure.js'
import { encodeRebind } from '../wire/rebind.js'
import { encodeRecord, type KeyRecord, parseRecord, recordDigest } from '../wire/record.js'
import { parseCertificate } from '../wire/result.js'
import { hex } from '../wire/text.js'
import type { Transcript } from '../wire/transcript.js'
import type { MakingPlan } from './making.js'
import { holdersOf } from './pending.js'
import { stageRecord } from './statements.js'
import { encodeTranscript } from './transcripts.js'

export type Activated = {
  readonly name: string
  /** Whether the epoch was active before. */
  readonly already: boolean
}

/**
 * The epoch's files, then the state that names it; who only watched has no transcript. Also what an earlier process left
 * half done.
 * @throws Failure `E_VOTED_PARENT` (conflict) if this member voted since for another that replaces this one
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
  const { receipts } = parseCertificate(certificate, holdersOf(definition, record), outcome)
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
    await writeRebind(home, active.name, definition.parent, rebind.card.fingerprint, encodeRebind(rebind))
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

/** The name of a key in this home, by its id; null if it is not here. */
export async function nameOfKey(home: Home, keyId: Uint8Array): Promise<string | null> {
  for (const name of await listKeys(home)) {
    if (isOf(await readState(home, name), keyId)) return name
  }
  return null
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
  const names = [wish, `${wish.slice(0, 23)}-${hex(keyId).slice(0, 8)}`]
  const held = await Promise.all(names.map((name) => readState(home, name)))
  const own = names.find((_, i) => isOf(held[i] ?? null, keyId))
  for (const name of own ? [own] : names) {
    const there = await readState(home, name)
    if (there !== null && !isOf(there, keyId)) {
      await unstageEpoch(home, name, keyId, digest)
      continue
    }
    // What its state names has its files; one that is retired since is not to get its share back.
    if (there !== null) return { name, already: true }
    await stageEpoch(home, name, digest, epoch)
    // Of two keys that take one name at the same instant one gets it.
    if (await createState(home, name, state)) return { name, already: false }
    if (isOf(await readState(home, name), keyId)) return { name, already: true }
    await unstageEpoch(home, name, keyId, digest)
  }
  throw new Failure('conflict', 'E_KEY_EXISTS', `there are keys named ${names.join(' and ')} here`, {
    hint: 'the key is made and certified; move one of them away and run the same command again',
  })
}

/**
 * The next epoch of a key that is here. The one before becomes its parent, whose share stays until it is retired; for
 * who has no share of the next nothing is active.
 */
async function succeed(
  home: Home,
  name: string,
  { definition, index }: MakingPlan,
  record: KeyRecord,
  epoch: EpochFiles,
): Promise<Activated> {
  await using _ = await lockKey(home, name)
  const state = (await readState(home, name)) as KeyState
  const digest = recordDigest(record)
  const parent = definition.parent as Uint8Array
  const active = state.epochs.find(({ status }) => status === 'active')
  const here = state.epochs.find((each) => equalBytes(each.digest, digest))
  // The share that was read may be destroyed since, and is not to come back.
  if (here?.status !== 'retired') await stageEpoch(home, name, digest, epoch)
  if (here || (index === null && !active)) return { name, already: true }
  if (active && !equalBytes(active.digest, parent)) {
    throw new Failure(
      'conflict',
      'E_PARENT',
      `the active epoch of ${name} is no longer the one before this`,
      {
        hint: 'both epochs are kept; `mpc ceremony list` shows what came between',
      },
    )
  }
  const before = state.epochs.map((each) =>
    equalBytes(each.digest, parent) ? ({ ...each, status: 'parent' } as const) : each,
  )
  const next = index === null ? [] : [{ digest, number: record.epoch, status: 'active' } as const]
  await writeState(home, name, { ...state, epochs: [...before, ...next] })
  return { name, already: false }
}

const isOf = (state: KeyState | null, keyId: Uint8Array): boolean =>
  state !== null && hex(state.key_id) === hex(keyId)

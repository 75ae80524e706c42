/** A home's contents and unfinished work: who must act, and how. Opens no secret, changes nothing. */
import { signingKeysOf } from '../../wire/identity/roster.js'
import type { View } from '../../payload/decoder.js'
import { viewIn } from '../../payload/registry/target.js'
import { attempt, equalBytes } from '../../protocol/core/codec.js'
import { CeremonyFiles, listCeremonies } from '../../storage/home/ceremonies.js'
import { listClaims, RequestClaims } from '../../storage/home/request-claims.js'
import type { Home } from '../../storage/home/home.js'
import { type KeyState, listKeys, readStateAlone } from '../../storage/home/epochs.js'
import { isLastVote } from '../../storage/home/votes.js'
import { isReshare, isVoted, reshareBase, type VotedDefinition } from '../../wire/ceremony/key-definition.js'
import { Failure } from '../../wire/base/failure.js'
import { type KeyRecord, parseRecord, recordDigest } from '../../wire/key/record.js'
import { ANY_GUEST, parseRequest } from '../../wire/ceremony/request.js'
import { hex } from '../../wire/base/text.js'
import { nameOfKey } from '../dkg/activate.js'
import { findKey } from '../epochs/find-key.js'
import type { Key } from '../keys/key.js'
import { commandOf } from '../definition/build.js'
import { storedCeremony } from '../definition/ceremony-store.js'

/** The one who must act next, and the command to run. */
export type Move = {
  /** `you`; `others`, who must answer first; `process N`, at work on it; null if there is nothing to do. */
  readonly owner: string | null
  readonly next: string | null
}

export type CeremonyStatus = Move & {
  readonly id: Uint8Array
  /** Null if the home does not say what it was. */
  readonly kind: VotedDefinition['kind'] | 'handshake' | null
  /** The key's name in the definition, or its name here. */
  readonly key: string | null
  readonly state: keyof typeof CEREMONY_STATES
  /** Milliseconds since 1970. */
  readonly expires: number | null
}

/** The text for each state. */
export const CEREMONY_STATES = {
  running: 'running now',
  begun: 'begun; nothing is kept of it',
  signed: 'signed by this member, who gets no share; what came of it is not known here',
  prepared: 'the result is stored; this member has not voted',
  'in-doubt': 'in doubt: this member has voted, and does not know the outcome',
  certified: 'certified, and not in use here yet',
  overtaken: 'a later epoch or policy of the key is in use here',
  done: 'done',
  aborted: 'ended by this member before it voted; nothing came of it',
  expired: 'expired; nothing came of it',
  damaged: 'its files are damaged',
} as const

export type RequestStatus = Move & {
  readonly id: Uint8Array
  readonly key: string | null
  /** Its payload, decoded; null if that cannot be told. */
  readonly view: View | null
  readonly state: keyof typeof REQUEST_STATES
}

export const REQUEST_STATES = {
  running: 'running now',
  'in-doubt': 'in doubt: a share of this member has left, and no signature came',
  lapsed: 'in doubt, and too old to be signed again: a signature may exist',
  damaged: 'its files are damaged',
} as const

export type KeyStatus =
  | { readonly name: string; readonly key: Key; readonly problem: null }
  | { readonly name: string; readonly key: null; readonly problem: Failure }

export async function keysIn(home: Home): Promise<readonly KeyStatus[]> {
  const look = async (name: string): Promise<KeyStatus> => {
    try {
      return { name, key: await findKey(home, name), problem: null }
    } catch (problem) {
      if (problem instanceof Failure) return { name, key: null, problem }
      throw problem
    }
  }
  return Promise.all((await listKeys(home)).map(look))
}

/** The ceremonies agreed on by a definition in which this home took part. */
export async function ceremoniesIn(
  home: Home,
  keys: readonly KeyStatus[],
  now: number,
): Promise<readonly CeremonyStatus[]> {
  const all = await Promise.all((await listCeremonies(home)).map((id) => ceremonyIn(home, keys, id, now)))
  return all.filter((status) => status !== null)
}

const NOTHING: Move = { owner: null, next: null }

/** Null if it was not agreed on by a definition. */
export async function ceremonyIn(
  home: Home,
  keys: readonly KeyStatus[],
  id: Uint8Array,
  now: number,
): Promise<CeremonyStatus | null> {
  const unknown = { id, kind: null, key: null, expires: null }
  const files = new CeremonyFiles(home, id)
  try {
    const [file, prepared, receipt, certificate] = await Promise.all([
      storedCeremony(home, id),
      files.readPending('prepared.cbor'),
      files.readReceipt(),
      files.readCertificate(),
    ])
    const definition = file && isVoted(file.definition) ? file.definition : null
    // A signing is reported by its claims; of a handshake nothing is kept.
    if (definition === null && prepared === null && receipt === null) return null
    const kind = definition?.kind ?? 'keygen'
    const parent = definition && definition.kind !== 'keygen' ? definition.parent_record : null
    const change = definition?.kind === 'policy' ? definition : null
    const name = await keyWith(home, keys, parent?.key_id ?? id)
    const state = name === null ? null : await readStateAlone(home, name)
    const last = state?.epochs.find(({ status }) => status === 'active')
    const isMade =
      state !== null &&
      (change
        ? certificate !== null && state.policy >= change.number
        : parent === null || (certificate !== null && (await isKept(files, state, parent))))
    const expires = definition?.expires ?? null
    const about = { id, kind, key: name ?? definition?.key ?? null, expires } as const
    const command = definition ? commandOf(definition) : kind
    const again = { owner: 'you', next: `mpc ${command} ${file ? `--join ${hex(id)}` : '--definition FILE'}` }
    const process = await files.runningIn()
    if (process !== null) return { ...about, state: 'running', owner: `process ${process}`, next: null }
    if (isMade) return { ...about, state: 'done', ...NOTHING }
    const isPast = change !== null && (state?.policy ?? 0) >= change.number
    if (isPast || (parent && last && last.number > parent.epoch))
      return { ...about, state: 'overtaken', ...NOTHING }
    if (certificate) return { ...about, state: 'certified', ...again }
    if (receipt) return { ...about, state: 'in-doubt', ...again }
    if (await files.isEnded()) return { ...about, state: 'aborted', ...NOTHING }
    if (
      definition &&
      isReshare(definition) &&
      !prepared &&
      (await isLastVote(home, reshareBase(definition), id))
    )
      return { ...about, state: 'signed', ...again }
    if (expires !== null && expires <= now) return { ...about, state: 'expired', ...NOTHING }
    return { ...about, state: prepared ? 'prepared' : 'begun', ...again }
  } catch (error) {
    if (error instanceof Failure) return { ...unknown, state: 'damaged', ...explained(error) }
    throw error
  }
}

/** The name of a key here, even if its last epoch went to others. */
async function keyWith(home: Home, keys: readonly KeyStatus[], keyId: Uint8Array): Promise<string | null> {
  const active = keys.find(({ key }) => key && hex(key.record.key_id) === hex(keyId))
  if (active) return active.name
  return nameOfKey(home, keyId).catch((error: unknown) => {
    // A damaged key is reported with the keys.
    if (error instanceof Failure) return null
    throw error
  })
}

/** Whether a reshare's result is in effect here: its epoch, or without a share the old epoch's end. */
async function isKept(files: CeremonyFiles, { epochs }: KeyState, parent: KeyRecord): Promise<boolean> {
  const [outcome, shares] = await Promise.all([
    files.readPending('record.cbor'),
    files.readPending('share.age'),
  ])
  const is = (record: KeyRecord) => {
    const digest = recordDigest(record)
    return (epoch: KeyState['epochs'][number]): boolean => equalBytes(epoch.digest, digest)
  }
  if (outcome !== null && epochs.some(is(parseRecord(outcome)))) return true
  return shares === null && !epochs.some((epoch) => epoch.status === 'active' && is(parent)(epoch))
}

/** Requests that have not ended: those a process is working on, and those whose outcome is unknown. */
export async function requestsIn(
  home: Home,
  keys: readonly KeyStatus[],
  now: number,
): Promise<readonly RequestStatus[]> {
  const all = await Promise.all((await listClaims(home)).map((id) => requestIn(home, keys, id, now)))
  return all.filter((status) => status !== null)
}

async function requestIn(
  home: Home,
  keys: readonly KeyStatus[],
  id: Uint8Array,
  now: number,
): Promise<RequestStatus | null> {
  const claims = new RequestClaims(home, id)
  try {
    const { claim, left, end, unsettled } = await claims.status()
    const isRunning = claim?.alive === true
    if (end || (left === null && !isRunning)) return null
    const { name: key, view, expires } = await requestOf(claims, keys)
    const about = { id, key, view }
    if (isRunning) return { ...about, state: 'running', owner: `process ${claim.process.pid}`, next: null }
    if (expires !== null && expires <= now) return { ...about, state: 'lapsed', owner: 'others', next: null }
    // A refusal is recorded beside it, so nothing continues here; only the others know whether a signature
    // exists.
    if (unsettled) return { ...about, state: 'in-doubt', owner: 'others', next: null }
    const next = `mpc sign --key ${key ?? 'KEY'} --join ${hex(id)}`
    return { ...about, state: 'in-doubt', owner: 'you', next }
  } catch (error) {
    if (error instanceof Failure) return { id, key: null, view: null, state: 'damaged', ...explained(error) }
    throw error
  }
}

/** The key of this home that a request is for, and until when it may be signed. */
async function requestOf(claims: RequestClaims, keys: readonly KeyStatus[]) {
  const kept = await claims.readRequest()
  for (const { name, key } of keys) {
    const signing = signingKeysOf((key?.seated.members ?? []).map(({ card }) => card))
    const request = kept && attempt(() => parseRequest(kept, signing, ANY_GUEST))
    if (request && hex(request.key_id) === hex(key?.record.key_id ?? new Uint8Array())) {
      return { name, view: key && (await viewIn(key.record, request)), expires: request.expires }
    }
  }
  return { name: null, view: null, expires: null }
}

const explained = ({ code }: Failure): Move => ({ owner: 'you', next: `mpc explain ${code}` })

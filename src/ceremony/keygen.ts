/**
 * Key generation: from a definition that its custodians accept to a key of which each holds a share, certified by all
 * their receipts. `planKeygen` checks whatever can be checked before a secret is opened; `runKeygen` does it.
 */
import { inSession } from '../messaging/attempts.js'
import type { Opened } from '../messaging/handshake.js'
import { Restarted } from '../messaging/abort.js'
import { type Room } from '../messaging/room.js'
import { run } from '../messaging/run.js'
import { auxDataCodec } from '../protocol/cggmp24/aux-data.js'
import { makeKey, needsAuxiliary, type NewKey, SHOWS_PRIMES } from '../protocol/engine.js'
import { Session } from '../protocol/session.js'
import { CeremonyFiles } from '../storage/ceremonies.js'
import type { Home } from '../storage/home.js'
import { readState } from '../storage/keys.js'
import type { Card } from '../wire/card.js'
import {
  custodiansOf,
  definitionCodec,
  type DefinitionFile,
  type KeygenDefinition,
} from '../wire/definition.js'
import { decodeEnvelope } from '../wire/envelope.js'
import { Failure } from '../wire/failure.js'
import { encodeRecord, type KeyRecord, levelOfKeys, parseRecord, recordDigest } from '../wire/record.js'
import { parseCertificate, preparedCodec, proveShare, resultDigest } from '../wire/result.js'
import { hex, rfc3339 } from '../wire/text.js'
import { type Transcript, transcriptCodec, transcriptHead } from '../wire/transcript.js'
import { activate } from './activation.js'
import { agree, linger, type Result, setAsideOn } from './ending.js'
import { holdersOf, incomplete, type Made, type Pending, readPending, store } from './pending.js'
import { requireVerified, unverifiedAmong } from './people.js'
import { PrimeSupply } from './primes.js'
import { type Cast, openingOf, seated } from './seats.js'
import { keepCeremony } from './stored.js'
import { seenIn } from './transcripts.js'
import { memberOf, type World } from './world.js'

export type KeygenPlan = {
  readonly file: DefinitionFile
  readonly definition: KeygenDefinition
  readonly custodians: readonly Card[]
  /** The index of this member's share. */
  readonly index: number
  /** Whether this member has voted: then only the ending is left. */
  readonly begun: boolean
}

export type MadeKey = {
  /** The name that the key has here. */
  readonly name: string
  readonly record: KeyRecord
  readonly digest: Uint8Array
  /** In hex: the session in which it was made. */
  readonly attempt: string
  /** Whether this home held it before: nothing was made anew. */
  readonly already: boolean
  /** Who had not said that they are done when this member left, where it matters. */
  readonly away: readonly string[]
}

/**
 * What this member is to do for a definition, if it may.
 * @throws Failure: not a member or not a custodian (authentication), expired (absent), a key of that name (conflict)
 */
export async function planKeygen(
  home: Home,
  self: Card,
  file: DefinitionFile,
  now: number,
): Promise<KeygenPlan> {
  const { definition } = file
  if (definition.kind !== 'keygen') {
    throw new Failure('usage', 'E_KIND', `this defines a ${definition.kind}, not a key generation`)
  }
  const custodians = custodiansOf(definition)
  const index = custodians.findIndex((card) => hex(card.fingerprint) === hex(self.fingerprint)) + 1
  if (index === 0) {
    throw new Failure('authentication', 'E_NOT_MEMBER', `${self.name} is no custodian in this definition`, {
      hint: 'ask its author to make one with your card in it: `mpc identity export`',
    })
  }
  const files = new CeremonyFiles(home, file.id)
  const begun = (await files.readReceipt()) !== null
  if (!begun && now >= definition.expires) {
    throw new Failure('absent', 'E_EXPIRED', `this definition expired on ${rfc3339(definition.expires)}`, {
      hint: 'its author can make a new one with `mpc ceremony new keygen`',
    })
  }
  if (now < definition.not_before) {
    throw new Failure('absent', 'E_TOO_EARLY', `this ceremony begins on ${rfc3339(definition.not_before)}`)
  }
  const there = await readState(home, definition.key)
  if (!begun && there !== null && hex(there.key_id) !== hex(file.id)) {
    throw new Failure('conflict', 'E_KEY_EXISTS', `there is a key named ${definition.key} here`, {
      hint: 'nothing was begun; use a definition with another key name',
    })
  }
  return { file, definition, custodians, index, begun }
}

/** Makes the key together with the other custodians, or finishes what an earlier process of this home began. */
export async function runKeygen(world: World, plan: KeygenPlan): Promise<MadeKey> {
  if (!plan.begun) requireVerified(await unverifiedAmong(world.home, plan.custodians), world.person.present)
  const cast: Cast = {
    id: plan.file.id,
    kind: 'keygen',
    epoch: null,
    participants: plan.custodians,
    onlookers: onlookersOf(plan.definition),
    validity: { notBefore: plan.definition.not_before, expires: plan.definition.expires },
  }
  const files = new CeremonyFiles(world.home, plan.file.id)
  using primes = needsAuxiliary(plan.definition.scheme)
    ? new PrimeSupply(world, levelOfKeys().primeBits)
    : null
  return seated(primes ? patient(world) : world, cast, files, async (room) => {
    await keepCeremony(world.home, plan.file)
    room.mailbox.handOut(definitionCodec.encode(plan.definition))
    const pending = await readPending(world, plan, files)
    if (!pending && (await files.readReceipt()) !== null) throw incomplete()
    if (pending) {
      const resumed = await resume(world, room, plan, files, pending)
      if (resumed) return resumed
    }
    await primes?.fill(room, NO_SESSION, world.signal)
    const opening = openingOf(world, cast, files, plan.file.signatures)
    return inSession(room, opening, async (opened, signal) => {
      // Those that an earlier attempt has shown are used up.
      await primes?.fill(room, opened.sid, signal)
      const made = await play(world, room, plan, primes, opened, signal)
      const pending = await store(world, room, plan, files, opened, made)
      return end(world, room, plan, files, pending, signal)
    })
  })
}

/**
 * Completes a member in doubt by a certificate from somebody who has it: no secret and no network needed.
 * @throws Failure `E_CERTIFICATE` (verification) unless it certifies the very result that this member voted for (F-44)
 */
export async function finishKeygen(home: Home, plan: KeygenPlan, certificate: Uint8Array): Promise<MadeKey> {
  const files = new CeremonyFiles(home, plan.file.id)
  const [prepared, outcome, transcript] = await Promise.all([
    files.readPending('prepared.cbor'),
    files.readPending('record.cbor'),
    files.readPending('transcript.cbor'),
  ])
  if (!prepared || !outcome || !transcript) throw incomplete()
  const record = parseRecord(outcome)
  const { header, body } = decodeEnvelope(prepared)
  const { result } = parseCertificate(certificate, holdersOf(record), outcome)
  if (hex(result) !== hex(preparedCodec.decode(body).result)) {
    throw new Failure(
      'verification',
      'E_CERTIFICATE',
      'this certifies another run than the one this member voted in',
    )
  }
  // One that an earlier process got is as good, and stays.
  const known = await files.readCertificate()
  if (!known) await files.writeCertificate(certificate)
  const seen = transcriptCodec.decode(transcript)
  const active = await activate(home, plan, files, record, seen, known ?? certificate)
  return { ...active, record, digest: recordDigest(record), attempt: hex(header.session), away: [] }
}

const onlookersOf = (definition: KeygenDefinition): Card[] =>
  definition.members.filter(({ role }) => role !== 'custodian').map(({ card }) => card)

// ----------------------------------------------------------------------------------------------------------- the run

const NO_SESSION = new Uint8Array(32)
/** Proofs about moduli take their time, on slow machines above all. */
const LONG_ROUND = 10 * 60_000

const patient = (world: World): World => ({
  ...world,
  patience: { ...world.patience, round: Math.max(world.patience.round, LONG_ROUND) },
})

async function play(
  world: World,
  room: Room,
  plan: KeygenPlan,
  primes: PrimeSupply | null,
  opened: Opened,
  signal: AbortSignal,
): Promise<Made> {
  const { definition, custodians, index } = plan
  const members = new Map(custodians.map((card, i) => [i + 1, memberOf(card, card.fingerprint)]))
  const session = new Session(opened.sid, index, [...members.keys()])
  const input = { scheme: definition.scheme, threshold: definition.threshold }
  const auxiliary = primes && { level: levelOfKeys(), epoch: plan.file.id, primes: primes.numbers() }
  const protocol = makeKey(session, input, auxiliary, world.rng)
  const beforeSend = (round: string): Promise<void> => {
    if (round === SHOWS_PRIMES) primes?.discard()
    return Promise.resolve()
  }
  const options = { room, opened, session, members, signal, compute: world.compute, beforeSend }
  const { output, rounds } = await run(protocol, options)
  const record = recordOf(plan, output)
  const seen = seenIn(definition, null, opened, rounds)
  const transcript: Transcript = {
    format: 'mpc/transcript/v1',
    ...seen,
    payload: null,
    outcome: encodeRecord(record),
    receipts: [],
  }
  return { output, record, transcript }
}

function recordOf({ file, definition, custodians }: KeygenPlan, output: NewKey): KeyRecord {
  return {
    format: 'mpc/key-record/v1',
    key_id: file.id,
    scheme: definition.scheme,
    threshold: definition.threshold,
    group_point: output.groupPoint,
    chain_code: output.chainCode,
    members: custodians.map((card, i) => ({
      card,
      index: i + 1,
      public_share: output.publicShares.get(i + 1) as Uint8Array,
    })),
    epoch: 1,
    parent: null,
    definition: file.id,
    policy_sha256: null,
    auxiliary: output.auxiliary && auxDataCodec.encode(output.auxiliary.data),
  }
}

// -------------------------------------------------------------------------------------------------------- the ending

async function resume(
  world: World,
  room: Room,
  plan: KeygenPlan,
  files: CeremonyFiles,
  pending: Pending,
): Promise<MadeKey | null> {
  using share = pending.share
  void share
  const voted = (await files.readReceipt()) !== null
  const signal = room.begin(await files.readStart(), voted)
  room.enter(pending.sid)
  try {
    return await end(world, room, plan, files, pending, signal)
  } catch (error) {
    if (error instanceof Restarted) return null
    if (room.mayAbort) await room.abort(error)
    throw error
  }
}

async function end(
  world: World,
  room: Room,
  plan: KeygenPlan,
  files: CeremonyFiles,
  { record, transcript, sid, share }: Pending,
  signal: AbortSignal,
): Promise<MadeKey> {
  using secret = share
  const outcome = encodeRecord(record)
  const ran = { definition: plan.file.id, sid, head: transcriptHead(transcript) }
  const digest = resultDigest(ran, outcome)
  const prove = () => proveShare(record.scheme, digest, plan.index, secret, world.rng)
  const result: Result = { ran, digest, outcome, holders: holdersOf(record), prove }
  const wasDone = (await files.readCertificate()) !== null
  let certificate: Uint8Array
  try {
    certificate = await agree(world, room, files, result, signal)
  } catch (error) {
    // Should that fail, the result is resumed next time, and set aside then.
    await setAsideOn(error, room, files, sid).catch(() => {})
    throw error
  }
  const active = await activate(world.home, plan, files, record, transcript, certificate)
  const stay = wasDone ? Math.min(world.linger, 10_000) : world.linger
  const away = await linger({ ...world, linger: stay }, room, sid, certificate, world.signal)
  // Whoever was done before stayed to help, and waited for nobody.
  return {
    ...active,
    record,
    digest: recordDigest(record),
    attempt: hex(sid),
    away: active.already ? [] : away,
  }
}

/**
 * A protocol is a generator: it yields the letters it sends and is resumed with one letter from every peer.
 * It cannot await, so the same code runs over NATS, in a simulator and in a worker. Only these helpers decode
 * letters and accuse the senders of malformed ones.
 */
import { type Accusation, firstOfEach, ProtocolAbort, SplitView } from './abort.js'
import { bytes, type Codec, codec, CodecError, equalBytes } from './codec.js'
import type { PartyId, Session } from './session.js'

/** The letters that one party sends in one round: a letter to all, a letter to each peer, or both. */
export type Outbox = {
  readonly round: string
  readonly broadcast?: Uint8Array
  /** One for every peer. Secret until sealed; the code that seals them wipes them. */
  readonly direct?: ReadonlyMap<PartyId, Uint8Array>
}

/** The letters from each peer, in the same parts as this party sent. */
export type Inbox = ReadonlyMap<PartyId, { readonly broadcast?: Uint8Array; readonly direct?: Uint8Array }>

/** A call of a named pure function of bytes, run off the protocol's thread: no randomness, clock or state. */
export type Job = { readonly name: string; readonly input: readonly Uint8Array[] }

export type Step =
  | { readonly kind: 'exchange'; readonly outbox: Outbox }
  | {
      readonly kind: 'compute'
      readonly jobs: readonly Job[]
      /** Set where a failure phase begins: of several entries (`entries.ts`) this one alone goes on. */
      readonly alone?: true
    }

/** The answer to a step: an inbox to an exchange, results by index to jobs. */
export type Reply = Inbox | readonly Uint8Array[]

/** One party's part in a protocol that ends with an `Output`. */
export type Protocol<Output> = Generator<Step, Output, Reply>

/** Sends one letter to all peers. Returns the letters of all parties, this one included. */
export function* broadcast<T>(
  session: Session,
  round: string,
  codec: Codec<T>,
  mine: T,
): Protocol<Map<PartyId, T>> {
  const { letters } = yield* broadcastBytes(session, round, codec, mine)
  return letters
}

/**
 * As `broadcast`; then every party echoes what it saw (round `<round>.echo`), so every honest party returns
 * the same letters.
 * @throws SplitView if a party saw something else
 */
export function* broadcastReliably<T>(
  session: Session,
  round: string,
  codec: Codec<T>,
  mine: T,
): Protocol<Map<PartyId, T>> {
  const { letters, raw } = yield* broadcastBytes(session, round, codec, mine)
  yield* confirmSameView(session, round, raw)
  return letters
}

/** As `broadcastAndDeal`; then every party echoes the broadcasts it saw, as in `broadcastReliably`. */
export function* broadcastReliablyAndDeal<A, D>(
  session: Session,
  round: string,
  all: { readonly codec: Codec<A>; readonly mine: A },
  each: { readonly codec: Codec<D>; readonly mine: (to: PartyId) => D },
): Protocol<{ readonly letters: Map<PartyId, A>; readonly dealt: Map<PartyId, D> }> {
  const { raw, ...received } = yield* exchangeBoth(session, round, all, each)
  yield* confirmSameView(session, round, raw)
  return received
}

function* confirmSameView(
  session: Session,
  round: string,
  raw: ReadonlyMap<PartyId, Uint8Array>,
): Protocol<void> {
  const seen = echoOf(session, round, raw)
  const echoes = yield* broadcast(session, echoRound(round), Echo, seen)
  for (const echo of echoes.values()) {
    if (!equalBytes(echo, seen)) throw new SplitView(round, (letters) => echoLetter(session, round, letters))
  }
}

/** The round in which the letters of `round` are echoed. */
export const echoRound = (round: string): string => `${round}.echo`

/** The echo of a round: the digest of all its broadcasts in the order of the parties. 32 bytes. */
export function echoOf(
  session: Session,
  round: string,
  letters: ReadonlyMap<PartyId, Uint8Array>,
): Uint8Array {
  const inOrder = session.parties.map((party) => letters.get(party) ?? null)
  return session.digest('mpc/echo/v1', round, inOrder)
}

const Echo: Codec<Uint8Array> = codec(bytes(32), 64)

/** The letter in which a party that saw these letters echoes them. */
export const echoLetter = (
  session: Session,
  round: string,
  letters: ReadonlyMap<PartyId, Uint8Array>,
): Uint8Array => Echo.encode(echoOf(session, round, letters))

/** Sends a separate letter to each peer; returns the one from each peer. `mine` is not kept. */
export function* deal<T>(
  session: Session,
  round: string,
  codec: Codec<T>,
  mine: (to: PartyId) => T,
): Protocol<Map<PartyId, T>> {
  const direct = new Map(session.peers.map((to) => [to, codec.encode(mine(to))]))
  const inbox = (yield { kind: 'exchange', outbox: { round, direct } }) as Inbox
  const { values, malformed } = decodeEach(session.peers, round, codec, (from) => inbox.get(from)?.direct)
  accuse(round, malformed.map(asDealt))
  return values
}

/** One letter to all and one to each peer, in one round. */
export function* broadcastAndDeal<A, D>(
  session: Session,
  round: string,
  all: { readonly codec: Codec<A>; readonly mine: A },
  each: { readonly codec: Codec<D>; readonly mine: (to: PartyId) => D },
): Protocol<{ readonly letters: Map<PartyId, A>; readonly dealt: Map<PartyId, D> }> {
  const { letters, dealt } = yield* exchangeBoth(session, round, all, each)
  return { letters, dealt }
}

/** Runs jobs elsewhere. The results are in the order of the jobs, whatever order they finish in. */
export function* compute(jobs: readonly Job[]): Protocol<readonly Uint8Array[]> {
  return (yield { kind: 'compute', jobs }) as readonly Uint8Array[]
}

/** As `compute`, where a failure phase begins: it decides who ends the run, and gives no output. */
export function* computeAlone(jobs: readonly Job[]): Protocol<readonly Uint8Array[]> {
  return (yield { kind: 'compute', jobs, alone: true }) as readonly Uint8Array[]
}

/** Checks, each under the reason that is given for a party whose value fails it. */
export type Checks<T> = Readonly<Record<string, (value: T, from: PartyId) => boolean>>

/**
 * Checks every party's value, and names each party that fails with the first check that it failed. One guilty
 * party does not stop the checks of the others.
 * @param ofDealt run after `checks`; they are about the direct letters that this party received
 * @throws ProtocolAbort naming every party that fails
 */
export function demand<T>(
  round: string,
  values: ReadonlyMap<PartyId, T>,
  checks: Checks<T>,
  ofDealt: Checks<T> = {},
): void {
  accuse(round, faults(round, values, checks, ofDealt))
}

/** The accusations that `demand` would throw. */
export function faults<T>(
  round: string,
  values: ReadonlyMap<PartyId, T>,
  checks: Checks<T>,
  ofDealt: Checks<T> = {},
): Accusation[] {
  return [...values].flatMap(([party, value]): Accusation[] => {
    const failedOf = (some: Checks<T>) => Object.entries(some).find(([, holds]) => !holds(value, party))
    const aloud = failedOf(checks)
    const failed = aloud ?? failedOf(ofDealt)
    if (failed === undefined) return []
    return [{ party, round, kind: 'witnessed', reason: failed[0], ...(!aloud && { dealt: true }) }]
  })
}

/** The peers' values. A party does not check its own; the final result does. */
export function ofPeers<T>(session: Session, values: ReadonlyMap<PartyId, T>): ReadonlyMap<PartyId, T> {
  return new Map([...values].filter(([party]) => party !== session.self))
}

/**
 * Accuses each peer whose value another party has sent too; parties without a value are skipped. An outsider
 * cannot tell who copied, so both are named as a pair. If this party's own value was copied, it knows the
 * culprit: `witnessed`.
 * @throws ProtocolAbort naming all of them
 */
export function demandDistinct(
  session: Session,
  round: string,
  values: ReadonlyMap<PartyId, Uint8Array>,
  reason: string,
): void {
  const accusations = session.peers.flatMap((party): Accusation[] => {
    const value = values.get(party)
    if (value === undefined) return []
    const same = (other: PartyId) => equalBytes(values.get(other) ?? new Uint8Array(), value)
    const twins = session.parties.filter((other) => other !== party && same(other))
    if (twins.length === 0) return []
    return [{ party, round, kind: twins.includes(session.self) ? 'witnessed' : 'pair', reason }]
  })
  accuse(round, accusations)
}

/** @throws ProtocolAbort if there is an accusation, with each party's first one in the parties' order */
export function accuse(round: string, accusations: readonly Accusation[]): void {
  if (accusations.length > 0) throw new ProtocolAbort(round, firstOfEach(accusations))
}

function* broadcastBytes<T>(
  session: Session,
  round: string,
  codec: Codec<T>,
  mine: T,
): Protocol<{ letters: Map<PartyId, T>; raw: Map<PartyId, Uint8Array> }> {
  const own = codec.encode(mine)
  const inbox = (yield { kind: 'exchange', outbox: { round, broadcast: own } }) as Inbox
  const letters = decodeAll(session, round, codec, (from) => inbox.get(from)?.broadcast)
  letters.set(session.self, mine)
  return { letters, raw: broadcastsOf(session, own, inbox) }
}

function* exchangeBoth<A, D>(
  session: Session,
  round: string,
  all: { readonly codec: Codec<A>; readonly mine: A },
  each: { readonly codec: Codec<D>; readonly mine: (to: PartyId) => D },
): Protocol<{ letters: Map<PartyId, A>; dealt: Map<PartyId, D>; raw: Map<PartyId, Uint8Array> }> {
  const { peers } = session
  const own = all.codec.encode(all.mine)
  const direct = new Map(peers.map((to) => [to, each.codec.encode(each.mine(to))]))
  const inbox = (yield { kind: 'exchange', outbox: { round, broadcast: own, direct } }) as Inbox
  const { values: letters, malformed } = decodeEach(peers, round, all.codec, (p) => inbox.get(p)?.broadcast)
  const { values: dealt, malformed: more } = decodeEach(peers, round, each.codec, (p) => inbox.get(p)?.direct)
  accuse(round, [...malformed, ...more.map(asDealt)])
  letters.set(session.self, all.mine)
  return { letters, dealt, raw: broadcastsOf(session, own, inbox) }
}

const asDealt = (accusation: Accusation): Accusation => ({ ...accusation, dealt: true })

/** Every party's broadcast as it was sent. All have been decoded, so none is missing. */
function broadcastsOf(session: Session, own: Uint8Array, inbox: Inbox): Map<PartyId, Uint8Array> {
  const raw = new Map<PartyId, Uint8Array>([[session.self, own]])
  for (const peer of session.peers) raw.set(peer, inbox.get(peer)?.broadcast as Uint8Array)
  return raw
}

function decodeAll<T>(
  session: Session,
  round: string,
  codec: Codec<T>,
  letter: (from: PartyId) => Uint8Array | undefined,
): Map<PartyId, T> {
  const { values, malformed } = decodeEach(session.peers, round, codec, letter)
  accuse(round, malformed)
  return values
}

/** Decodes the parties' letters, and accuses each party whose letter is missing or malformed. */
export function decodeEach<T>(
  parties: readonly PartyId[],
  round: string,
  codec: Codec<T>,
  letter: (from: PartyId) => Uint8Array | undefined,
): { values: Map<PartyId, T>; malformed: Accusation[] } {
  const values = new Map<PartyId, T>()
  const malformed: Accusation[] = []
  for (const party of parties) {
    const body = letter(party)
    try {
      if (body === undefined) throw new CodecError('', 'missing')
      values.set(party, codec.decode(body))
    } catch (error) {
      if (!(error instanceof CodecError)) throw error
      malformed.push({ party, round, kind: 'witnessed', reason: `malformed letter: ${error.message}` })
    }
  }
  return { values, malformed }
}

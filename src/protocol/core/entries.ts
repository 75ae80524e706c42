/**
 * Several runs of one protocol, the entries, in step as one run: each round's letter is a list with one item
 * for each entry. Either all entries end well, or none gives an output.
 *
 * Each entry runs in its own session, whose ID is a hash of the run's ID and the entry's number. CGGMP24's
 * hashes and proofs, the echoes and the hedged nonces are bound to it; FROST's equations stay those of RFC 9591,
 * with nonces of their own in each entry. So an item moved to another entry fails as it would in another run. An entry whose values do not add up goes on alone (`Step.alone`) to name the
 * culprit; all parties have seen the same letters, so they choose the same entry.
 */
import { type Accusation, firstOfEach, ProtocolAbort, SplitView } from './abort.js'
import { attempt, bytesUpTo, type Codec, codec, equalBytes, list } from './codec.js'
import {
  accuse,
  decodeEach,
  echoLetter,
  type Inbox,
  type Outbox,
  type Protocol,
  type Reply,
  type Step,
} from './round.js'
import { type PartyId, Session } from './session.js'

/** At most this many entries in one run. */
export const MOST_ENTRIES = 64

const MOST_BYTES = 1 << 20

/** The letter of a round: one item for each of `count` entries. */
export const entriesLetter = (count: number): Codec<readonly Uint8Array[]> =>
  codec(list(bytesUpTo(MOST_BYTES), count), MOST_BYTES, MOST_ENTRIES + 1)

/** The session of an entry. @param entry its number, from 1 */
export const entrySession = (session: Session, entry: number): Session =>
  new Session(session.digest('mpc/entry/v1', entry), session.self, session.parties)

/** A round of an entry that goes on alone: its letters are no lists, and their headers name the entry. */
export const roundAlone = (round: string, entry: number): string => `${round}.entry-${entry}`

type Entry<T> = { readonly number: number; readonly session: Session; readonly run: Protocol<T> }
type Result<T> = IteratorResult<Step, T>

/**
 * Runs the entries in step. @param begin starts the protocol of an entry in the entry's session; 1 to 64 of
 * them
 * @returns their outputs, in order
 * @throws ProtocolAbort naming each party that broke the protocol, with its first entry at fault
 */
export function* inStep<T>(
  session: Session,
  begin: readonly ((session: Session) => Protocol<T>)[],
): Protocol<readonly T[]> {
  const count = begin.length
  if (count < 1 || count > MOST_ENTRIES) throw new RangeError(`a run has 1 to ${MOST_ENTRIES} entries`)
  const entries = begin.map((start, i): Entry<T> => {
    const own = entrySession(session, i + 1)
    return { number: i + 1, session: own, run: start(own) }
  })
  try {
    let results = advance(entries, () => undefined)
    for (;;) {
      const steps = results.flatMap(({ done, value }) => (done ? [] : [value]))
      const alone = steps.findIndex((step) => step.kind === 'compute' && step.alone)
      if (alone >= 0) return yield* goAlone(entries[alone] as Entry<T>, steps[alone] as Step, count)
      if (steps.length === 0) return results.map(({ value }) => value as T)
      const replies = yield* together(session, steps, count)
      results = advance(entries, (i) => replies[i])
    }
  } finally {
    for (const { run } of entries) run.return(undefined as T)
  }
}

/** Takes every entry one step further. @throws ProtocolAbort, SplitView for all entries that fail in it */
function advance<T>(entries: readonly Entry<T>[], reply: (i: number) => Reply | undefined): Result<T>[] {
  const results: Result<T>[] = []
  const aborts: ProtocolAbort[] = []
  const splits = new Map<number, SplitView>()
  for (const [i, { run, number }] of entries.entries()) {
    try {
      results.push(run.next(reply(i) as Reply))
    } catch (error) {
      if (error instanceof ProtocolAbort) aborts.push(ofEntry(error, number, entries.length))
      else if (error instanceof SplitView) splits.set(i, error)
      else throw error
    }
  }
  const [abort] = aborts
  if (abort) {
    const all = aborts.flatMap(({ accusations }) => accusations)
    // A doubt between two in one entry does not hide a fault of one of them in another.
    const isPair = ({ kind }: Accusation): boolean => kind === 'pair'
    const [pairs, faults] = [all.filter(isPair), all.filter((each) => !isPair(each))]
    throw new ProtocolAbort(abort.round, firstOfEach([...faults, ...pairs]))
  }
  const [split] = splits.values()
  if (split) throw new SplitView(split.round, (letters) => echoesOf(entries, split.round, letters))
  return results
}

/** The echo letter of a party that saw these letters: one echo for each entry. */
export function echoesOf(
  entries: readonly Pick<Entry<unknown>, 'session'>[],
  round: string,
  letters: ReadonlyMap<PartyId, Uint8Array>,
): Uint8Array | null {
  const letter = entriesLetter(entries.length)
  const lists = attempt(() => [...letters].map(([party, body]) => [party, letter.decode(body)] as const))
  if (lists === null) return null
  const seenIn = (i: number) => new Map(lists.map(([party, items]) => [party, items[i] as Uint8Array]))
  return letter.encode(entries.map(({ session }, i) => echoLetter(session, round, seenIn(i))))
}

/** One step of all entries; returns their replies. */
function* together(session: Session, steps: readonly Step[], count: number): Protocol<readonly Reply[]> {
  const outboxes = steps.flatMap((step) => (step.kind === 'exchange' ? [step.outbox] : []))
  if (outboxes.length === count) return yield* exchange(session, outboxes)
  const jobs = steps.flatMap((step) => (step.kind === 'compute' ? [step.jobs] : []))
  if (jobs.length !== count) throw new Error('the entries are out of step: this is a defect of this program')
  const results = (yield { kind: 'compute', jobs: jobs.flat() }) as readonly Uint8Array[]
  let from = 0
  return jobs.map(({ length }) => results.slice(from, (from += length)))
}

/** Sends the letters of all entries as one, and gives each entry its items of the peers' letters. */
function* exchange(session: Session, outboxes: readonly Outbox[]): Protocol<readonly Inbox[]> {
  const [{ round, broadcast, direct }] = outboxes as [Outbox]
  const same = outboxes.every(
    (each) => each.round === round && !each.broadcast === !broadcast && !each.direct === !direct,
  )
  if (!same) throw new Error('the entries are out of step: this is a defect of this program')
  const letter = entriesLetter(outboxes.length)
  const all = broadcast && letter.encode(outboxes.map((each) => each.broadcast as Uint8Array))
  const inbox = (yield {
    kind: 'exchange',
    outbox: {
      round,
      ...(all && { broadcast: all }),
      ...(direct && { direct: directTogether(session, outboxes) }),
    },
  }) as Inbox
  const none = { values: new Map<PartyId, readonly Uint8Array[]>(), malformed: [] }
  const lists = (kind: 'broadcast' | 'direct') =>
    itemsOf(session.peers, round, outboxes.length, (party) => inbox.get(party)?.[kind])
  const [aloud, dealt] = [broadcast ? lists('broadcast') : none, direct ? lists('direct') : none]
  accuse(round, [...aloud.malformed, ...dealt.malformed.map((each) => ({ ...each, dealt: true as const }))])
  return outboxes.map((_, i) => {
    const partsOf = (party: PartyId) => {
      const [mine, toMe] = [aloud.values.get(party)?.[i], dealt.values.get(party)?.[i]]
      return { ...(mine && { broadcast: mine }), ...(toMe && { direct: toMe }) }
    }
    return new Map(session.peers.map((party) => [party, partsOf(party)]))
  })
}

/** The direct letters of all entries to each peer, as one letter. The single ones are secret and wiped. */
function directTogether({ peers }: Session, outboxes: readonly Outbox[]): Map<PartyId, Uint8Array> {
  const { encode } = entriesLetter(outboxes.length)
  return new Map(
    peers.map((to) => {
      const items = outboxes.map(({ direct }) => direct?.get(to) as Uint8Array)
      const together = encode(items)
      for (const item of items) item.fill(0)
      return [to, together]
    }),
  )
}

/**
 * The items of the parties' letters, and an accusation of each party whose letter is missing or malformed.
 * Honest items of one letter all differ, because each is random or bound to its entry: a repeated one is a
 * copy.
 */
export function itemsOf(
  parties: readonly PartyId[],
  round: string,
  count: number,
  letter: (from: PartyId) => Uint8Array | undefined,
): { readonly values: Map<PartyId, readonly Uint8Array[]>; readonly malformed: Accusation[] } {
  const { values, malformed } = decodeEach(parties, round, entriesLetter(count), letter)
  for (const [party, items] of values) {
    const copy = items.findIndex((item, i) => items.slice(0, i).some((other) => equalBytes(other, item)))
    if (copy < 0) continue
    values.delete(party)
    const reason = 'its item is the copy of another of the same letter'
    malformed.push(inEntry({ party, round, kind: 'witnessed', reason }, copy + 1, count))
  }
  return { values, malformed }
}

/** The rest of an entry that goes on alone. Only an abort ends it well. */
function* goAlone<T>({ run, number }: Entry<T>, first: Step, count: number): Protocol<never> {
  try {
    let step: Step = first
    for (;;) {
      const reply: Reply = yield step.kind === 'exchange'
        ? { kind: 'exchange', outbox: { ...step.outbox, round: roundAlone(step.outbox.round, number) } }
        : step
      const next = run.next(reply)
      if (next.done) throw new Error('a failure phase gave an output: this is a defect of this program')
      step = next.value
    }
  } catch (error) {
    throw error instanceof ProtocolAbort ? ofEntry(error, number, count) : error
  }
}

const ofEntry = ({ round, accusations }: ProtocolAbort, entry: number, count: number): ProtocolAbort =>
  new ProtocolAbort(
    round,
    accusations.map((accusation) => inEntry(accusation, entry, count)),
  )

/** The accusation with the number of its entry, if there are several. */
export const inEntry = (accusation: Accusation, entry: number, count: number): Accusation =>
  count === 1
    ? accusation
    : { ...accusation, entry, reason: `${accusation.reason} (entry ${entry} of ${count})` }

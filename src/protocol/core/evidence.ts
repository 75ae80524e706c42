/**
 * What verdicts on runs that failed have in common: they are reached from the signed letters of its rounds, and from those
 * that one party alone got and shows to everybody, by anybody, without a secret. Each protocol's own is beside it.
 */
import { type Accusation, ProtocolAbort } from './abort.js'
import { type Codec, encode, equalBytes } from './codec.js'
import type { Rounds } from './rounds.js'
import { accuse, decodeEach, echoOf, echoRound, type Job } from './round.js'
import type { PartyId, Session } from './session.js'

/** What computes in between: gives jobs, and is resumed with their results by index. */
export type Judging<T> = Generator<readonly Job[], T, readonly Uint8Array[]>

/**
 * A letter to one party, in clear, of which that party says that it does not hold. One of the two is guilty: who sent it,
 * or who says so.
 */
export type Dispute = {
  readonly round: string
  readonly from: PartyId
  readonly to: PartyId
  readonly letter: Uint8Array
}

/** Everybody at fault in the first round that shows anybody's, as `judge` finds them; none where it finds nobody. */
export function* verdictOf(judge: () => Judging<void> | void): Judging<readonly Accusation[]> {
  try {
    const judging = judge()
    if (judging) yield* judging
    return []
  } catch (error) {
    if (!(error instanceof ProtocolAbort)) throw error
    return error.accusations.map((accusation) => ({ ...accusation, kind: 'proven' }))
  }
}

/** What can be decoded of the letters that are there. @throws ProtocolAbort naming the senders of the others */
export function lettersOf<T>(
  session: Session,
  rounds: Rounds,
  round: string,
  codec: Codec<T>,
): Map<PartyId, T> {
  const letters = rounds.get(round)
  const there = session.parties.filter((party) => letters?.has(party))
  const { values, malformed } = decodeEach(there, round, codec, (party) => letters?.get(party))
  accuse(round, malformed)
  return values
}

/** The letters of a round, if there is one of everybody. @throws ProtocolAbort as `lettersOf` */
export function wholeRound<T>(
  session: Session,
  rounds: Rounds,
  round: string,
  codec: Codec<T>,
): Map<PartyId, T> | null {
  const letters = lettersOf(session, rounds, round, codec)
  return letters.size === session.parties.length ? letters : null
}

/**
 * The letters of a round, if there is one of everybody and all have said that they saw these: an answer to other letters
 * would otherwise be held against the wrong ones.
 */
export function agreed<T>(
  session: Session,
  rounds: Rounds,
  round: string,
  codec: Codec<T>,
): Map<PartyId, T> | null {
  const letters = wholeRound(session, rounds, round, codec)
  const raw = rounds.get(round)
  if (letters === null || raw === undefined) return null
  const seen = encode(echoOf(session, round, raw))
  const echoes = rounds.get(echoRound(round))
  const same = session.parties.every((party) => equalBytes(echoes?.get(party) ?? new Uint8Array(), seen))
  return same ? letters : null
}

/** Whoever sent a letter to one party that cannot be read: that needs no letter beside it. */
export function unreadable(
  disputes: readonly Dispute[],
  round: string,
  codec: Codec<unknown>,
): readonly Accusation[] {
  const ofRound = disputes.filter((dispute) => dispute.round === round)
  return ofRound.flatMap(({ from, letter }) => decodeEach([from], round, codec, () => letter).malformed)
}

/**
 * Who is guilty in the disputes of a round. Those about a party that is at fault in what it said aloud decide nothing: what
 * its letter was to be held against is not sound.
 * @param faults of the round, found in what was said aloud
 * @param flaw what is wrong with the letter, or null where it holds
 * @throws ProtocolAbort naming all of them
 */
export function settle(
  round: string,
  faults: readonly Accusation[],
  disputes: readonly Dispute[],
  flaw: (dispute: Dispute) => string | null,
): void {
  const unsound = new Set(faults.map(({ party }) => party))
  const settled = disputes
    .filter((dispute) => dispute.round === round && !unsound.has(dispute.from))
    .map((dispute): Accusation => {
      const reason = flaw(dispute)
      const { from, to } = dispute
      return reason === null
        ? { party: to, round, kind: 'proven', reason: 'says that a letter does not hold, which does' }
        : { party: from, round, kind: 'proven', reason }
    })
  accuse(round, [...faults, ...settled])
}

/**
 * Common parts of the verdicts on failed runs. Anybody can reach a verdict without a secret: from the signed
 * letters of the rounds, and from direct letters that their receivers disclose. Each protocol has its own
 * checks beside its code.
 */
import { type Accusation, ProtocolAbort } from './abort.js'
import { type Codec, equalBytes } from './codec.js'
import type { Rounds } from './rounds.js'
import { accuse, decodeEach, echoLetter, echoRound, type Job } from './round.js'
import type { PartyId, Session } from './session.js'

/** A judge that yields jobs and is resumed with their results, by index. */
export type Judging<T> = Generator<readonly Job[], T, readonly Uint8Array[]>

/**
 * A direct letter, in clear, that its receiver claims is invalid. One of the two is guilty: the sender, or
 * the receiver who makes the claim.
 */
export type Dispute = {
  readonly round: string
  readonly from: PartyId
  readonly to: PartyId
  readonly letter: Uint8Array
  /** The entry of the letter that it is about, from 1; null for the whole letter. */
  readonly entry: number | null
}

/** All parties at fault in the first round where `judge` finds any, as `proven`; empty if it finds none. */
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

/** Decodes the letters that are present. @throws ProtocolAbort naming the senders of malformed ones */
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

/** The letters of a round; null unless every party sent one. @throws ProtocolAbort as `lettersOf` */
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
 * The letters of a round; null unless every party sent one and every echo confirms these. Without the echoes,
 * an answer to other letters would be checked against the wrong ones.
 * @throws ProtocolAbort as `lettersOf`
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
  const seen = echoLetter(session, round, raw)
  const echoes = rounds.get(echoRound(round))
  const same = session.parties.every((party) => equalBytes(echoes?.get(party) ?? new Uint8Array(), seen))
  return same ? letters : null
}

/** Accuses the senders of direct letters that cannot be decoded, without comparing any other letter. */
export function unreadable(
  disputes: readonly Dispute[],
  round: string,
  codec: Codec<unknown>,
): readonly Accusation[] {
  const ofRound = disputes.filter((dispute) => dispute.round === round)
  return ofRound.flatMap(({ from, letter }) => decodeEach([from], round, codec, () => letter).malformed)
}

/**
 * Decides the disputes of a round. A dispute about a sender whose broadcast is at fault decides nothing: its
 * direct letter would be checked against an unsound broadcast.
 * @param faults of the round, found in the broadcasts
 * @param flaw what is wrong with the letter; null if it holds
 * @throws ProtocolAbort naming the parties in `faults` and the guilty side of each dispute
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

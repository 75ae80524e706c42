/**
 * The verdict on a signing that failed, for whoever has the signed letters of its rounds and the key's agreed record:
 * no secret is needed, and nothing but the record says which moduli are whose. What was proven to one party alone
 * is not seen here, so a verdict against who failed that is its word only; silence is no letter and proves nothing.
 */
import { type Accusation, ProtocolAbort } from '../abort.js'
import { type Codec, encode, equalBytes } from '../codec.js'
import type { Rounds } from '../keygen-public.js'
import { accuse, decodeEach, demand, echoOf, echoRound, type Job } from '../round.js'
import type { PartyId, Session } from '../session.js'
import {
  blameRound,
  type Phase,
  questionsTo,
  type Shown,
  shownChecks,
  shownLetter,
  unanswered,
} from './blame.js'
import {
  firstChecks,
  type Said,
  secondChecks,
  sumOfDeltas,
  sumOfGammas,
  thirdChecks,
  wrongSum,
} from './presign-checks.js'
import { presignLetters, ROUND, sigmaLetter } from './presign-letters.js'
import { publicPresignature } from './presignature.js'
import { sigmaChecks } from './sign.js'
import { type EcdsaPublic, type Signers, signersOf } from './signers.js'

/** What computes in between: gives jobs, and is resumed with their results by index. */
export type Judging<T> = Generator<readonly Job[], T, readonly Uint8Array[]>

/**
 * Who provably broke the signing of `digest`. It takes seconds for each pair of signers when there was a failure phase.
 * @param session of the signers, as anybody; its sid is the run's
 * @param key from the agreed record
 * @returns everybody at fault in the first round that shows anybody's; none for a transcript that proves nothing
 * @throws RangeError when the session's parties cannot have signed with this key
 */
export function* judgeFailure(
  session: Session,
  key: EcdsaPublic,
  digest: Uint8Array,
  rounds: Rounds,
): Judging<readonly Accusation[]> {
  const signers = signersOf(session, key, digest)
  try {
    yield* judge(session, signers, digest, rounds)
    return []
  } catch (error) {
    if (!(error instanceof ProtocolAbort)) throw error
    return error.accusations.map((accusation) => ({ ...accusation, kind: 'proven' }))
  }
}

/** The rounds again, up to where the letters end. @throws ProtocolAbort */
function* judge(session: Session, signers: Signers, digest: Uint8Array, rounds: Rounds): Judging<void> {
  const letter = presignLetters(signers.level, signers.parties.length)
  const first = agreed(session, rounds, ROUND.first, letter.first)
  if (first === null) return
  demand(ROUND.first, first, firstChecks(signers))

  const second = agreed(session, rounds, ROUND.second, letter.second)
  if (second === null) return
  demand(ROUND.second, second, secondChecks(signers, first))
  const Gamma = sumOfGammas(second)

  const third = agreed(session, rounds, ROUND.third, letter.third)
  if (third === null || Gamma.is0()) return
  demand(ROUND.third, third, thirdChecks(signers, first, Gamma))
  const said = { first, second, third, Gamma }
  const phase = wrongSum(signers, third)
  if (phase !== null) {
    yield* judgeCheats(session, signers, said, phase, rounds)
    return
  }

  if (sumOfDeltas(third) === 0n) return
  const sigmas = lettersOf(session, rounds, ROUND.sign, sigmaLetter)
  demand(ROUND.sign, sigmas, sigmaChecks(publicPresignature(signers, said, digest)))
}

function* judgeCheats(
  session: Session,
  signers: Signers,
  said: Said,
  phase: Phase,
  rounds: Rounds,
): Judging<void> {
  const letter = shownLetter(signers.level)
  const shown = new Map<PartyId, ReadonlyMap<PartyId, Shown>>()
  for (const party of signers.parties) {
    const round = blameRound(phase, party)
    const letters = lettersOf(session, rounds, round, letter)
    demand(round, letters, shownChecks(party))
    shown.set(party, letters)
  }
  const questions = signers.parties.flatMap((party) => questionsTo(party, signers, said, phase, shown))
  const answers = yield questions.map(({ job }) => job)
  accuse(`blame-${phase}`, unanswered(questions, answers))
}

/** What can be decoded of the letters that are there. @throws ProtocolAbort naming the senders of the others */
function lettersOf<T>(session: Session, rounds: Rounds, round: string, codec: Codec<T>): Map<PartyId, T> {
  const letters = rounds.get(round)
  const there = session.parties.filter((party) => letters?.has(party))
  const { values, malformed } = decodeEach(there, round, codec, (party) => letters?.get(party))
  accuse(round, malformed)
  return values
}

/**
 * The letters of a round, if there is one of everybody and all have said that they saw these: an answer to other letters
 * would otherwise be held against the wrong ones.
 */
function agreed<T>(session: Session, rounds: Rounds, round: string, codec: Codec<T>): Map<PartyId, T> | null {
  const letters = lettersOf(session, rounds, round, codec)
  const raw = rounds.get(round)
  if (raw === undefined || letters.size !== session.parties.length) return null
  const seen = encode(echoOf(session, round, raw))
  const echoes = rounds.get(echoRound(round))
  const same = session.parties.every((party) => equalBytes(echoes?.get(party) ?? new Uint8Array(), seen))
  return same ? letters : null
}

/**
 * The verdict on a failed CGGMP24 signature, for anybody who has the signed letters of its rounds and the
 * key's agreed record. It needs no secret, and only the record says which moduli are whose. Proofs sent to
 * one party are judged if that party discloses them. Silence leaves no letter and proves nothing.
 */
import type { Accusation } from '../core/abort.js'
import type { Point } from '../group/curve.js'
import {
  agreed,
  type Dispute,
  type Judging,
  lettersOf,
  settle,
  unreadable,
  verdictOf,
} from '../core/evidence.js'
import type { Rounds } from '../core/rounds.js'
import { accuse, type Checks, demand, faults } from '../core/round.js'
import type { PartyId, Session } from '../core/session.js'
import {
  blameRound,
  type Phase,
  questionsTo,
  type Shown,
  shownChecks,
  shownLetter,
  unanswered,
} from './presign/blame.js'
import {
  firstChecks,
  firstProofChecks,
  keyOf,
  type Said,
  secondChecks,
  secondProofChecks,
  sumOfDeltas,
  sumOfGammas,
  thirdChecks,
  wrongSum,
} from './presign/checks.js'
import { answerProofsHold, nonceProofsHold, pedersenOf } from './presign/jobs.js'
import { answerTo, type First, presignLetters, ROUND, type Second, sigmaLetter } from './presign/letters.js'
import { type PublicPresignature, publicPresignature } from './presign/presignature.js'
import { type Purpose, rerandomise } from './presign/rerandomise.js'
import { sigmaChecks, targetOf } from './sign.js'
import { auxOf, contextOf, type EcdsaPublic, type Signers, signersOf } from './presign/signers.js'

/**
 * Names the signers that provably broke the signing of `digest`, or presigning ahead if it is null. A failure phase takes seconds for each pair
 * of signers.
 * @param session the run's sid and signers; any signer may be `self`
 * @param key from the agreed record
 * @param disputes letters that hold an invalid proof, according to their receivers
 * @returns all parties at fault in the first round that shows a fault; empty if the transcript proves nothing
 * @throws RangeError if the session's parties cannot have signed with this key
 */
export function judgeFailure(
  session: Session,
  key: EcdsaPublic,
  digest: Uint8Array | null,
  rounds: Rounds,
  disputes: readonly Dispute[] = [],
): Judging<readonly Accusation[]> {
  const signers = signersOf(session, key, digest)
  return verdictOf(() => judge(session, signers, rounds, disputes))
}

/**
 * Names the signers whose shares are wrong in a run that signed with a presignature made ahead.
 * @param session the signing run's sid and signers; any signer may be `self`
 * @param known all that is public of the presignature, as all its makers confirmed it
 * @throws RangeError as `rerandomise`
 */
export function judgeUse(
  session: Session,
  known: PublicPresignature,
  purpose: Purpose,
  rounds: Rounds,
): Judging<readonly Accusation[]> {
  const { target } = rerandomise(session, known, purpose)
  return verdictOf(() => {
    demand(ROUND.sign, lettersOf(session, rounds, ROUND.sign, sigmaLetter), sigmaChecks(target))
  })
}

/** Checks the rounds again, up to the last letters. @throws ProtocolAbort */
function* judge(
  session: Session,
  signers: Signers,
  rounds: Rounds,
  disputes: readonly Dispute[],
): Judging<void> {
  const letter = presignLetters(signers.level, signers.parties.length)
  accuse(ROUND.first, unreadable(disputes, ROUND.first, letter.firstProofs))
  const first = agreed(session, rounds, ROUND.first, letter.first)
  if (first === null) return
  settle(ROUND.first, faults(ROUND.first, first, firstChecks(signers)), disputes, (dispute) =>
    flawOf(
      dispute,
      firstProofChecks(() => firstProofsHold(signers, first, dispute)),
    ),
  )

  accuse(ROUND.second, unreadable(disputes, ROUND.second, letter.secondProofs))
  const second = agreed(session, rounds, ROUND.second, letter.second)
  if (second === null) return
  settle(ROUND.second, faults(ROUND.second, second, secondChecks(signers, first)), disputes, (dispute) =>
    flawOf(
      dispute,
      secondProofChecks(() => secondProofsHold(signers, first, second, dispute)),
    ),
  )
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

  if (sumOfDeltas(third) === 0n || signers.digest === null) return
  const sigmas = lettersOf(session, rounds, ROUND.sign, sigmaLetter)
  demand(ROUND.sign, sigmas, sigmaChecks(targetOf(publicPresignature(signers, said))))
}

/** The first check that a direct letter fails; null if it passes all. */
const flawOf = ({ from }: Dispute, checks: Checks<null>): string | null =>
  Object.entries(checks).find(([, holds]) => !holds(null, from))?.[0] ?? null

const between = (signers: Signers, { from, to }: Dispute) => ({
  context: contextOf(signers, '', from, to),
  rp: pedersenOf(auxOf(signers, to), signers),
})

function firstProofsHold(signers: Signers, first: Said['first'], dispute: Dispute) {
  const { from, letter } = dispute
  const { context, rp } = between(signers, dispute)
  const proofs = presignLetters(signers.level, signers.parties.length).firstProofs.decode(letter)
  return nonceProofsHold(context, rp, keyOf(signers, from), first.get(from) as First, proofs)
}

function secondProofsHold(signers: Signers, first: Said['first'], second: Said['second'], dispute: Dispute) {
  const { from, to, letter } = dispute
  const { context, rp } = between(signers, dispute)
  const proofs = presignLetters(signers.level, signers.parties.length).secondProofs.decode(letter)
  const own = second.get(from) as Second
  const said = {
    K: (first.get(to) as First).K,
    Gamma: own.Gamma,
    X: signers.X.get(from) as Point,
    answer: answerTo(signers, own, from, to),
  }
  return answerProofsHold(context, rp, keyOf(signers, to), keyOf(signers, from), said, proofs)
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

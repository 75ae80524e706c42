/**
 * Identifiable abort. If the shares of kγ or of kx do not add up although every proof has verified, every
 * signer proves that it computed its own correctly (CGGMP24, failure phases). The proofs need no
 * ring-Pedersen parameters, so anybody can verify them: this file asks the questions of arriving letters,
 * `evidence.ts` asks the same ones of a transcript. A silent party is reported by the layer that waits for
 * its letter.
 *
 * There is one round per signer, which keeps every letter below a megabyte: in the round of party i, i shows
 * Πdec for its own sum, and all others show Πaff-g* for their answers to i.
 */
import type { Accusation } from '../../core/abort.js'
import { type Codec, codec, oneOf, record, variants } from '../../core/codec.js'
import { type Point, secp256k1 } from '../../group/curve.js'
import {
  accuse,
  broadcast,
  compute,
  computeAlone,
  demand,
  type Job,
  ofPeers,
  type Protocol,
} from '../../core/round.js'
import type { Secret, Secrets } from '../../core/secret.js'
import type { PartyId, Rng, Session } from '../../core/session.js'
import type { AuxSecret } from '../auxiliary/data.js'
import { proveAnswer, proveSum, proveSumTape, verifyProvenAnswer, verifySum } from './blame-jobs.js'
import type { Level } from '../integers/level.js'
import { add, type Paillier, subtract } from '../integers/paillier.js'
import type { Said } from './checks.js'
import { answerTo, type First, type Second, type Third } from './letters.js'
import { auxOf, contextOf, othersThan, type Signers } from './signers.js'
import { affGStarShape, type AffGStarProof, affGStarTape } from '../zk/aff-g-star.js'
import { type DecProof, decShape } from '../zk/dec.js'

/** The product whose shares do not add up: kγ or kx. */
export type Phase = 'gamma' | 'x'

/** A party's letter in one round. */
export type Shown =
  | { readonly proves: 'sum'; readonly proof: DecProof }
  | { readonly proves: 'answer'; readonly proof: AffGStarProof }

/** The round of one signer. */
export const blameRound = (phase: Phase, party: PartyId): string => `blame-${phase}-${party}`

export const shownLetter = (level: Level): Codec<Shown> =>
  codec(
    variants<Shown>('proves', {
      sum: record({ proves: oneOf(['sum']), proof: decShape(level) }),
      answer: record({ proves: oneOf(['answer']), proof: affGStarShape(level) }),
    }),
  )

/** A party's secrets for the proof that it followed the protocol. */
export type Defence = {
  readonly signers: Signers
  readonly said: Said
  readonly primes: AuxSecret
  /** γ_i, or x_i. */
  readonly x: Secret
  /** The masks of its answer to each peer. */
  readonly masks: Secrets<PartyId>
  readonly rng: Rng
}

/** Runs the failure phase. @throws ProtocolAbort naming everybody whose proof does not hold */
export function* findCheats(session: Session, phase: Phase, defence: Defence): Protocol<never> {
  const { signers } = defence
  const letter = shownLetter(signers.level)
  const jobs = signers.parties.map((party) => proofFor(session, phase, defence, party))
  const proofs = yield* computeAlone(jobs)
  const shown = new Map<PartyId, ReadonlyMap<PartyId, Shown>>()
  for (const [i, party] of signers.parties.entries()) {
    const bytes = proofs[i] as Uint8Array
    const mine: Shown =
      party === session.self
        ? { proves: 'sum', proof: proveSum.result(bytes) }
        : { proves: 'answer', proof: proveAnswer.result(bytes) }
    const round = blameRound(phase, party)
    const proofsOfRound = yield* broadcast(session, round, letter, mine)
    demand(round, ofPeers(session, proofsOfRound), shownChecks(party))
    shown.set(party, proofsOfRound)
  }
  const questions = session.peers.flatMap((accused) =>
    questionsTo(accused, signers, defence.said, phase, shown),
  )
  const answers = yield* compute(questions.map(({ job }) => job))
  accuse(`blame-${phase}`, unanswered(questions, answers))
  // If all proofs are true, so are the sums. So Πdec or Πaff-g* accepted a false statement (chance 2^-128
  // each), or Πenc-elg or Πaff-g accepted a plaintext that wraps around N.
  throw new Error(
    'the shares do not add up, and everybody has proved its own (Πdec, Πaff-g*): a false proof was accepted, which is a defect of this program',
  )
}

function proofFor(session: Session, phase: Phase, defence: Defence, party: PartyId): Job {
  const { signers, said, primes, x, masks, rng } = defence
  const { self } = session
  const own = { p: primes.p.reveal(), q: primes.q.reveal(), x: x.reveal() }
  if (party === self) {
    return proveSum.job({
      context: contextOf(signers, phase, self),
      ...sumOf(signers, said, phase, self),
      ...own,
      random: rng(proveSumTape(signers.level)),
    })
  }
  return proveAnswer.job({
    context: contextOf(signers, phase, self, party),
    verifier: auxOf(signers, party),
    ...answerOf(signers, said, phase, self, party),
    ...own,
    masks: masks.of(party).reveal(),
    random: rng(affGStarTape(signers.level)),
  })
}

/** The checks in the round of `party`: it must show its sum, all others an answer. */
export const shownChecks = (
  party: PartyId,
): Readonly<Record<string, (shown: Shown, from: PartyId) => boolean>> => ({
  'shows something else than was asked for': ({ proves }, from) =>
    proves === (from === party ? 'sum' : 'answer'),
})

/** A proof of one party to verify, and the reason for the accusation if it does not hold. */
export type Question = {
  readonly party: PartyId
  readonly round: string
  readonly reason: string
  readonly job: Job
}

/** All questions to one party about its proofs. @param shown by the round's signer, then by prover */
export function questionsTo(
  accused: PartyId,
  signers: Signers,
  said: Said,
  phase: Phase,
  shown: ReadonlyMap<PartyId, ReadonlyMap<PartyId, Shown>>,
): readonly Question[] {
  const { N } = auxOf(signers, accused)
  return signers.parties.flatMap((party): readonly Question[] => {
    const asked = { party: accused, round: blameRound(phase, party) }
    const there = shown.get(party)?.get(accused)
    if (there === undefined) return []
    if (there.proves === 'sum') {
      const context = contextOf(signers, phase, accused)
      const job = verifySum.job({
        context,
        N,
        ...sumOf(signers, said, phase, accused),
        proof: there.proof,
      })
      return [{ ...asked, reason: 'its sum is not of what it answered and was answered', job }]
    }
    const job = verifyProvenAnswer.job({
      context: contextOf(signers, phase, accused, party),
      N_j: auxOf(signers, party).N,
      N_i: N,
      ...answerOf(signers, said, phase, accused, party),
      proof: there.proof,
    })
    return [{ ...asked, reason: `its answer to party ${party} is not of what it committed to`, job }]
  })
}

/** Accuses each party whose proof does not hold. */
export const unanswered = (
  questions: readonly Question[],
  answers: readonly Uint8Array[],
): readonly Accusation[] =>
  questions
    .filter((_, i) => !verifySum.result(answers[i] as Uint8Array))
    .map(({ party, round, reason }) => ({ party, round, kind: 'witnessed', reason }))

/**
 * The statement of Πdec, computed from broadcasts alone: D_i* = ⊕_{j≠i} (D_ij ⊖ F_ji), and K_i⊙x_i ⊕ D_i*
 * decrypts to δ_i or χ_i as an integer. The minus sign follows from F = Enc(-β). S is δ_i G or χ_i Γ.
 */
function sumOf(signers: Signers, { first, second, third, Gamma }: Said, phase: Phase, party: PartyId) {
  const key = signers.keys.get(party) as Paillier
  const others = othersThan(party, signers)
  const received = others.map((from) => answerTo(signers, second.get(from) as Second, from, party))
  const given = others.map((to) => answerTo(signers, second.get(party) as Second, party, to))
  const total = (ciphertexts: readonly bigint[]) => ciphertexts.reduce((a, b) => add(key, a, b))
  const D_star =
    phase === 'gamma'
      ? subtract(key, total(received.map(({ D }) => D)), total(given.map(({ F }) => F)))
      : subtract(key, total(received.map(({ DHat }) => DHat)), total(given.map(({ FHat }) => FHat)))
  const { delta, S } = third.get(party) as Third
  const { K } = first.get(party) as First
  const X = factorOf(signers, second, phase, party)
  return phase === 'gamma'
    ? { K, D: D_star, X, S: secp256k1.G.multiplyUnsafe(delta), base: secp256k1.G }
    : { K, D: D_star, X, S, base: Gamma }
}

/** The statement of Πaff-g about the answer, as Πaff-g* names its parts. */
function answerOf(signers: Signers, { first, second }: Said, phase: Phase, from: PartyId, to: PartyId) {
  const { D, F, DHat, FHat } = answerTo(signers, second.get(from) as Second, from, to)
  const { K } = first.get(to) as First
  const X = factorOf(signers, second, phase, from)
  return phase === 'gamma' ? { C: K, D, Y: F, X } : { C: K, D: DHat, Y: FHat, X }
}

/** Γ_i or X_i. */
function factorOf(signers: Signers, second: Said['second'], phase: Phase, party: PartyId): Point {
  return phase === 'gamma' ? (second.get(party) as Second).Gamma : (signers.X.get(party) as Point)
}

/**
 * The letters of a signature's rounds: shapes and codecs. Each round's name is defined once, here, because
 * transcripts are read by it.
 */
import { type Codec, codec, list, type Of, record, type Shape } from '../../core/codec.js'
import type { PartyId } from '../../core/session.js'
import { natural, point, scalar } from '../integers/integers.js'
import type { Level } from '../integers/level.js'
import { othersThan, type Signers } from './signers.js'
import { affGShape } from '../zk/aff-g.js'
import { elogShape } from '../zk/elog.js'
import { encElgShape } from '../zk/enc-elg.js'

export const ROUND = {
  /** Commitments to k and γ. */
  first: 'presign-1',
  /** Γ, and the answers of the multiplications. */
  second: 'presign-2',
  /** Shares of kγ, and the commitments that signature shares are checked against. */
  third: 'presign-3',
  /** Shares of the signature. */
  sign: 'sign',
} as const

const firstShape = ({ modulusBits }: Level) =>
  record({
    /** Enc(k). */
    K: natural(2 * modulusBits),
    /** Enc(γ), G in the paper; here G is the generator. */
    encGamma: natural(2 * modulusBits),
    /** yG for a y that nobody knows. */
    Y: point,
    /** aG, aY + kG. */
    A1: point,
    A2: point,
    /** bG, bY + γG. */
    B1: point,
    B2: point,
  })
export type First = Of<ReturnType<typeof firstShape>>

/** ψ0 for K, ψ1 for Enc(γ). */
const firstProofsShape = (level: Level) => record({ psi0: encElgShape(level), psi1: encElgShape(level) })
export type FirstProofs = Of<ReturnType<typeof firstProofsShape>>

/** For one peer j: D = γ⊙K_j ⊕ Enc_j(-β), F = Enc(-β); likewise with x and β̂. */
const answerShape = ({ modulusBits }: Level) => {
  const ciphertext = natural(2 * modulusBits)
  return record({ D: ciphertext, F: ciphertext, DHat: ciphertext, FHat: ciphertext })
}
export type Answer = Of<ReturnType<typeof answerShape>>

const secondShape = (level: Level, peers: number) =>
  record({
    /** γG. */
    Gamma: point,
    /** ψ̃ proves that γ is the value in (B1, B2). */
    psiTilde: elogShape,
    /** For every other signer, in ascending order. */
    answers: list(answerShape(level), peers),
  })
export type Second = Of<ReturnType<typeof secondShape>>

/** ψ for D and F, ψ̂ for D̂ and F̂. */
const secondProofsShape = (level: Level) => record({ psi: affGShape(level), psiHat: affGShape(level) })
export type SecondProofs = Of<ReturnType<typeof secondProofsShape>>

const thirdShape = record({
  delta: scalar,
  /** χΓ. */
  S: point,
  /** kΓ. */
  Delta: point,
  /** ψ' proves that k is the value in (A1, A2). */
  psiPrime: elogShape,
})
export type Third = Of<typeof thirdShape>

export const presignShapes = {
  first: firstShape,
  firstProofs: firstProofsShape,
  answer: answerShape,
  secondProofs: secondProofsShape,
} satisfies Record<string, (level: Level) => Shape<unknown>>

/** The letters of each round. A signature share is σ. */
export const presignLetters = (level: Level, signers: number) => ({
  first: codec(firstShape(level), 1 << 14),
  firstProofs: codec(firstProofsShape(level), 1 << 15),
  second: codec(secondShape(level, signers - 1), 1 << 19),
  secondProofs: codec(secondProofsShape(level), 1 << 15),
  third: codec(thirdShape, 1 << 10),
})
export const sigmaLetter: Codec<bigint> = codec(scalar, 64)

/** The answer of `from` to `to`. */
export const answerTo = (signers: Signers, said: Second, from: PartyId, to: PartyId): Answer =>
  said.answers[othersThan(from, signers).indexOf(to)] as Answer

/**
 * Πdec (CGGMP24): the ciphertext x⊙K ⊕ D decrypts to the logarithm of S to a given base, where x is the
 * logarithm of X. It needs no ring-Pedersen parameters, so it convinces anybody: an accused party clears
 * itself with it. It costs seconds. The challenge has one bit per repetition, all from one hash over all
 * commitments.
 */
import { list, record, type Shape } from '../../core/codec.js'
import { type Point, secp256k1 } from '../../group/curve.js'
import type { Rng } from '../../core/session.js'
import { integer, mod, natural, plusMinus, point, q, unit } from '../integers/integers.js'
import type { Level } from '../integers/level.js'
import { add, encrypt, type Paillier, times } from '../integers/paillier.js'
import {
  hashed,
  inPaillierGroups,
  noIdentity,
  publicTimes,
  sampleBytes,
  secretTimesG,
  twoTo,
  within,
} from './common.js'
import { challengeBits, type ProofContext } from './context.js'

/** Enc(y; ρ) = x⊙K ⊕ D under N; X = xG; S = y * base. The paper writes G' for the base. */
export type DecStatement = {
  readonly N: Paillier
  readonly K: bigint
  readonly D: bigint
  readonly X: Point
  readonly S: Point
  readonly base: Point
}

/** x in ±2^ℓ, y in ±2^`decRange(level).y`, ρ in Z*_N. */
export type DecWitness = { readonly x: bigint; readonly y: bigint; readonly rho: bigint }

/** One entry per repetition; `B` is the paper's B'. */
export type DecProof = readonly {
  readonly A: bigint
  readonly C: Point
  readonly B: Point
  readonly z: bigint
  readonly w: bigint
  readonly nu: bigint
}[]

/**
 * The ranges of y and of its answer w, as powers of two. y is a sum of at most 2^20 products with peers, each
 * bounded by the slack of Πaff-g: B = ℓ' + ε + 1 + 20 bits. The constant 20 stands for ⌈log2 n⌉, so that no
 * shape depends on n. The mask has B + ε bits, but at most 4 fewer than N: at the test level B + ε exceeds N,
 * and the proof would fix y only modulo N.
 */
export function decRange({ ellPrime, epsilon, modulusBits }: Level): {
  readonly y: number
  readonly w: number
} {
  const y = ellPrime + epsilon + 1 + 20
  return { y, w: Math.min(y + epsilon, modulusBits - 4) }
}

export const decShape = (level: Level): Shape<DecProof> =>
  list(
    record({
      A: natural(2 * level.modulusBits),
      C: point,
      B: point,
      z: integer(level.ell + level.epsilon),
      w: integer(decRange(level).w),
      nu: natural(level.modulusBits),
    }),
    level.repetitions,
  )

/** How many random bytes the prover reads. */
export const decTape = (level: Level): number => {
  const { range, unit } = sampleBytes(level)
  return level.repetitions * (range(level.ell + level.epsilon) + range(decRange(level).w) + unit)
}

/** @param rng gives `decTape` bytes */
export function proveDec(
  ctx: ProofContext,
  statement: DecStatement,
  witness: DecWitness,
  rng: Rng,
): DecProof {
  const { ell, epsilon, repetitions } = ctx.level
  const { N, K, base } = statement
  const { x, y, rho } = witness
  const runs = Array.from({ length: repetitions }, () => {
    // α ← ±2^(ℓ+ε), β ← ±2^(B+ε), r ← Z*_N
    const alpha = plusMinus(twoTo(ell + epsilon), rng)
    const beta = plusMinus(twoTo(decRange(ctx.level).w), rng)
    const r = unit(N.N, rng)
    // A = (-α)⊙K ⊕ Enc(β; r), C = αG, B' = βG'
    const first = {
      A: add(N, times(N, K, -alpha), encrypt(N, beta, r)),
      C: secretTimesG(alpha),
      B: base.multiply(mod(beta, q)),
    }
    return { alpha, beta, r, first }
  })
  const bits = challenge(
    ctx,
    statement,
    runs.map(({ first }) => first),
  )
  // z = α + ex, w = β + ey, ν = r ρ^e mod N
  return runs.map(({ alpha, beta, r, first }, k) => {
    const e = BigInt(bits[k] as number)
    return { ...first, z: alpha + e * x, w: beta + e * y, nu: mod(r * N.n.pow(rho, e), N.N) }
  })
}

/** Whether the proof holds; a bad proof of the right shape returns false and never throws. */
export function verifyDec(ctx: ProofContext, statement: DecStatement, proof: DecProof): boolean {
  const { ell, epsilon, repetitions } = ctx.level
  const { N, K, D, X, S, base } = statement
  const preamble = [
    proof.length === repetitions,
    inPaillierGroups(
      N,
      [K, D, ...proof.map(({ A }) => A)],
      proof.map(({ nu }) => nu),
    ),
    noIdentity([X, S, base, ...proof.flatMap(({ C, B }) => [C, B])]),
    proof.every(({ z }) => within(z, ell + epsilon)),
    proof.every(({ w }) => within(w, decRange(ctx.level).w)),
  ]
  if (preamble.includes(false)) return false
  const bits = challenge(ctx, statement, proof)
  const equations = proof.flatMap(({ A, C, B, z, w, nu }, k) => {
    const e = BigInt(bits[k] as number)
    return [
      // Enc(w; ν) ⊕ (-z)⊙K = A ⊕ e⊙D
      add(N, encrypt(N, w, nu), times(N, K, -z)) === add(N, A, times(N, D, e)),
      // zG = C + eX
      publicTimes(z, secp256k1.G).equals(C.add(publicTimes(e, X))),
      // wG' = B' + eS
      publicTimes(w, base).equals(B.add(publicTimes(e, S))),
    ]
  })
  return !equations.includes(false)
}

function challenge(
  ctx: ProofContext,
  { N, K, D, X, S, base }: DecStatement,
  first: readonly Pick<DecProof[number], 'A' | 'C' | 'B'>[],
): readonly (0 | 1)[] {
  const commitments = first.map(({ A, C, B }) => hashed(A, C, B))
  return challengeBits(ctx, 'dec', ctx.level.repetitions, hashed(N.N, K, D, X, S, base), commitments)
}

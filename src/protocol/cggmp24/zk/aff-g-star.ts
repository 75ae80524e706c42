/**
 * Πaff-g* (CGGMP24): Πaff-g without ring-Pedersen parameters, so anybody can verify it. Its challenges are
 * single bits, all from one hash over all commitments. A proof costs seconds and is made only after a
 * signature has failed.
 */
import { list, record, type Shape } from '../../core/codec.js'
import { type Point, secp256k1 } from '../../group/curve.js'
import type { Rng } from '../../core/session.js'
import { integer, mod, natural, plusMinus, point, unit } from '../integers/integers.js'
import type { Level } from '../integers/level.js'
import { add, encrypt, times } from '../integers/paillier.js'
import type { AffGStatement, AffGWitness } from './aff-g.js'
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

/** The same statement and witness as Πaff-g. */
export type AffGStarStatement = AffGStatement
export type AffGStarWitness = AffGWitness

/** One entry per repetition. */
export type AffGStarProof = readonly {
  readonly A: bigint
  readonly B_x: Point
  readonly B_y: bigint
  readonly z1: bigint
  readonly z2: bigint
  readonly w: bigint
  readonly w_y: bigint
}[]

export const affGStarShape = (level: Level): Shape<AffGStarProof> => {
  const { modulusBits, ell, ellPrime, epsilon, repetitions } = level
  return list(
    record({
      A: natural(2 * modulusBits),
      B_x: point,
      B_y: natural(2 * modulusBits),
      z1: integer(ell + epsilon),
      z2: integer(ellPrime + epsilon),
      w: natural(modulusBits),
      w_y: natural(modulusBits),
    }),
    repetitions,
  )
}

/** How many random bytes the prover reads. */
export const affGStarTape = (level: Level): number => {
  const { range, unit } = sampleBytes(level)
  const { ell, ellPrime, epsilon, repetitions } = level
  return repetitions * (range(ell + epsilon) + range(ellPrime + epsilon) + 2 * unit)
}

/** @param rng gives `affGStarTape` bytes */
export function proveAffGStar(
  ctx: ProofContext,
  statement: AffGStarStatement,
  witness: AffGStarWitness,
  rng: Rng,
): AffGStarProof {
  const { ell, ellPrime, epsilon, repetitions } = ctx.level
  const { N_j, N_i, C } = statement
  const { x, y, rho, rho_y } = witness
  const runs = Array.from({ length: repetitions }, () => {
    // α ← ±2^(ℓ+ε), β ← ±2^(ℓ'+ε), r ← Z*_Nj, r_y ← Z*_Ni
    const alpha = plusMinus(twoTo(ell + epsilon), rng)
    const beta = plusMinus(twoTo(ellPrime + epsilon), rng)
    const r = unit(N_j.N, rng)
    const r_y = unit(N_i.N, rng)
    // A = α⊙C ⊕ Enc_j(β; r), B_x = αG, B_y = Enc_i(β; r_y)
    const first = {
      A: add(N_j, times(N_j, C, alpha), encrypt(N_j, beta, r)),
      B_x: secretTimesG(alpha),
      B_y: encrypt(N_i, beta, r_y),
    }
    return { alpha, beta, r, r_y, first }
  })
  const bits = challenge(
    ctx,
    statement,
    runs.map(({ first }) => first),
  )
  // z1 = α + ex, z2 = β + ey, w = r ρ^e mod N_j, w_y = r_y ρ_y^e mod N_i
  return runs.map(({ alpha, beta, r, r_y, first }, k) => {
    const e = BigInt(bits[k] as number)
    return {
      ...first,
      z1: alpha + e * x,
      z2: beta + e * y,
      w: mod(r * N_j.n.pow(rho, e), N_j.N),
      w_y: mod(r_y * N_i.n.pow(rho_y, e), N_i.N),
    }
  })
}

/** Whether the proof holds; a bad proof of the right shape returns false and never throws. */
export function verifyAffGStar(
  ctx: ProofContext,
  statement: AffGStarStatement,
  proof: AffGStarProof,
): boolean {
  const { ell, ellPrime, epsilon, repetitions } = ctx.level
  const { N_j, N_i, C, D, Y, X } = statement
  const inRing_j = inPaillierGroups(
    N_j,
    [C, D, ...proof.map(({ A }) => A)],
    proof.map(({ w }) => w),
  )
  const inRing_i = inPaillierGroups(
    N_i,
    [Y, ...proof.map(({ B_y }) => B_y)],
    proof.map(({ w_y }) => w_y),
  )
  const preamble = [
    proof.length === repetitions,
    inRing_j,
    inRing_i,
    noIdentity([X, ...proof.map(({ B_x }) => B_x)]),
    proof.every(({ z1 }) => within(z1, ell + epsilon)),
    proof.every(({ z2 }) => within(z2, ellPrime + epsilon)),
  ]
  if (preamble.includes(false)) return false
  const bits = challenge(ctx, statement, proof)
  const equations = proof.flatMap(({ A, B_x, B_y, z1, z2, w, w_y }, k) => {
    const e = BigInt(bits[k] as number)
    return [
      // z1⊙C ⊕ Enc_j(z2; w) = A ⊕ e⊙D
      add(N_j, times(N_j, C, z1), encrypt(N_j, z2, w)) === add(N_j, A, times(N_j, D, e)),
      // z1 G = B_x + eX
      publicTimes(z1, secp256k1.G).equals(B_x.add(publicTimes(e, X))),
      // Enc_i(z2; w_y) = B_y ⊕ e⊙Y
      encrypt(N_i, z2, w_y) === add(N_i, B_y, times(N_i, Y, e)),
    ]
  })
  return !equations.includes(false)
}

function challenge(
  ctx: ProofContext,
  { N_j, N_i, C, D, Y, X }: AffGStarStatement,
  first: readonly Pick<AffGStarProof[number], 'A' | 'B_x' | 'B_y'>[],
): readonly (0 | 1)[] {
  const statement = hashed(N_j.N, N_i.N, C, D, Y, X)
  const commitments = first.map(({ A, B_x, B_y }) => hashed(A, B_x, B_y))
  return challengeBits(ctx, 'aff-g-star', ctx.level.repetitions, statement, commitments)
}

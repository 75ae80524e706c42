/**
 * Πaff-g (CGGMP24): D is an affine image xC + y of the verifier's ciphertext C. The point X commits to x, and
 * the prover has encrypted y to itself. The proof covers both ranges: without them, the verifier's later
 * letters, computed from what it decrypts, would leak its secrets. The verifier owns the ring-Pedersen
 * parameters as well as N_j.
 */
import { record, type Shape } from '../../core/codec.js'
import { type Point, secp256k1 } from '../../group/curve.js'
import type { Rng } from '../../core/session.js'
import { integer, mod, natural, plusMinus, point, unit } from '../integers/integers.js'
import type { Level } from '../integers/level.js'
import { add, encrypt, type Paillier, times } from '../integers/paillier.js'
import { commit, type Pedersen } from '../integers/pedersen.js'
import { areUnits } from '../integers/ring.js'
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
import { challengeModQ, type ProofContext } from './context.js'

/** D = x⊙C ⊕ Enc_j(y; ρ); Y = Enc_i(y; ρ_y); X = xG. The verifier owns N_j, the prover N_i. */
export type AffGStatement = {
  readonly N_j: Paillier
  readonly N_i: Paillier
  readonly C: bigint
  readonly D: bigint
  readonly Y: bigint
  readonly X: Point
}

/** x in ±2^ℓ, y in ±2^ℓ', ρ in Z*_Nj, ρ_y in Z*_Ni. */
export type AffGWitness = {
  readonly x: bigint
  readonly y: bigint
  readonly rho: bigint
  readonly rho_y: bigint
}

export type AffGProof = {
  readonly A: bigint
  readonly B_x: Point
  readonly B_y: bigint
  readonly E: bigint
  readonly S: bigint
  readonly F: bigint
  readonly T: bigint
  readonly z1: bigint
  readonly z2: bigint
  readonly z3: bigint
  readonly z4: bigint
  readonly w: bigint
  readonly w_y: bigint
}

export const affGShape = ({ modulusBits, ell, ellPrime, epsilon }: Level): Shape<AffGProof> =>
  record({
    A: natural(2 * modulusBits),
    B_x: point,
    B_y: natural(2 * modulusBits),
    E: natural(modulusBits),
    S: natural(modulusBits),
    F: natural(modulusBits),
    T: natural(modulusBits),
    z1: integer(ell + epsilon),
    z2: integer(ellPrime + epsilon),
    z3: integer(ell + epsilon + modulusBits),
    z4: integer(ell + epsilon + modulusBits),
    w: natural(modulusBits),
    w_y: natural(modulusBits),
  })

/** How many random bytes the prover reads. */
export const affGTape = (level: Level): number => {
  const { range, wideRange, unit } = sampleBytes(level)
  const { ell, ellPrime, epsilon } = level
  const masks = range(ell + epsilon) + range(ellPrime + epsilon) + 2 * wideRange(ell + epsilon)
  return masks + 2 * unit + 2 * wideRange(ell)
}

/**
 * @param rp the verifier's parameters
 * @param rng gives `affGTape` bytes
 */
export function proveAffG(
  ctx: ProofContext,
  rp: Pedersen,
  statement: AffGStatement,
  witness: AffGWitness,
  rng: Rng,
): AffGProof {
  const { ell, ellPrime, epsilon } = ctx.level
  const { N_j, N_i, C } = statement
  const { x, y, rho, rho_y } = witness
  const Nhat = rp.ring.modulus
  // α ← ±2^(ℓ+ε), β ← ±2^(ℓ'+ε), r ← Z*_Nj, r_y ← Z*_Ni, γ, δ ← ±2^(ℓ+ε) N̂, m, μ ← ±2^ℓ N̂
  const alpha = plusMinus(twoTo(ell + epsilon), rng)
  const beta = plusMinus(twoTo(ellPrime + epsilon), rng)
  const r = unit(N_j.N, rng)
  const r_y = unit(N_i.N, rng)
  const gamma = plusMinus(twoTo(ell + epsilon) * Nhat, rng)
  const delta = plusMinus(twoTo(ell + epsilon) * Nhat, rng)
  const m = plusMinus(twoTo(ell) * Nhat, rng)
  const mu = plusMinus(twoTo(ell) * Nhat, rng)
  // A = α⊙C ⊕ Enc_j(β; r), B_x = αG, B_y = Enc_i(β; r_y),
  // E = s^α t^γ, S = s^x t^m, F = s^β t^δ, T = s^y t^μ
  const first = {
    A: add(N_j, times(N_j, C, alpha), encrypt(N_j, beta, r)),
    B_x: secretTimesG(alpha),
    B_y: encrypt(N_i, beta, r_y),
    E: commit(rp, alpha, gamma),
    S: commit(rp, x, m),
    F: commit(rp, beta, delta),
    T: commit(rp, y, mu),
  }
  const e = challenge(ctx, rp, statement, first)
  // z1 = α + ex, z2 = β + ey, z3 = γ + em, z4 = δ + eμ, w = r ρ^e mod N_j, w_y = r_y ρ_y^e mod N_i
  return {
    ...first,
    z1: alpha + e * x,
    z2: beta + e * y,
    z3: gamma + e * m,
    z4: delta + e * mu,
    w: mod(r * N_j.n.pow(rho, e), N_j.N),
    w_y: mod(r_y * N_i.n.pow(rho_y, e), N_i.N),
  }
}

/** Whether the proof holds; a bad proof of the right shape returns false and never throws. */
export function verifyAffG(
  ctx: ProofContext,
  rp: Pedersen,
  statement: AffGStatement,
  proof: AffGProof,
): boolean {
  const { ell, ellPrime, epsilon } = ctx.level
  const { N_j, N_i, C, D, Y, X } = statement
  const { A, B_x, B_y, E, S, F, T, z1, z2, z3, z4, w, w_y } = proof
  const { ring } = rp
  const preamble = [
    inPaillierGroups(N_j, [C, D, A], [w]),
    inPaillierGroups(N_i, [Y, B_y], [w_y]),
    areUnits([E, S, F, T], ring.modulus),
    noIdentity([X, B_x]),
    within(z1, ell + epsilon),
    within(z2, ellPrime + epsilon),
  ]
  if (preamble.includes(false)) return false
  const e = challenge(ctx, rp, statement, proof)
  const equations = [
    // z1⊙C ⊕ Enc_j(z2; w) = A ⊕ e⊙D
    add(N_j, times(N_j, C, z1), encrypt(N_j, z2, w)) === add(N_j, A, times(N_j, D, e)),
    // z1 G = B_x + eX
    publicTimes(z1, secp256k1.G).equals(B_x.add(publicTimes(e, X))),
    // Enc_i(z2; w_y) = B_y ⊕ e⊙Y
    encrypt(N_i, z2, w_y) === add(N_i, B_y, times(N_i, Y, e)),
    // s^z1 t^z3 = E S^e
    commit(rp, z1, z3) === mod(E * ring.pow(S, e), ring.modulus),
    // s^z2 t^z4 = F T^e
    commit(rp, z2, z4) === mod(F * ring.pow(T, e), ring.modulus),
  ]
  return !equations.includes(false)
}

function challenge(
  ctx: ProofContext,
  { ring, s, t }: Pedersen,
  { N_j, N_i, C, D, Y, X }: AffGStatement,
  { A, B_x, B_y, E, S, F, T }: Pick<AffGProof, 'A' | 'B_x' | 'B_y' | 'E' | 'S' | 'F' | 'T'>,
): bigint {
  const statement = hashed(ring.modulus, s, t, N_j.N, N_i.N, C, D, Y, X)
  return challengeModQ(ctx, 'aff-g', statement, hashed(A, B_x, B_y, E, S, F, T))
}

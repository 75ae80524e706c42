/**
 * Πenc-elg (CGGMP24): the ciphertext C encrypts a small plaintext, and an ElGamal commitment holds the same
 * one. The proof is zero-knowledge and sound only towards the owner of the ring-Pedersen parameters. An
 * accepted proof bounds x with slack: x in ±2^(ℓ+ε).
 */
import { record, type Shape } from '../../core/codec.js'
import { type Point, secp256k1 } from '../../group/curve.js'
import type { Rng } from '../../core/session.js'
import { integer, mod, natural, plusMinus, point, q, scalar, unit } from '../integers/integers.js'
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

/** C = Enc(x; ρ) under N0; B = bG; X = bA + xG. */
export type EncElgStatement = {
  readonly N0: Paillier
  readonly C: bigint
  readonly A: Point
  readonly B: Point
  readonly X: Point
}

/** x in ±2^ℓ, ρ in Z*_N0, b a scalar. */
export type EncElgWitness = { readonly x: bigint; readonly rho: bigint; readonly b: bigint }

export type EncElgProof = {
  readonly S: bigint
  readonly T: bigint
  readonly D: bigint
  readonly Y: Point
  readonly Z: Point
  readonly z1: bigint
  readonly z2: bigint
  readonly z3: bigint
  readonly w: bigint
}

export const encElgShape = ({ modulusBits, ell, epsilon }: Level): Shape<EncElgProof> =>
  record({
    S: natural(modulusBits),
    T: natural(modulusBits),
    D: natural(2 * modulusBits),
    Y: point,
    Z: point,
    z1: integer(ell + epsilon),
    z2: natural(modulusBits),
    z3: integer(ell + epsilon + modulusBits),
    w: scalar,
  })

/** How many random bytes the prover reads. */
export const encElgTape = (level: Level): number => {
  const { range, wideRange, unit, scalar } = sampleBytes(level)
  const { ell, epsilon } = level
  return range(ell + epsilon) + wideRange(ell) + unit + scalar + wideRange(ell + epsilon)
}

/**
 * @param rp the verifier's parameters
 * @param rng gives `encElgTape` bytes
 */
export function proveEncElg(
  ctx: ProofContext,
  rp: Pedersen,
  statement: EncElgStatement,
  witness: EncElgWitness,
  rng: Rng,
): EncElgProof {
  const { ell, epsilon } = ctx.level
  const { N0, A } = statement
  const { x, rho, b } = witness
  const Nhat = rp.ring.modulus
  // α ← ±2^(ℓ+ε), μ ← ±2^ℓ N̂, r ← Z*_N0, β ← Zq, γ ← ±2^(ℓ+ε) N̂
  const alpha = plusMinus(twoTo(ell + epsilon), rng)
  const mu = plusMinus(twoTo(ell) * Nhat, rng)
  const r = unit(N0.N, rng)
  const beta = secp256k1.randomScalar(rng)
  const gamma = plusMinus(twoTo(ell + epsilon) * Nhat, rng)
  // S = s^x t^μ, T = s^α t^γ, D = Enc(α; r), Y = βA + αG, Z = βG
  const first = {
    S: commit(rp, x, mu),
    T: commit(rp, alpha, gamma),
    D: encrypt(N0, alpha, r),
    Y: A.multiply(beta).add(secretTimesG(alpha)),
    Z: secp256k1.timesG(beta),
  }
  const e = challenge(ctx, rp, statement, first)
  // z1 = α + ex, z2 = r ρ^e mod N0, z3 = γ + eμ, w = β + eb mod q
  return {
    ...first,
    z1: alpha + e * x,
    z2: mod(r * N0.n.pow(rho, e), N0.N),
    z3: gamma + e * mu,
    w: mod(beta + e * b, q),
  }
}

/** Whether the proof holds; a bad proof of the right shape returns false and never throws. */
export function verifyEncElg(
  ctx: ProofContext,
  rp: Pedersen,
  statement: EncElgStatement,
  proof: EncElgProof,
): boolean {
  const { ell, epsilon } = ctx.level
  const { N0, C, A, B, X } = statement
  const { S, T, D, Y, Z, z1, z2, z3, w } = proof
  const preamble = [
    inPaillierGroups(N0, [C, D], [z2]),
    areUnits([S, T], rp.ring.modulus),
    noIdentity([A, B, X, Y, Z]),
    within(z1, ell + epsilon),
  ]
  if (preamble.includes(false)) return false
  const e = challenge(ctx, rp, statement, proof)
  const equations = [
    // Enc(z1; z2) = D ⊕ e⊙C
    encrypt(N0, z1, z2) === add(N0, D, times(N0, C, e)),
    // wA + z1 G = Y + eX
    publicTimes(w, A)
      .add(publicTimes(z1, secp256k1.G))
      .equals(Y.add(publicTimes(e, X))),
    // wG = Z + eB
    publicTimes(w, secp256k1.G).equals(Z.add(publicTimes(e, B))),
    // s^z1 t^z3 = T S^e
    commit(rp, z1, z3) === mod(T * rp.ring.pow(S, e), rp.ring.modulus),
  ]
  return !equations.includes(false)
}

function challenge(
  ctx: ProofContext,
  { ring, s, t }: Pedersen,
  { N0, C, A, B, X }: EncElgStatement,
  { S, T, D, Y, Z }: Pick<EncElgProof, 'S' | 'T' | 'D' | 'Y' | 'Z'>,
): bigint {
  const statement = hashed(ring.modulus, s, t, N0.N, C, A, B, X)
  return challengeModQ(ctx, 'enc-elg', statement, hashed(S, T, D, Y, Z))
}

/**
 * Πfac (CGGMP24): neither factor of N0 = pq is small. A small factor would reveal every signer's share modulo
 * that factor, one signature after another (CVE-2023-33241). The proof convinces only the owner of the
 * ring-Pedersen parameters. Πmod shows that N0 has two prime factors.
 */
import { record, type Shape } from '../../core/codec.js'
import type { Rng } from '../../core/session.js'
import { abs, integer, isqrt, natural, plusMinus } from '../integers/integers.js'
import type { Level } from '../integers/level.js'
import { commit, type Pedersen } from '../integers/pedersen.js'
import { areUnits } from '../integers/ring.js'
import { hashed, sampleBytes, twoTo } from './common.js'
import { challengePlusMinus, type ProofContext } from './context.js'

export type FacStatement = { readonly N0: bigint }

/** N0 = pq, both below √N0 2^ℓ. */
export type FacWitness = { readonly p: bigint; readonly q: bigint }

export type FacProof = {
  readonly P: bigint
  readonly Q: bigint
  readonly A: bigint
  readonly B: bigint
  readonly T: bigint
  readonly z1: bigint
  readonly z2: bigint
  readonly w1: bigint
  readonly w2: bigint
  readonly v: bigint
}

export const facShape = ({ primeBits, modulusBits, ell, epsilon }: Level): Shape<FacProof> => {
  const element = natural(modulusBits)
  const z = integer(ell + epsilon + primeBits)
  const w = integer(ell + epsilon + modulusBits)
  const v = integer(ell + epsilon + 2 * modulusBits)
  return record({ P: element, Q: element, A: element, B: element, T: element, z1: z, z2: z, w1: w, w2: w, v })
}

/** How many random bytes the prover reads. */
export const facTape = (level: Level): number => {
  const { primeBits, modulusBits, ell, epsilon } = level
  const { range, wideRange } = sampleBytes(level)
  const [alpha, mu, x] = [range(ell + epsilon + primeBits), wideRange(ell), wideRange(ell + epsilon)]
  return 2 * (alpha + mu + x) + range(ell + epsilon + 2 * modulusBits)
}

/**
 * @param rp the verifier's parameters
 * @param rng gives `facTape` bytes
 */
export function proveFac(
  ctx: ProofContext,
  rp: Pedersen,
  { N0 }: FacStatement,
  { p, q }: FacWitness,
  rng: Rng,
): FacProof {
  const { ell, epsilon } = ctx.level
  const { ring } = rp
  const Nhat = ring.modulus
  const R = isqrt(N0)
  // α, β ← ±2^(ℓ+ε) R; μ, ν ← ±2^ℓ N̂; r ← ±2^(ℓ+ε) N0 N̂; x, y ← ±2^(ℓ+ε) N̂
  const alpha = plusMinus(twoTo(ell + epsilon) * R, rng)
  const beta = plusMinus(twoTo(ell + epsilon) * R, rng)
  const mu = plusMinus(twoTo(ell) * Nhat, rng)
  const nu = plusMinus(twoTo(ell) * Nhat, rng)
  const r = plusMinus(twoTo(ell + epsilon) * N0 * Nhat, rng)
  const x = plusMinus(twoTo(ell + epsilon) * Nhat, rng)
  const y = plusMinus(twoTo(ell + epsilon) * Nhat, rng)
  // P = s^p t^μ, Q = s^q t^ν, A = s^α t^x, B = s^β t^y, T = Q^α t^r
  const Q = commit(rp, q, nu)
  const first = {
    P: commit(rp, p, mu),
    Q,
    A: commit(rp, alpha, x),
    B: commit(rp, beta, y),
    T: (ring.pow(Q, alpha) * ring.pow(rp.t, r)) % Nhat,
  }
  const e = challenge(ctx, rp, N0, first)
  // z1 = α + ep, z2 = β + eq, w1 = x + eμ, w2 = y + eν, v = r - eνp
  return {
    ...first,
    z1: alpha + e * p,
    z2: beta + e * q,
    w1: x + e * mu,
    w2: y + e * nu,
    v: r - e * nu * p,
  }
}

/** Whether the proof holds; a bad proof of the right shape returns false and never throws. */
export function verifyFac(ctx: ProofContext, rp: Pedersen, { N0 }: FacStatement, proof: FacProof): boolean {
  const { ell, epsilon } = ctx.level
  const { ring, s, t } = rp
  const { P, Q, A, B, T, z1, z2, w1, w2, v } = proof
  const most = (twoTo(ell + epsilon) * isqrt(N0)) / 2n
  const preamble = [areUnits([P, Q, A, B, T], ring.modulus), abs(z1) <= most, abs(z2) <= most]
  if (preamble.includes(false)) return false
  const e = challenge(ctx, rp, N0, proof)
  const Nhat = ring.modulus
  const equations = [
    // s^z1 t^w1 = A P^e
    commit(rp, z1, w1) === (A * ring.pow(P, e)) % Nhat,
    // s^z2 t^w2 = B Q^e
    commit(rp, z2, w2) === (B * ring.pow(Q, e)) % Nhat,
    // Q^z1 t^v = T (s^N0)^e
    (ring.pow(Q, z1) * ring.pow(t, v)) % Nhat === (T * ring.pow(s, N0 * e)) % Nhat,
  ]
  return !equations.includes(false)
}

/** A challenge in ±2^ℓ, from the statement and all first messages. */
function challenge(
  ctx: ProofContext,
  { ring, s, t }: Pedersen,
  N0: bigint,
  { P, Q, A, B, T }: Pick<FacProof, 'P' | 'Q' | 'A' | 'B' | 'T'>,
): bigint {
  const statement = hashed(ring.modulus, s, t, N0)
  return challengePlusMinus(ctx, 'fac', ctx.level.ell, statement, hashed(P, Q, A, B, T))
}

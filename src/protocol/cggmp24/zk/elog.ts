/**
 * Πelog (CGGMP24): the ElGamal pair (L, M) under the key X holds the logarithm of Y to the base h. It uses
 * curve arithmetic only and convinces any verifier.
 */
import { record, type Shape } from '../../core/codec.js'
import { type Point, secp256k1 } from '../../group/curve.js'
import type { Rng } from '../../core/session.js'
import { mod, point, q, scalar } from '../integers/integers.js'
import { hashed, noIdentity, publicTimes } from './common.js'
import { challengeModQ, type ProofContext } from './context.js'

/** L = λG; M = λX + yG; Y = yh. */
export type ElogStatement = {
  readonly L: Point
  readonly M: Point
  readonly X: Point
  readonly Y: Point
  readonly h: Point
}

/** Scalars. */
export type ElogWitness = { readonly lambda: bigint; readonly y: bigint }

export type ElogProof = {
  readonly A: Point
  readonly N: Point
  readonly B: Point
  readonly z: bigint
  readonly u: bigint
}

export const elogShape: Shape<ElogProof> = record({ A: point, N: point, B: point, z: scalar, u: scalar })

export function proveElog(
  ctx: ProofContext,
  statement: ElogStatement,
  witness: ElogWitness,
  rng: Rng,
): ElogProof {
  const { X, h } = statement
  const { lambda, y } = witness
  // α, m ← Zq
  const alpha = secp256k1.randomScalar(rng)
  const m = secp256k1.randomScalar(rng)
  // A = αG, N = mG + αX, B = mh
  const first = {
    A: secp256k1.timesG(alpha),
    N: secp256k1.timesG(m).add(X.multiply(alpha)),
    B: h.multiply(m),
  }
  const e = challenge(ctx, statement, first)
  // z = α + eλ, u = m + ey
  return {
    ...first,
    z: mod(alpha + e * lambda, q),
    u: mod(m + e * y, q),
  }
}

/** Whether the proof holds; a bad proof of the right shape returns false and never throws. */
export function verifyElog(ctx: ProofContext, statement: ElogStatement, proof: ElogProof): boolean {
  const { L, M, X, Y, h } = statement
  const { A, N, B, z, u } = proof
  if (!noIdentity([L, M, X, Y, h, A, N, B])) return false
  const { G } = secp256k1
  const e = challenge(ctx, statement, proof)
  const equations = [
    // zG = A + eL
    publicTimes(z, G).equals(A.add(publicTimes(e, L))),
    // uG + zX = N + eM
    publicTimes(u, G)
      .add(publicTimes(z, X))
      .equals(N.add(publicTimes(e, M))),
    // uh = B + eY
    publicTimes(u, h).equals(B.add(publicTimes(e, Y))),
  ]
  return !equations.includes(false)
}

function challenge(
  ctx: ProofContext,
  { L, M, X, Y, h }: ElogStatement,
  { A, N, B }: Pick<ElogProof, 'A' | 'N' | 'B'>,
): bigint {
  return challengeModQ(ctx, 'elog', hashed(L, M, X, Y, h), hashed(A, N, B))
}

/**
 * Πsch (CGGMP24): knowledge of the logarithm of X, with a commitment A that the prover gave before it could
 * know X, as in key generation for the combined share. If commitment and proof are made together, use
 * ../../group/schnorr.ts, which draws its own nonce.
 */
import { record, type Shape } from '../../core/codec.js'
import { type Point, secp256k1 } from '../../group/curve.js'
import { mod, q, scalar } from '../integers/integers.js'
import { hashed, noIdentity, publicTimes } from './common.js'
import { challengeModQ, type ProofContext } from './context.js'

/** X = xG; A = τG, opened earlier. A is not part of the proof, so the prover cannot substitute another. */
export type SchStatement = { readonly X: Point; readonly A: Point }

/** Nonzero scalars. τ must answer one challenge only, and is then forgotten. */
export type SchWitness = { readonly x: bigint; readonly tau: bigint }

export type SchProof = { readonly z: bigint }

export const schShape: Shape<SchProof> = record({ z: scalar })

export function proveSch(ctx: ProofContext, statement: SchStatement, { x, tau }: SchWitness): SchProof {
  // z = τ + ex
  return { z: mod(tau + challenge(ctx, statement) * x, q) }
}

/** Whether the proof holds; a bad proof of the right shape returns false and never throws. */
export function verifySch(ctx: ProofContext, statement: SchStatement, { z }: SchProof): boolean {
  const { X, A } = statement
  if (!noIdentity([X, A])) return false
  const e = challenge(ctx, statement)
  // zG = A + eX
  return publicTimes(z, secp256k1.G).equals(A.add(publicTimes(e, X)))
}

const challenge = (ctx: ProofContext, { X, A }: SchStatement): bigint =>
  challengeModQ(ctx, 'sch', hashed(X), hashed(A))

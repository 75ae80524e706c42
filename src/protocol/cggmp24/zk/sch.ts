/**
 * Πsch (CGGMP24): knowledge of the logarithm of X, with a commitment A that the prover gave
 * before it could know X, as key generation does for the combined share. Where both are made at once,
 * ../../schnorr.ts does it, and draws its nonce itself.
 */
import { record, type Shape } from '../../core/codec.js'
import { type Point, secp256k1 } from '../../group/curve.js'
import { mod, q, scalar } from '../integers/integers.js'
import { hashed, noIdentity, publicTimes } from './common.js'
import { challengeModQ, type ProofContext } from './context.js'

/** X = xG; A = τG, opened earlier: it is no part of the proof, so that no other one can be slipped in. */
export type SchStatement = { readonly X: Point; readonly A: Point }

/** Nonzero scalars. τ answers one challenge and is then forgotten. */
export type SchWitness = { readonly x: bigint; readonly tau: bigint }

export type SchProof = { readonly z: bigint }

export const schShape: Shape<SchProof> = record({ z: scalar })

export function proveSch(ctx: ProofContext, statement: SchStatement, { x, tau }: SchWitness): SchProof {
  // z = τ + ex
  return { z: mod(tau + challenge(ctx, statement) * x, q) }
}

/** Whether the proof holds. False, never a throw, on any proof that has the shape. */
export function verifySch(ctx: ProofContext, statement: SchStatement, { z }: SchProof): boolean {
  const { X, A } = statement
  if (!noIdentity([X, A])) return false
  const e = challenge(ctx, statement)
  // zG = A + eX
  return publicTimes(z, secp256k1.G).equals(A.add(publicTimes(e, X)))
}

const challenge = (ctx: ProofContext, { X, A }: SchStatement): bigint =>
  challengeModQ(ctx, 'sch', hashed(X), hashed(A))

/**
 * Schnorr's proof of knowledge of a discrete logarithm, non-interactive and bound to a context (CGGMP24's
 * Πsch): A = τG, e = H(context, X, A), z = τ + ex; accepted if zG = A + eX.
 */
import { sha512 } from '@noble/hashes/sha2.js'
import type { Curve } from './curve.js'
import { attempt, CodecError, encode } from '../core/codec.js'
import type { Secret } from '../core/secret.js'
import type { Rng } from '../core/session.js'

/** `R`: the prover's commitment, an encoded point. `z`: its answer, an encoded scalar. */
export type SchnorrProof = { readonly R: Uint8Array; readonly z: Uint8Array }

/** Computes the challenge e for the point `X` and the commitment `R`, both encoded, in a context. */
export type Challenge = (curve: Curve, context: Uint8Array, X: Uint8Array, R: Uint8Array) => bigint

const schnorrChallenge: Challenge = (curve, context, X, R) =>
  curve.reduce(sha512(encode(['mpc/schnorr-challenge/v1', curve.name, context, X, R])))

/**
 * Proves knowledge of `secret`, an encoded nonzero scalar x, for X = xG.
 * @param context binds the proof; the caller puts run, prover and purpose into it
 * @throws CodecError unless `secret` is a nonzero scalar
 */
export function proveKnowledge(
  curve: Curve,
  context: Uint8Array,
  secret: Secret,
  rng: Rng,
  challenge: Challenge = schnorrChallenge,
): SchnorrProof {
  const x = curve.parseScalar(secret.reveal())
  if (x === 0n) throw new CodecError('', 'zero')
  const X = curve.timesG(x).toBytes()
  const tau = hedgedNonce(curve, context, secret, X, rng)
  const R = curve.timesG(tau).toBytes()
  const e = challenge(curve, context, X, R)
  return { R, z: curve.scalarBytes(curve.Fn.add(tau, curve.Fn.mul(e, x))) }
}

/**
 * A nonzero nonce τ for one proof, hashed from fresh bytes, the secret and the context. If the randomness
 * ever repeats, two proofs in two contexts still have two nonces, and the secret stays hidden.
 * @param X the encoded point whose logarithm `secret` is
 */
export function hedgedNonce(
  curve: Curve,
  context: Uint8Array,
  secret: Secret,
  X: Uint8Array,
  rng: Rng,
): bigint {
  const hedged = encode(['mpc/schnorr-nonce/v1', curve.name, rng(32), secret.reveal(), context, X])
  const wide = sha512(hedged)
  const tau = curve.reduce(wide)
  hedged.fill(0)
  wide.fill(0)
  return tau
}

/**
 * Whether `proof` shows knowledge of the logarithm of `point` in `context`. It returns false on malformed
 * bytes and never throws for them.
 */
export function verifyKnowledge(
  curve: Curve,
  context: Uint8Array,
  point: Uint8Array,
  proof: SchnorrProof,
  challenge: Challenge = schnorrChallenge,
): boolean {
  const parsed = attempt(() => ({
    X: curve.parsePoint(point),
    A: curve.parsePoint(proof.R),
    z: curve.parseScalar(proof.z),
  }))
  if (parsed === null) return false
  const { X, A, z } = parsed
  const e = challenge(curve, context, point, proof.R)
  return curve.G.multiplyUnsafe(z).equals(A.add(X.multiplyUnsafe(e)))
}

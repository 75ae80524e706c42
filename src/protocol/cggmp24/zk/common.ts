/**
 * Helpers of the proofs, above all the checks that every verifier makes before its equations, where the
 * shapes do not make them already. Ciphertexts and nonces must be members of their groups, or equations
 * modulo N² prove nothing (RUSTSEC-2025-0129). No point may be the identity. Answers must be in range, or
 * they reveal another party's share.
 */
import type { Value } from '../../core/codec.js'
import { type Point, secp256k1 } from '../../group/curve.js'
import { bytesBelow, mod, q, toBytes } from '../integers/integers.js'
import type { Level } from '../integers/level.js'
import type { Paillier } from '../integers/paillier.js'
import { areUnits } from '../integers/ring.js'

/** 2^bits. */
export const twoTo = (bits: number): bigint => 1n << BigInt(bits)

/** Whether z is in ±2^bits. The notation means the half range: |z| <= 2^bits / 2. */
export function within(z: bigint, bits: number): boolean {
  const bound = twoTo(bits - 1)
  return -bound <= z && z <= bound
}

/** Whether the ciphertexts are in Z*_N² and the nonces in Z*_N, with one gcd for all of them. */
export function inPaillierGroups(
  key: Paillier,
  ciphertexts: readonly bigint[],
  nonces: readonly bigint[],
): boolean {
  const { N, nn } = key
  const belowSquare = ciphertexts.every((C) => 0n < C && C < nn.modulus)
  return areUnits([...ciphertexts.map((C) => C % N), ...nonces], N) && belowSquare
}

/** Whether none of the points is the identity. */
export const noIdentity = (points: readonly Point[]): boolean => points.every((P) => !P.is0())

/** k * P for any integer k. Not constant time: both must be public. */
export const publicTimes = (k: bigint, P: Point): Point => P.multiplyUnsafe(mod(k, q))

/** k * G for a secret integer k. */
export const secretTimesG = (k: bigint): Point => secp256k1.timesG(mod(k, q))

/**
 * Encodes naturals and points for a challenge's hash; no point may be the identity. The encoding is injective
 * within one kind of proof: it hashes the same types in the same order every time, each item as one byte
 * string of a list, a natural in its only shortest form and a point in its only compressed form. Two kinds of
 * proof may hash equal items; the kind is in the context.
 * @throws RangeError for a negative number
 */
export const hashed = (...items: readonly (bigint | Point)[]): readonly Value[] =>
  items.map((item) => (typeof item === 'bigint' ? toBytes(item) : item.toBytes()))

/** How many random bytes one sample of each type reads from the prover's tape. */
export const sampleBytes = ({ modulusBits }: Level) => ({
  /** ±2^bits */
  range: (bits: number): number => bytesBelow(twoTo(bits) + 1n),
  /** ±2^bits N̂ */
  wideRange: (bits: number): number => bytesBelow(twoTo(bits + modulusBits) - 1n),
  /** A unit modulo N. */
  unit: bytesBelow(twoTo(modulusBits) - 1n),
  /** A nonzero scalar. */
  scalar: 48,
})

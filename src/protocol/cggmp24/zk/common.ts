/**
 * What the proofs of signing share. Above all G0, what every verifier checks before its equations
 * as far as the shapes have not: that ciphertexts and nonces are members of their
 * groups, without which equations modulo N² prove nothing (RUSTSEC-2025-0129), that no point is the identity,
 * and that answers are in range, without which they reveal another's share.
 */
import type { Value } from '../../core/codec.js'
import { type Point, secp256k1 } from '../../group/curve.js'
import { bytesBelow, mod, q, toBytes } from '../integers/integers.js'
import type { Level } from '../integers/level.js'
import type { Paillier } from '../integers/paillier.js'
import { areUnits } from '../integers/ring.js'

/** 2^bits. */
export const twoTo = (bits: number): bigint => 1n << BigInt(bits)

/** Whether z is in ±2^bits, which is the half range: |z| <= 2^bits / 2. */
export function within(z: bigint, bits: number): boolean {
  const bound = twoTo(bits - 1)
  return -bound <= z && z <= bound
}

/** Whether the ciphertexts are in Z*_N² and the nonces in Z*_N, by one gcd for all. */
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

/** k * P for any integer k; both are public. */
export const publicTimes = (k: bigint, P: Point): Point => P.multiplyUnsafe(mod(k, q))

/** k * G for a secret integer k. */
export const secretTimesG = (k: bigint): Point => secp256k1.timesG(mod(k, q))

/**
 * Naturals and points, none the identity, as a challenge's hash takes them: each kind at fixed places. That makes it
 * injective, for a proof hashes the same kinds in the same order each time, each as one byte string of a list: naturals in
 * their one shortest form, points in their one compressed form. What two kinds of proof hash may look alike; the kind is
 * in the context.
 * @throws RangeError for a negative number
 */
export const hashed = (...items: readonly (bigint | Point)[]): readonly Value[] =>
  items.map((item) => (typeof item === 'bigint' ? toBytes(item) : item.toBytes()))

/** How many random bytes each thing that a prover samples reads from its tape. */
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

/**
 * Large integers: arithmetic on BigInt, canonical bytes, and sampling. Arithmetic modulo the curve's order is
 * in `curve.ts`, powers are in `modexp.ts`. The running time of JavaScript's big integers depends on their
 * values; the README says so.
 *
 * The number of bytes that sampling reads depends only on the bounds (128 bits more than they need), so a job
 * can get a tape of random bytes drawn before it runs.
 */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { bytesUpTo, CodecError, mapped, type Shape } from '../../core/codec.js'
import { secp256k1 } from '../../group/curve.js'
import type { Rng } from '../../core/session.js'

/** q: the order of the group. */
export const q: bigint = secp256k1.order

/** A group element in a letter: 33 bytes, compressed, never the identity. */
export const { point, scalar } = secp256k1

/** x mod m in [0, m). */
export function mod(x: bigint, m: bigint): bigint {
  const r = x % m
  return r < 0n ? r + m : r
}

/** The representative of x modulo m in (-m/2, m/2]. */
export function centred(x: bigint, m: bigint): bigint {
  const r = mod(x, m)
  return 2n * r > m ? r - m : r
}

export const abs = (x: bigint): bigint => (x < 0n ? -x : x)

/** The number of bits of |x|; 0 for zero. */
export function bitLength(x: bigint): number {
  const hex = abs(x).toString(16)
  return x === 0n ? 0 : 4 * hex.length - (Math.clz32(Number.parseInt(hex[0] as string, 16)) - 28)
}

/** The greatest common divisor, not negative. */
export const gcd = (a: bigint, b: bigint): bigint => euclid(abs(a), abs(b)).divisor

/** x^-1 mod m, in [0, m). @throws RangeError unless x and m have no common factor */
export function invert(x: bigint, m: bigint): bigint {
  const { divisor, factor } = euclid(m, mod(x, m))
  if (divisor !== 1n) throw new RangeError('not invertible')
  return mod(factor, m)
}

/** The greatest common divisor of a, b >= 0, and a factor with factor * b = divisor modulo a. */
function euclid(a: bigint, b: bigint): { readonly divisor: bigint; readonly factor: bigint } {
  let [x, y] = [a, b]
  let [u, v] = [0n, 1n]
  let bits = bitLength(x)
  while (y !== 0n) {
    const steps = x >= y && y > MOST_EXACT ? leadingSteps(x, y, bits) : null
    if (steps === null) {
      const quotient = x / y
      ;[x, y] = [y, x - quotient * y]
      ;[u, v] = [v, u - quotient * v]
      bits = bitLength(x)
    } else {
      const [A, B, C, D] = steps.factors
      ;[x, y] = [A * x + B * y, C * x + D * y]
      ;[u, v] = [A * u + B * v, C * u + D * v]
      bits = steps.bits
    }
  }
  return { divisor: x, factor: u }
}

const LEADING_BITS = 50
const MOST_EXACT = 2n ** BigInt(LEADING_BITS)

/**
 * Combines as many of Euclid's steps as the leading bits of x >= y determine: x becomes Ax + By, y becomes Cx
 * + Dy (Lehmer; Knuth, TAOCP 2, 4.5.2, algorithm L). This is two to five times as fast as single full-length
 * steps.
 * @param bits the bit length of x, or one or two more; returned for the new x
 * @returns null if the leading bits determine no step
 */
function leadingSteps(
  x: bigint,
  y: bigint,
  bits: number,
): { readonly factors: readonly [bigint, bigint, bigint, bigint]; readonly bits: number } | null {
  const shift = Math.max(0, bits - LEADING_BITS)
  let [a, b] = [Number(x >> BigInt(shift)), Number(y >> BigInt(shift))]
  let [A, B, C, D] = [1, 0, 0, 1]
  // The quotient is certain if it is the same for the least and the largest numbers with these leading bits.
  while (b + C !== 0 && b + D !== 0) {
    const quotient = Math.floor((a + A) / (b + C))
    if (quotient !== Math.floor((a + B) / (b + D))) break
    ;[A, C] = [C, A - quotient * C]
    ;[B, D] = [D, B - quotient * D]
    ;[a, b] = [b, a - quotient * b]
  }
  if (B === 0) return null
  // The bits below the leading ones less than double the result.
  return {
    factors: [BigInt(A), BigInt(B), BigInt(C), BigInt(D)],
    bits: shift + Math.floor(Math.log2(a)) + 2,
  }
}

/** Jacobi symbol (x | n): 1, -1, or 0 for a common factor. @throws RangeError unless n is odd, positive */
export function jacobi(x: bigint, n: bigint): -1 | 0 | 1 {
  if (n <= 0n || (n & 1n) === 0n) throw new RangeError('Jacobi symbols are for odd positive numbers')
  let [a, m] = [mod(x, n), n]
  let sign = 1
  while (a !== 0n) {
    // (2 | m) is -1 exactly if m = 3 or 5 mod 8.
    let twos = 0n
    while (((a >> twos) & 1n) === 0n) twos++
    a >>= twos
    const eighth = m & 7n
    if ((twos & 1n) === 1n && (eighth === 3n || eighth === 5n)) sign = -sign
    // Reciprocity: (a | m) = -(m | a) exactly if both are 3 mod 4.
    if ((a & 3n) === 3n && (m & 3n) === 3n) sign = -sign
    ;[a, m] = [m % a, a]
  }
  return m === 1n ? (sign as -1 | 1) : 0
}

/** The largest r with r^k <= x, for x >= 0 and k >= 2. */
function root(x: bigint, k: number): bigint {
  const K = BigInt(k)
  const bits = Math.floor(bitLength(x) / k)
  if (bits === 0) return x === 0n ? 0n : 1n
  // Newton's iteration starts at the root of the upper half and descends to the root in a few steps.
  const half = bits >> 1
  let r = half === 0 ? 4n : (root(x >> BigInt(k * half), k) + 1n) << BigInt(half)
  for (;;) {
    const next = ((K - 1n) * r + x / r ** (K - 1n)) / K
    if (next >= r) return r
    r = next
  }
}

/** The largest r with r² <= x. @throws RangeError for negative x */
export function isqrt(x: bigint): bigint {
  if (x < 0n) throw new RangeError('a negative number has no root')
  return root(x, 2)
}

/** Whether x = r^k for some r and k >= 2; true for x <= 1. @param least the caller knows that r >= 2^least */
export function isPerfectPower(x: bigint, least = 1): boolean {
  if (x <= 1n) return true
  const bits = bitLength(x)
  for (const k of smallPrimes()) {
    if (k * least >= bits) return false
    if (root(x, k) ** BigInt(k) === x) return true
  }
  return false
}

/** Whether a prime below 2^16 divides x. */
export const hasSmallFactor = (x: bigint): boolean => gcd(x, productOfSmallPrimes() % x) !== 1n

const TRIAL_BOUND = 2 ** 16
let sieved: readonly number[] | undefined
let product: bigint | undefined

function smallPrimes(): readonly number[] {
  if (sieved) return sieved
  const composite = new Uint8Array(TRIAL_BOUND)
  const primes: number[] = []
  for (let n = 2; n < TRIAL_BOUND; n++) {
    if (composite[n] === 1) continue
    primes.push(n)
    for (let multiple = n * n; multiple < TRIAL_BOUND; multiple += n) composite[multiple] = 1
  }
  sieved = primes
  return primes
}

function productOfSmallPrimes(): bigint {
  // By halves: numbers of similar length multiply much faster than long ones by short ones.
  const productOf = (primes: readonly number[]): bigint => {
    const half = primes.length >> 1
    return half === 0
      ? BigInt(primes[0] as number)
      : productOf(primes.slice(0, half)) * productOf(primes.slice(half))
  }
  product ??= productOf(smallPrimes())
  return product
}

// -----------------------------------------------------------------------------------------------------------

/** The shortest big-endian bytes of x >= 0: none for zero. @throws RangeError for negative x */
export function toBytes(x: bigint): Uint8Array {
  if (x < 0n) throw new RangeError('a negative number has no such bytes')
  if (x === 0n) return new Uint8Array()
  const hex = x.toString(16)
  return hexToBytes(hex.length % 2 === 0 ? hex : `0${hex}`)
}

/** The number with these big-endian bytes. Leading zeros are accepted. */
export const fromBytes = (bytes: Uint8Array): bigint =>
  bytes.length === 0 ? 0n : BigInt(`0x${bytesToHex(bytes)}`)

/** A sign byte, 1 for negative, and the bytes of |x|: the form of integers in letters and hashes. */
export function signedBytes(x: bigint): Uint8Array {
  const magnitude = toBytes(abs(x))
  const out = new Uint8Array(1 + magnitude.length)
  out[0] = x < 0n ? 1 : 0
  out.set(magnitude, 1)
  return out
}

/** A non-negative integer of at most `maxBits` bits, in its canonical form. */
export const natural = (maxBits: number): Shape<bigint> =>
  mapped(bytesUpTo(Math.ceil(maxBits / 8)), (bytes) => parseNatural(bytes, maxBits), toBytes)

/** An integer of at most `maxBits` bits and a sign, in its canonical form: there is no negative zero. */
export const integer = (maxBits: number): Shape<bigint> =>
  mapped(
    bytesUpTo(1 + Math.ceil(maxBits / 8), 1),
    (bytes) => {
      const magnitude = parseNatural(bytes.subarray(1), maxBits)
      if (bytes[0] === 0) return magnitude
      if (bytes[0] !== 1 || magnitude === 0n) throw new CodecError('', 'not the sign of an integer')
      return -magnitude
    },
    signedBytes,
  )

function parseNatural(bytes: Uint8Array, maxBits: number): bigint {
  if (bytes[0] === 0) throw new CodecError('', 'an integer with leading zeros')
  const x = fromBytes(bytes)
  if (bitLength(x) > maxBits) throw new CodecError('', `an integer of more than ${maxBits} bits`)
  return x
}

// -----------------------------------------------------------------------------------------------------------

/** The number of random bytes that `uniformBelow` reads for this bound. */
export const bytesBelow = (bound: bigint): number => Math.ceil((bitLength(bound) + 128) / 8)

/** A uniform integer in [0, bound), with a bias below 2^-128. */
export function uniformBelow(bound: bigint, rng: Rng): bigint {
  if (bound < 1n) throw new RangeError('nothing is below this bound')
  const wide = rng(bytesBelow(bound))
  const x = fromBytes(wide) % bound
  wide.fill(0)
  return x
}

/** ±X: a uniform integer in [-X/2, X/2]. */
export function plusMinus(X: bigint, rng: Rng): bigint {
  const half = X / 2n
  return uniformBelow(2n * half + 1n, rng) - half
}

/**
 * A uniform element of Z*_N. If N has no small factors, nearly every number is a unit.
 * @throws RangeError if the number drawn is not a unit, which does not happen by chance
 */
export function unit(N: bigint, rng: Rng): bigint {
  const x = uniformBelow(N, rng)
  if (gcd(x, N) !== 1n) throw new RangeError('a random number has a factor in common with the modulus')
  return x
}

/** Reads random bytes drawn earlier, in order. The caller wipes the tape. @throws RangeError at its end */
export function tape(bytes: Uint8Array): Rng {
  let at = 0
  return (length) => {
    if (at + length > bytes.length) throw new RangeError('the tape of random bytes is at its end')
    at += length
    return bytes.slice(at - length, at)
  }
}

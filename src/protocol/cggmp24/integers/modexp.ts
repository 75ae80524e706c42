/**
 * base^exponent mod modulus: the operation that dominates the cost of Paillier and Pedersen.
 *
 * OpenSSL computes it through Node's Diffie-Hellman objects: a "shared secret" is a power of the other's
 * public value. This is five to eight times as fast as BigInt, needs no native dependency, and takes
 * OpenSSL's constant-time path for exponents. `node:crypto` serves only as a calculator, and is used nowhere
 * else in this room. BigInt computes the cases that OpenSSL refuses, and a self-test decides whether OpenSSL
 * is used at all.
 */
import { createDiffieHellman, type DiffieHellman } from 'node:crypto'
import { bitLength, fromBytes, invert, mod, toBytes } from './integers.js'

/** Sizes of moduli for OpenSSL: below 512 bits it gave a wrong answer, above 10000 it refuses. */
const NATIVE_BITS = { min: 512, max: 10_000 }
/** More moduli than a run with ten parties uses: N, N² and N̂ of each. */
const MOST_MODULI = 64

/** (base, exponent) => base^exponent modulo a fixed modulus, as in `modPow`. */
export type Powers = (base: bigint, exponent: bigint) => bigint

/**
 * base^exponent mod modulus, in [0, modulus). `base` is any integer, reduced first; a negative exponent
 * inverts it. For public moduli only: the OpenSSL objects of the last ones are kept.
 * @throws RangeError for a modulus that is even or below 3, or if the base has no inverse
 */
export function modPow(base: bigint, exponent: bigint, modulus: bigint): bigint {
  const powers = kept.get(modulus) ?? powersModulo(modulus)
  kept.delete(modulus)
  kept.set(modulus, powers)
  if (kept.size > MOST_MODULI) kept.delete(kept.keys().next().value as bigint)
  return powers(base, exponent)
}

const kept = new Map<bigint, Powers>()

/**
 * Powers modulo one modulus, which may be secret: its OpenSSL object lives only as long as the returned
 * function.
 * @param isPrime a wrong value costs only time
 * @throws RangeError for a modulus that is even or below 3
 */
export function powersModulo(modulus: bigint, isPrime = false): Powers {
  if (modulus < 3n || (modulus & 1n) === 0n) throw new RangeError('a modulus is odd and above 1')
  const bits = bitLength(modulus)
  const isNative = bits >= NATIVE_BITS.min && bits <= NATIVE_BITS.max
  const native = isNative ? new Native(modulus, bits, isPrime) : null
  const powers = (base: bigint, exponent: bigint): bigint => {
    if (exponent < 0n) return powers(invert(base, modulus), -exponent)
    const b = mod(base, modulus)
    if (exponent === 0n) return 1n
    // OpenSSL refuses these three as public values.
    if (b <= 1n) return b
    if (b === modulus - 1n) return (exponent & 1n) === 0n ? 1n : b
    const answer = native !== null && nativeWorks() ? native.power(b, exponent) : null
    return answer ?? plainModPow(b, exponent, modulus)
  }
  return powers
}

/** The same with BigInt alone, 4 exponent bits at a time. For 0 <= base < modulus and exponent >= 0. */
export function plainModPow(base: bigint, exponent: bigint, modulus: bigint): bigint {
  const powers = [1n]
  for (let i = 1; i < 16; i++) powers.push(((powers[i - 1] as bigint) * base) % modulus)
  let result = 1n
  for (const digit of exponent.toString(16)) {
    for (let square = 0; square < 4; square++) result = (result * result) % modulus
    result = (result * (powers[Number.parseInt(digit, 16)] as bigint)) % modulus
  }
  return result
}

/**
 * OpenSSL's powers modulo one modulus. Node tests the modulus for primality when it makes an object: this
 * costs one full exponentiation if the modulus is composite, and a hundred if it is prime. A multiple with a
 * small factor is found composite at once, but it is longer: its powers take 1/2 longer at 3072 bits, and 1/8
 * longer at 6144. So the first powers are taken modulo a multiple. The modulus gets its own object once the
 * extra time equals its cost.
 */
class Native {
  readonly #modulus: bigint
  readonly #bits: number
  readonly #isPrime: boolean
  #multiple: DiffieHellman | null = null
  #itself: DiffieHellman | null = null
  /** Bits of all exponents so far. */
  #spent = 0

  constructor(modulus: bigint, bits: number, isPrime: boolean) {
    this.#modulus = modulus
    this.#bits = bits
    this.#isPrime = isPrime
  }

  /** As `powerBy`, for 1 < base < modulus - 1 and exponent > 0. @throws if OpenSSL refuses the modulus */
  power(base: bigint, exponent: bigint): bigint | null {
    const exponentBits = bitLength(exponent)
    const isMultiple = this.#isMultiple(exponentBits)
    count(this.#bits + (isMultiple ? MULTIPLIER_BITS : 0), exponentBits)
    return powerBy(isMultiple ? this.#byMultiple() : this.#byItself(), base, exponent, this.#modulus)
  }

  #isMultiple(exponentBits: number): boolean {
    this.#spent += exponentBits
    // Modulo the multiple, k full exponentiations cost about 16 k / words more. With 64 bits in a word, this
    // is where the extra cost equals one exponentiation. A prime hardly ever reaches its much higher cost.
    const isWorthIt = !this.#isPrime && 1024 * this.#spent > this.#bits ** 2
    return !isWorthIt && this.#bits + MULTIPLIER_BITS <= NATIVE_BITS.max
  }

  #byMultiple(): DiffieHellman {
    this.#multiple ??= diffieHellman(this.#modulus * MULTIPLIER)
    return this.#multiple
  }

  #byItself(): DiffieHellman {
    this.#multiple = null
    this.#itself ??= diffieHellman(this.#modulus)
    return this.#itself
  }
}

/** A multiple of three that keeps the number of OpenSSL's words a multiple of eight, which is fastest. */
const MULTIPLIER = 3n * (2n ** 506n + 1n)
const MULTIPLIER_BITS = 508

const diffieHellman = (modulus: bigint): DiffieHellman =>
  createDiffieHellman(toBytes(modulus), Uint8Array.of(2))

/**
 * base^exponent modulo the object's modulus, a multiple of `modulus`, then reduced modulo `modulus`.
 * @returns null if OpenSSL gives no answer, as for 0, 1 and -1: Node 20 and 24 throw then, Node 22 gives no
 *   bytes
 */
function powerBy(dh: DiffieHellman, base: bigint, exponent: bigint, modulus: bigint): bigint | null {
  const secret = toBytes(exponent)
  try {
    dh.setPrivateKey(secret)
    const result = fromBytes(dh.computeSecret(toBytes(base)))
    return result > 1n ? result % modulus : null
  } catch {
    return null
  } finally {
    secret.fill(0)
    // The object lives on, so the exponent in it, which may be secret, is overwritten.
    dh.setPrivateKey(Uint8Array.of(2))
  }
}

let works: boolean | undefined

/** Whether OpenSSL agrees with BigInt at the sizes in use and at the lower end of its range; tested once. */
function nativeWorks(): boolean {
  works ??= [512, 1031, 2044, 3072, 3580, 6144, 6652].every((bits) => {
    // Powers of 5 and 7, cut to size, have no pattern that a fast path could exploit. The modulus is a
    // multiple of three, which makes its object cheap.
    const odd = (((5n ** BigInt(bits)) >> 100n) % 2n ** BigInt(bits - 2)) | (2n ** BigInt(bits - 2) + 1n)
    const modulus = 3n * odd
    const base = 7n ** BigInt(bits) % modulus
    try {
      const dh = diffieHellman(modulus)
      return [2n, 7n ** 23n].every(
        (exponent) => powerBy(dh, base, exponent, modulus) === plainModPow(base, exponent, modulus),
      )
    } catch {
      return false
    }
  })
  return works
}

// -----------------------------------------------------------------------------------------------------------

/**
 * The number of exponentiations of one size that OpenSSL computed. Sizes are those of the object's modulus
 * and of the exponent, rounded up to multiples of 64 bits.
 */
export type Counted = { readonly modulusBits: number; readonly exponentBits: number; readonly count: number }

const counts = new Map<string, number>()

function count(modulusBits: number, exponentBits: number): void {
  const rounded = (bits: number) => 64 * Math.ceil(bits / 64)
  const size = `${rounded(modulusBits)} ${rounded(exponentBits)}`
  counts.set(size, (counts.get(size) ?? 0) + 1)
}

/** All exponentiations in this thread since the last reset, for the benchmark; the largest sizes first. */
export function exponentiations(): readonly Counted[] {
  return [...counts]
    .map(([size, count]) => {
      const [modulusBits, exponentBits] = size.split(' ').map(Number) as [number, number]
      return { modulusBits, exponentBits, count }
    })
    .sort((a, b) => b.modulusBits - a.modulusBits || b.exponentBits - a.exponentBits)
}

export function resetExponentiations(): void {
  counts.clear()
}

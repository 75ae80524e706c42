/**
 * base^exponent mod modulus: the one operation that all of Paillier's and Pedersen's cost is made of.
 *
 * OpenSSL does it, by way of Node's Diffie-Hellman objects: a "shared secret" is a power of the other's
 * public value. That is five to eight times as fast as BigInt, needs no native dependency, and goes OpenSSL's
 * constant-time way for exponents. It is a calculator here and nothing else: the only use of `node:crypto` in
 * this room. What it refuses is computed with BigInt instead, and a self-test decides whether it is used at
 * all.
 */
import { createDiffieHellman, type DiffieHellman } from 'node:crypto'
import { bitLength, fromBytes, invert, mod, toBytes } from './integers.js'

/** Moduli that OpenSSL can be trusted with: below 512 bits a wrong answer was seen, above 10000 it refuses. */
const NATIVE_BITS = { min: 512, max: 10_000 }
/** More moduli than a run with ten parties uses: N, N² and N̂ of each. */
const MOST_MODULI = 64

/** (base, exponent) => base^exponent modulo something, as `modPow` has it. */
export type Powers = (base: bigint, exponent: bigint) => bigint

/**
 * base^exponent mod modulus, in [0, modulus). `base` is any integer, reduced first; a negative exponent
 * inverts it. For a modulus that everybody may know: what OpenSSL needs for the last ones is kept.
 * @throws RangeError for a modulus that is even or below 3, or when there is no inverse to take
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
 * The powers modulo one modulus, which may be a secret: what OpenSSL needs for it goes with the function.
 * @param isPrime costs nothing but time to have wrong
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

/**
 * The same with BigInt alone: 4 bits of the exponent at a time. For 0 <= base < modulus and exponent >= 0.
 */
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
 * OpenSSL's powers modulo one modulus. To make an object for it, Node has it tested for primality: that takes
 * as long as a full exponentiation if it is composite, and as long as a hundred if it is prime. A multiple
 * with a small factor is found composite at once, but is longer, so its powers take half as long again modulo
 * 3072 bits, and an eighth modulo 6144. So the first are taken modulo a multiple, and the modulus itself gets
 * its object when these have cost as much as it does.
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

  /** As `powerBy`, for 1 < base < modulus - 1 and exponent > 0. @throws when OpenSSL does not take the modulus */
  power(base: bigint, exponent: bigint): bigint | null {
    const exponentBits = bitLength(exponent)
    const isMultiple = this.#isMultiple(exponentBits)
    count(this.#bits + (isMultiple ? MULTIPLIER_BITS : 0), exponentBits)
    return powerBy(isMultiple ? this.#byMultiple() : this.#byItself(), base, exponent, this.#modulus)
  }

  #isMultiple(exponentBits: number): boolean {
    this.#spent += exponentBits
    // Modulo the multiple k full exponentiations cost about 16 k / words more: with 64 bits in a word this is
    // where they have cost one. For a prime they hardly ever do.
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

/**
 * A multiple of three, with as many bits as keep OpenSSL's words a multiple of eight, for which it is fastest.
 */
const MULTIPLIER = 3n * (2n ** 506n + 1n)
const MULTIPLIER_BITS = 508

const diffieHellman = (modulus: bigint): DiffieHellman =>
  createDiffieHellman(toBytes(modulus), Uint8Array.of(2))

/**
 * base^exponent modulo what the object was made for, which is a multiple of the modulus, and then modulo that.
 * @returns null where OpenSSL gives no answer, as for 0, 1 and -1: Node 20 and 24 throw then, Node 22 gives no bytes
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
    // The object lives on; the exponent in it, which may be a secret, does not.
    dh.setPrivateKey(Uint8Array.of(2))
  }
}

let works: boolean | undefined

/** Whether OpenSSL agrees with BigInt, at the sizes in use and at both ends of its range; asked once. */
function nativeWorks(): boolean {
  works ??= [512, 1031, 2044, 3072, 3580, 6144, 6652].every((bits) => {
    // Numbers without a pattern that a fast path could be made for: powers of 5 and 7, cut to size; the modulus a
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
 * How many exponentiations OpenSSL was asked for of one size: modulo what it had an object for, rounded up to multiples of
 * 64 bits.
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

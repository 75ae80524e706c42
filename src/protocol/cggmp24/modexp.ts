/**
 * base^exponent mod modulus: the one operation that all of Paillier's and Pedersen's cost is made of.
 *
 * OpenSSL does it, by way of Node's Diffie-Hellman objects: a "shared secret" is a power of the other's
 * public value. That is five to eight times as fast as BigInt, needs no native dependency, and goes OpenSSL's
 * constant-time way for exponents. It is a calculator here and nothing else: the only use of `node:crypto` in
 * this room. What it refuses is computed with BigInt instead, and a self-test decides whether it is used at
 * all (cggmp24.md 4).
 */
import { createDiffieHellman, type DiffieHellman } from 'node:crypto'
import { bitLength, fromBytes, invert, mod, toBytes } from './integers.js'

/**
 * Moduli that OpenSSL can be trusted with: below 512 bits a wrong answer was seen, above 10000 it refuses.
 */
const NATIVE_BITS = { min: 512, max: 10_000 }
/** More moduli than a run with ten parties uses: N, N² and N̂ of each, and the factors of one's own. */
const MOST_MODULI = 64

/**
 * base^exponent mod modulus, in [0, modulus). `base` is any integer, reduced first; a negative exponent
 * inverts it.
 * @throws RangeError for a modulus that is even or below 3, or when there is no inverse to take
 */
export function modPow(base: bigint, exponent: bigint, modulus: bigint): bigint {
  if (modulus < 3n || (modulus & 1n) === 0n) throw new RangeError('a modulus is odd and above 1')
  if (exponent < 0n) return modPow(invert(base, modulus), -exponent, modulus)
  count(modulus, exponent)
  const b = mod(base, modulus)
  if (exponent === 0n) return 1n
  // OpenSSL refuses these three as public values.
  if (b <= 1n) return b
  if (b === modulus - 1n) return (exponent & 1n) === 0n ? 1n : b
  const bits = bitLength(modulus)
  if (bits < NATIVE_BITS.min || bits > NATIVE_BITS.max || !nativeWorks()) {
    return plainModPow(b, exponent, modulus)
  }
  return nativeModPow(b, exponent, modulus) ?? plainModPow(b, exponent, modulus)
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

const moduli = new Map<bigint, DiffieHellman>()

/**
 * OpenSSL's answer, or null where it gives none. To make an object costs about one exponentiation for a
 * composite modulus and more for a prime one, because Node has it tested for primality; so they are kept, the
 * most recently used.
 */
function nativeModPow(base: bigint, exponent: bigint, modulus: bigint): bigint | null {
  try {
    const dh = moduli.get(modulus) ?? createDiffieHellman(toBytes(modulus), Uint8Array.of(2))
    moduli.delete(modulus)
    moduli.set(modulus, dh)
    if (moduli.size > MOST_MODULI) moduli.delete(moduli.keys().next().value as bigint)
    const secret = toBytes(exponent)
    dh.setPrivateKey(secret)
    secret.fill(0)
    try {
      const result = fromBytes(dh.computeSecret(toBytes(base)))
      // OpenSSL refuses to give 0, 1 and m - 1. Node 20 and 24 throw then; Node 22 gives no bytes, which read
      // as 0.
      return result > 1n && result < modulus - 1n ? result : null
    } finally {
      // The object lives on; the exponent in it, which may be a secret, does not.
      dh.setPrivateKey(Uint8Array.of(2))
    }
  } catch {
    return null
  }
}

let works: boolean | undefined

/** Whether OpenSSL agrees with BigInt, at the sizes in use and at both ends of its range; asked once. */
function nativeWorks(): boolean {
  works ??= [512, 1031, 2048, 3072, 6144].every((bits) => {
    // Numbers without a pattern that a fast path could be made for: powers of 3 and 7, cut to size.
    const modulus = (((3n ** BigInt(bits)) >> 100n) % 2n ** BigInt(bits)) | (2n ** BigInt(bits - 1) + 1n)
    const base = 7n ** BigInt(bits) % modulus
    return [2n, 65_537n, 7n ** 37n].every(
      (exponent) => nativeModPow(base, exponent, modulus) === plainModPow(base, exponent, modulus),
    )
  })
  return works
}

// -----------------------------------------------------------------------------------------------------------

/** How many exponentiations there were of one size; sizes are rounded up to multiples of 64 bits. */
export type Counted = { readonly modulusBits: number; readonly exponentBits: number; readonly count: number }

const counts = new Map<string, number>()

function count(modulus: bigint, exponent: bigint): void {
  const rounded = (x: bigint) => 64 * Math.ceil(bitLength(x) / 64)
  const size = `${rounded(modulus)} ${rounded(exponent)}`
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

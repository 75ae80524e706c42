/** Support of the tests of powers, fast and slow: edge numbers, and a reference that shares no code. */
import fc from 'fast-check'
import { expect } from 'vitest'
import { modPow } from '../../../../src/protocol/cggmp24/integers/modexp.js'

/** Square and multiply, from the lowest bit. */
export function reference(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n
  let square = ((base % modulus) + modulus) % modulus
  for (let e = exponent; e > 0n; e >>= 1n) {
    if ((e & 1n) === 1n) result = (result * square) % modulus
    square = (square * square) % modulus
  }
  return result
}

const bits = (min: number, max: number) =>
  fc.bigInt({ min: 1n << BigInt(min - 1), max: (1n << BigInt(max)) - 1n })

/** An odd modulus of up to so many bits; often next to a power of two or to 512 bits, where OpenSSL takes over. */
export const moduli = (max: number) =>
  fc
    .oneof(
      bits(2, max),
      bits(505, 520),
      fc.integer({ min: 2, max }).map((k) => (1n << BigInt(k)) - 1n),
      fc.integer({ min: 2, max }).map((k) => (1n << BigInt(k - 1)) + 1n),
    )
    .map((m) => m | 1n)
    .filter((m) => m > 1n)

/** A modulus with a base and an exponent for it, edges included. */
export const powers = (maxModulus: number, maxExponent: number) =>
  moduli(maxModulus).chain((m) =>
    fc.record({
      m: fc.constant(m),
      base: fc.oneof(
        fc.bigInt({ min: -2n * m, max: 2n * m }),
        fc.constantFrom(0n, 1n, 2n, -1n, -2n, m - 2n, m - 1n, m, m + 1n),
      ),
      exponent: fc.oneof(
        fc.bigInt({ min: 0n, max: 1n << BigInt(maxExponent) }),
        fc.constantFrom(0n, 1n, 2n, 3n, m - 2n, m - 1n, m, (m - 1n) / 2n),
      ),
    }),
  )

export function holdsFor(property: ReturnType<typeof powers>, numRuns: number): void {
  fc.assert(
    fc.property(property, ({ m, base, exponent }) => {
      expect(modPow(base, exponent, m)).toBe(reference(base, exponent, m))
    }),
    { numRuns, seed: 24 },
  )
}

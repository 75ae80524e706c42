import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { gcd, hasSmallFactor } from '../../../../src/protocol/cggmp24/integers/integers.js'
import { PRODUCTION, TEST_ONLY } from '../../../../src/protocol/cggmp24/integers/level.js'
import { modPow } from '../../../../src/protocol/cggmp24/integers/modexp.js'
import { areUnits, checkModulus, crtRing, ring } from '../../../../src/protocol/cggmp24/integers/ring.js'
import { primes1024, primes1536 } from '../../../support/primes.js'

const [p, q] = primes1024.slice(0, 2) as [bigint, bigint]

describe('powers by Chinese remainders are powers', () => {
  /** Small primes, all of whose bases can be gone through, and large ones. */
  test.each<[string, bigint, bigint]>([
    ['two small primes', 7n, 11n],
    ['their squares', 49n, 121n],
    ['a prime and a square', 7n, 121n],
  ])('%s, every base and exponent', (_, a, b) => {
    const own = crtRing(a, b)
    const m = a * b
    for (let base = 0n; base < m; base += m > 1000n ? 13n : 1n) {
      const [x, y] = [own, ring(m)]
      for (const exponent of [0n, 1n, 2n, 5n, 6n, 7n, 10n, 11n, 41n, 42n, 77n, 110n, 4620n, 999_983n]) {
        expect(x.pow(base, exponent)).toBe(y.pow(base, exponent))
      }
      if (gcd(base, m) === 1n) expect(x.pow(base, -5n)).toBe(y.pow(base, -5n))
      else expect(() => x.pow(base, -5n)).toThrow(RangeError)
    }
  })

  test.each<[string, bigint, bigint]>([
    ['two large primes', p, q],
    ['their squares', p * p, q * q],
  ])('%s', (_, a, b) => {
    const own = crtRing(a, b)
    const m = a * b
    expect(own.modulus).toBe(m)
    const bases = fc.oneof(fc.bigInt({ min: -m, max: 2n * m }), fc.constantFrom(0n, 1n, m - 1n, a, b * 3n))
    const exponents = fc.oneof(
      fc.bigInt({ min: 0n, max: m * m }),
      fc.constantFrom(0n, 1n, p * q, p, q, p - 1n, (p - 1n) * (q - 1n), p * (p - 1n)),
    )
    fc.assert(
      fc.property(bases, exponents, (base, exponent) => {
        expect(own.pow(base, exponent)).toBe(modPow(base, exponent, m))
      }),
      { numRuns: 12, seed: 5 },
    )
    expect(own.pow(3n, -p)).toBe(modPow(3n, -p, m))
    expect(() => own.pow(p, -1n)).toThrow(RangeError)
  })
})

test('units are above zero, below the modulus, and without a common factor', () => {
  const N = p * q
  expect(areUnits([], N)).toBe(true)
  expect(areUnits([1n, 2n, N - 1n], N)).toBe(true)
  for (const bad of [0n, -1n, N, N + 1n, p, q, 3n * q, -p]) {
    expect([areUnits([bad], N), areUnits([5n, bad, 7n], N)]).toEqual([false, false])
  }
  // Two that are none, whose product is.
  expect(areUnits([p, q], N)).toBe(false)
})

describe('a modulus that everybody can see to be wrong', () => {
  const N = p * q
  /** `factor` times something odd, of the size of N, no perfect power. */
  const withFactor = (factor: bigint) => factor * ((N / factor) | 1n)

  test.each<[string, bigint, string]>([
    ['even', N + 1n, 'N: even'],
    ['a prime factor of 3', withFactor(3n), 'N: has a prime factor below 2^16'],
    ['a prime factor of 65521', withFactor(65_521n), 'N: has a prime factor below 2^16'],
    ['a square', p * p, 'N: a perfect power'],
    ['one prime', p, 'N: a modulus has 2047 or 2048 bits'],
    ['too long by a bit', 2n * N + 1n, 'N: a modulus has 2047 or 2048 bits'],
    ['too short by two bits', (N >> 2n) | 1n, 'N: a modulus has 2047 or 2048 bits'],
    ['zero', 0n, 'N: a modulus has 2047 or 2048 bits'],
    ['negative', -N, 'N: a modulus has 2047 or 2048 bits'],
    [
      'of another level',
      (primes1536[0] as bigint) * (primes1536[1] as bigint),
      'N: a modulus has 2047 or 2048 bits',
    ],
  ])('%s', (_, modulus, message) => {
    expect(() => checkModulus(modulus, TEST_ONLY, 'N')).toThrow(message)
  })

  test('a cube of a large number', () => {
    let root = (1n << 682n) + 1n
    while (hasSmallFactor(root)) root += 2n
    expect(() => checkModulus(root ** 3n, TEST_ONLY, 'N')).toThrow('N: a perfect power')
  })

  test('good ones pass', () => {
    checkModulus(N, TEST_ONLY, 'N')
    checkModulus((primes1536[0] as bigint) * (primes1536[1] as bigint), PRODUCTION, 'N')
  })
})

import type * as Crypto from 'node:crypto'
import { afterEach, describe, expect, test, vi } from 'vitest'
import {
  exponentiations,
  modPow,
  plainModPow,
  powersModulo,
  resetExponentiations,
} from '../../../../src/protocol/cggmp24/integers/modexp.js'
import { primes1024, primes1536 } from '../../../support/primes.js'
import { holdsFor, powers, reference } from './modexp.cases.js'

const [p, q] = primes1024.slice(0, 2) as [bigint, bigint]

describe('powers agree with square and multiply', () => {
  test('for moduli around the size where OpenSSL takes over, and below', () => {
    holdsFor(powers(560, 200), 1500)
  })

  test('for moduli up to 2100 bits', () => {
    holdsFor(powers(2100, 300), 60)
  })

  test('at the full size', () => {
    const [p, q] = primes1536.slice(0, 2) as [bigint, bigint]
    for (const modulus of [p * q, (p * q) ** 2n]) {
      const base = 3n ** 5000n
      const exponent = 7n ** 500n
      expect(modPow(base, exponent, modulus)).toBe(reference(base, exponent, modulus))
    }
  })

  test('beyond what OpenSSL takes', () => {
    for (const bits of [9_999n, 10_000n, 10_001n, 10_100n]) {
      const modulus = (1n << (bits - 1n)) + 129n
      expect(modPow(3n ** 7000n, 65_537n, modulus)).toBe(reference(3n ** 7000n, 65_537n, modulus))
    }
  })
})

describe('what OpenSSL refuses', () => {
  const m = p * q
  test.each<[string, bigint, bigint, bigint, bigint]>([
    ['base 0', 0n, 5n, m, 0n],
    ['base 0, exponent 0', 0n, 0n, m, 1n],
    ['base m, which is 0', m, 5n, m, 0n],
    ['base 1', 1n, 1n << 600n, m, 1n],
    ['base m + 1, which is 1', m + 1n, 7n, m, 1n],
    ['base m - 1, odd exponent', m - 1n, 3n, m, m - 1n],
    ['base m - 1, even exponent', m - 1n, 4n, m, 1n],
    ['base -1', -1n, 5n, m, m - 1n],
    ['exponent 0', 7n, 0n, m, 1n],
    ['exponent 1', 7n, 1n, m, 7n],
    ['a result of 1: Fermat', 5n, p - 1n, p, 1n],
    ['a result of m - 1: a non-square', p - 4n, (p - 1n) / 2n, p, p - 1n],
    ['a result of 1: a square', 4n, (p - 1n) / 2n, p, 1n],
    ['a result of 0', p, 2n, p * p, 0n],
    ['a base with a factor of the modulus', p, 3n, m, p ** 3n % m],
  ])('%s', (_, base, exponent, modulus, expected) => {
    expect(modPow(base, exponent, modulus)).toBe(expected)
  })

  test.each([0n, 1n, 2n, -7n, 2n * p, 1n << 1024n])('modulus %#', (modulus) => {
    expect(() => modPow(3n, 5n, modulus)).toThrow(RangeError)
  })
})

test('a negative exponent inverts the base, or throws', () => {
  const m = p * q
  for (const exponent of [1n, 2n, 65_537n, 3n ** 400n]) {
    expect((modPow(7n, -exponent, m) * modPow(7n, exponent, m)) % m).toBe(1n)
  }
  expect(() => modPow(p, -1n, m)).toThrow(RangeError)
  expect(() => modPow(0n, -1n, m)).toThrow(RangeError)
})

test('more moduli than are kept, in turns', () => {
  const moduli = Array.from({ length: 70 }, (_, i) => (1n << 512n) + 2n * BigInt(i) + 1n)
  for (let turn = 0; turn < 2; turn++) {
    for (const modulus of moduli) expect(modPow(3n, 999n, modulus)).toBe(reference(3n, 999n, modulus))
  }
})

describe('a modulus that is used for long', () => {
  const full = primes1536[0] as bigint
  test.each<[string, bigint, boolean]>([
    ['a composite one', p * q, false],
    ['a square', p * p, false],
    ['a prime', full, true],
    ['a prime that is not said to be one', p, false],
    ['a composite one that is said to be prime', p * q, true],
  ])('%s has the same powers before and after it gets an object of its own', (_, modulus, isPrime) => {
    const powers = powersModulo(modulus, isPrime)
    for (let i = 1n; i <= 12n; i++) {
      const [base, exponent] = [7n ** (700n + i), 3n ** (500n + 10n * i)]
      expect(powers(base, exponent)).toBe(reference(base, exponent, modulus))
      expect((powers(base, -exponent) * powers(base, exponent)) % modulus).toBe(1n)
    }
    expect(powers(modulus - 1n, 2n)).toBe(1n)
    expect(powers(5n, 0n)).toBe(1n)
  })
})

describe('whether OpenSSL is used', () => {
  afterEach(() => {
    vi.doUnmock('node:crypto')
    vi.resetModules()
  })

  type Dh = ReturnType<typeof Crypto.createDiffieHellman>

  /** The module as it is with another `computeSecret`. */
  async function withSecret(
    computeSecret: (dh: Dh, base: Uint8Array) => Uint8Array,
    onModulus?: (modulus: Uint8Array) => void,
  ) {
    vi.resetModules()
    vi.doMock('node:crypto', async (original) => {
      const real = await original<typeof Crypto>()
      return {
        ...real,
        createDiffieHellman: (prime: Uint8Array, generator: Uint8Array) => {
          onModulus?.(prime)
          const dh = real.createDiffieHellman(prime, generator)
          return {
            setPrivateKey: (key: Uint8Array) => dh.setPrivateKey(key),
            computeSecret: (base: Uint8Array) => computeSecret(dh, base),
          }
        },
      }
    })
    return import('../../../../src/protocol/cggmp24/integers/modexp.js')
  }

  test('for a prime, which would be tested for a tenth of a second, only a multiple ever gets an object', async () => {
    const made: bigint[] = []
    const module = await withSecret(
      (dh, base) => dh.computeSecret(base),
      (modulus) => made.push(BigInt(`0x${Buffer.from(modulus).toString('hex')}`)),
    )
    module.modPow(3n, 5n, p)
    made.length = 0
    const [ofPrime, ofProduct] = [module.powersModulo(p, true), module.powersModulo(p * q)]
    for (let i = 0; i < 20; i++) {
      ofPrime(5n, p - 2n)
      ofProduct(5n, p - 2n)
    }
    // The product's own object comes once its multiple has cost more than that.
    expect(made.map((modulus) => [modulus % p === 0n, modulus > p * q * 3n, modulus % 3n === 0n])).toEqual([
      [true, false, true],
      [true, true, true],
      [true, false, false],
    ])
    expect(made[2]).toBe(p * q)
  })

  test('it is, where it computes what BigInt does', async () => {
    let asked = 0
    const module = await withSecret((dh, base) => {
      asked++
      return dh.computeSecret(base)
    })
    const selfTest = () => module.modPow(3n, 5n, p)
    selfTest()
    const before = asked
    expect(module.modPow(5n, 3n ** 100n, p * q)).toBe(plainModPow(5n, 3n ** 100n, p * q))
    expect(asked - before).toBe(1)
  })

  test.each<[string, (dh: Dh, base: Uint8Array) => Uint8Array]>([
    [
      'computes something else',
      (dh, base) => dh.computeSecret(base).map((byte, i) => (i === 9 ? byte ^ 1 : byte)),
    ],
    [
      'computes something else for one size',
      (dh, base) => {
        const out = dh.computeSecret(base)
        return out.length === 384 ? out.fill(1) : out
      },
    ],
    [
      'refuses everything',
      () => {
        throw new Error('not available')
      },
    ],
  ])('it is not, where it %s', async (_, computeSecret) => {
    let asked = 0
    const module = await withSecret((dh, base) => {
      asked++
      return computeSecret(dh, base)
    })
    module.modPow(3n, 5n, p)
    const before = asked
    expect(module.modPow(5n, 3n ** 100n, p * q)).toBe(plainModPow(5n, 3n ** 100n, p * q))
    expect(asked).toBe(before)
  })

  test('a single refusal is answered by BigInt', async () => {
    let refuses = false
    const module = await withSecret((dh, base) => {
      if (refuses) throw new Error('not this one')
      return dh.computeSecret(base)
    })
    module.modPow(3n, 5n, p)
    refuses = true
    expect(module.modPow(5n, 3n ** 100n, p * q)).toBe(plainModPow(5n, 3n ** 100n, p * q))
  })

  test('no bytes, as Node 22 gives them where others throw, are a refusal and no 0', async () => {
    const module = await withSecret((dh, base) => {
      try {
        return dh.computeSecret(base)
      } catch {
        return new Uint8Array()
      }
    })
    expect(module.modPow(5n, p - 1n, p)).toBe(1n)
    expect(module.modPow(p - 4n, (p - 1n) / 2n, p)).toBe(p - 1n)
  })
})

test('exponentiations are counted by the sizes that OpenSSL sees, until the next reset', () => {
  modPow(3n, 5n, p)
  resetExponentiations()
  expect(exponentiations()).toEqual([])
  const [prime, product] = [powersModulo(p, true), powersModulo(p * q)]
  prime(3n, (1n << 255n) + 1n)
  prime(3n, 1n << 200n)
  prime(3n, -(1n << 255n))
  product(3n, 1n << 200n)
  // The second is more than the multiple is good for.
  product(3n, 1n << 4096n)
  // An answer without OpenSSL does not count.
  prime(1n, 5n)
  product(3n, 0n)
  expect(exponentiations()).toEqual([
    { modulusBits: 2560, exponentBits: 256, count: 1 },
    { modulusBits: 2048, exponentBits: 4160, count: 1 },
    { modulusBits: 1536, exponentBits: 256, count: 3 },
  ])
  resetExponentiations()
  expect(exponentiations()).toEqual([])
})

import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import {
  gcd,
  jacobi,
  mod,
  plusMinus,
  q as order,
  unit,
} from '../../../../src/protocol/cggmp24/integers/integers.js'
import { PRODUCTION, TEST_ONLY } from '../../../../src/protocol/cggmp24/integers/level.js'
import { modPow } from '../../../../src/protocol/cggmp24/integers/modexp.js'
import {
  add,
  encrypt,
  isCiphertext,
  paillier,
  PaillierSecret,
  subtract,
  times,
} from '../../../../src/protocol/cggmp24/integers/paillier.js'
import { CodecError } from '../../../../src/protocol/core/codec.js'
import { primes1024, primes1536 } from '../../../support/primes.js'
import { seededRng } from '../../../support/rng.js'

const [p, q, third] = primes1024.slice(0, 3) as [bigint, bigint, bigint]

const SIZES: readonly [string, bigint, bigint, number][] = [
  ['2048 bits', p, q, 8],
  ['3072 bits', primes1536[0] as bigint, primes1536[1] as bigint, 2],
]

describe.each(SIZES)('Paillier, %s', (_, p, q, runs) => {
  const secret = new PaillierSecret(p, q)
  const own = secret.key
  const N = p * q
  const theirs = paillier(N, runs === 8 ? TEST_ONLY : PRODUCTION)
  const rng = seededRng('paillier', runs)
  const nonce = () => unit(N, rng)

  test('what was encrypted is decrypted, centred, and the nonce comes back', () => {
    const edges = [0n, 1n, -1n, (N - 1n) / 2n, -(N - 1n) / 2n]
    const random = Array.from({ length: runs }, () => plusMinus(N, rng))
    for (const x of [...edges, ...random]) {
      const rho = nonce()
      const C = encrypt(theirs, x, rho)
      expect(encrypt(own, x, rho)).toBe(C)
      expect(secret.decrypt([C], rng)).toEqual([x])
      expect(secret.nonceOf(C, rng)).toBe(rho)
      expect(isCiphertext(theirs, C)).toBe(true)
    }
  })

  test('sums, differences and multiples, of negative numbers too', () => {
    for (let i = 0; i < runs; i++) {
      const [x, y] = [plusMinus(1n << 300n, rng), plusMinus(1n << 300n, rng)]
      const [X, Y] = [encrypt(theirs, x, nonce()), encrypt(own, y, nonce())]
      for (const key of [theirs, own]) {
        expect(secret.decrypt([add(key, X, Y)], rng)).toEqual([x + y])
        expect(secret.decrypt([subtract(key, X, Y)], rng)).toEqual([x - y])
        expect(secret.decrypt([times(key, X, y)], rng)).toEqual([x * y])
        expect(secret.decrypt([times(key, X, 0n)], rng)).toEqual([0n])
        expect(times(key, X, -1n)).toBe(subtract(key, 1n, X))
      }
    }
  })

  test("a negative β: α + β is γk modulo the curve's order only if α is centred first", () => {
    // D = γ⊙K ⊕ Enc(-β): with γk < β its plaintext is negative, and N is no multiple of the order.
    const [k, gamma, beta] = [3n, 5n, 1n << 1279n]
    const K = encrypt(theirs, k, nonce())
    const D = add(theirs, times(theirs, K, gamma), encrypt(theirs, -beta, nonce()))
    const [alpha] = secret.decrypt([D], rng) as [bigint]
    expect(alpha).toBe(15n - beta)
    expect(mod(alpha + beta, order)).toBe(15n)
    expect(mod(mod(alpha, N) + beta, order)).not.toBe(15n)
  })

  test('roots: of a unit the N-th, of a square the fourth that is a square', () => {
    for (let i = 0; i < runs; i++) {
      const y = nonce()
      expect(modPow(secret.nthRoot(y), N, N)).toBe(y)
      const square = (y * y) % N
      expect(secret.isSquare(square)).toBe(true)
      const x = secret.fourthRoot(square)
      expect(modPow(x, 4n, N)).toBe(square)
      expect(secret.isSquare(x)).toBe(true)
      // Of y, -y, wy, -wy exactly one is a square, for w of Jacobi symbol -1.
      let w = 2n
      while (jacobi(w, N) !== -1) w++
      expect([y, N - y, (w * y) % N, N - ((w * y) % N)].filter((v) => secret.isSquare(v))).toHaveLength(1)
    }
  })
})

describe('misuse (2.10)', () => {
  const secret = new PaillierSecret(p, q)
  const key = paillier(p * q, TEST_ONLY)
  const N = p * q
  const C = encrypt(key, 5n, 7n)
  const rng = seededRng('misuse')

  test('a plaintext beyond N/2, a nonce that is no unit', () => {
    for (const x of [(N + 1n) / 2n, -(N + 1n) / 2n, N, -N, N * N]) {
      expect(() => encrypt(key, x, 7n)).toThrow(RangeError)
    }
    for (const r of [0n, -1n, N, N + 1n, p, q * 2n]) expect(() => encrypt(key, 1n, r)).toThrow(RangeError)
  })

  const none = [0n, -1n, N * N, N * N + 1n, N, p, q, p * p, 2n * N, -C]

  test.each(none.map((bad, i) => [i, bad] as const))('no ciphertext, %d', (_, bad) => {
    expect(isCiphertext(key, bad)).toBe(false)
    expect(() => times(key, bad, 3n)).toThrow(RangeError)
    expect(() => secret.decrypt([C, bad], rng)).toThrow(RangeError)
    expect(() => secret.nonceOf(bad, rng)).toThrow(RangeError)
  })

  test('a factor of N or more', () => {
    for (const a of [N, -N, N + 1n]) expect(() => times(key, C, a)).toThrow(RangeError)
    expect(isCiphertext(key, times(key, C, N - 1n))).toBe(true)
  })

  test('sums of what is not below N², differences with what has no inverse', () => {
    for (const bad of [0n, -1n, N * N]) {
      expect(() => add(key, C, bad)).toThrow(RangeError)
      expect(() => add(key, bad, C)).toThrow(RangeError)
      expect(() => subtract(key, C, bad)).toThrow(RangeError)
    }
    expect(() => subtract(key, C, p)).toThrow(RangeError)
  })

  test('a key is made of what is a modulus only', () => {
    for (const bad of [p, p * p, N + 1n, 3n * N, N >> 3n, -N]) {
      expect(() => paillier(bad, TEST_ONLY)).toThrow(CodecError)
    }
    expect(() => paillier(N, PRODUCTION)).toThrow(CodecError)
  })

  test.each<[string, bigint, bigint]>([
    ['equal', p, p],
    ['not 3 modulo 4', p, q + 2n],
    ['negative', -p, -q],
    ['even', p, 2n * q],
    ['one divides φ of the other', 7n, 43n],
    ['one and a prime', 1n, p],
  ])('a secret key of factors that are %s', (_, a, b) => {
    expect(() => new PaillierSecret(a, b)).toThrow(RangeError)
  })

  test('a secret key prints redacted and is not serialised', () => {
    const texts = [String(secret), inspect(secret), inspect({ secret }, { depth: 9 })]
    for (const text of texts) {
      expect(text).toContain('[secret]')
      expect(text).not.toContain(p.toString().slice(0, 12))
    }
    expect(() => JSON.stringify({ secret })).toThrow(TypeError)
    expect([secret.p, secret.q, gcd(third, N)]).toEqual([p, q, 1n])
  })
})

import { expect, test } from 'vitest'
import { modPow } from '../../../../src/protocol/cggmp24/integers/modexp.js'
import { primes1536 } from '../../../support/primes.js'
import { seededRng } from '../../../support/rng.js'
import { fromBytes } from '../../../../src/protocol/cggmp24/integers/integers.js'
import { holdsFor, powers, reference } from './modexp.cases.js'

test('thousands of small powers', () => {
  holdsFor(powers(600, 600), 20_000)
})

test('a thousand large ones', () => {
  holdsFor(powers(3072, 3072), 1_000)
})

test('the sizes in use, N and N² and their factors, with exponents up to 6912 bits', () => {
  const rng = seededRng('large')
  const random = (bits: number) => fromBytes(rng(bits / 8))
  const [p, q] = primes1536.slice(0, 2) as [bigint, bigint]
  for (const modulus of [p, p * q, p * p, (p * q) ** 2n]) {
    for (const bits of [256, 768, 1536, 3072, 6912]) {
      const [base, exponent] = [random(6144), random(bits)]
      expect(modPow(base, exponent, modulus)).toBe(reference(base, exponent, modulus))
    }
  }
})

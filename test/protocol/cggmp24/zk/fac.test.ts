import { describe, expect, test } from 'vitest'
import { codec, CodecError } from '../../../../src/protocol/core/codec.js'
import { isqrt, tape } from '../../../../src/protocol/cggmp24/integers/integers.js'
import { PRODUCTION, TEST_ONLY } from '../../../../src/protocol/cggmp24/integers/level.js'
import { PaillierSecret } from '../../../../src/protocol/cggmp24/integers/paillier.js'
import { makePedersen, pedersen } from '../../../../src/protocol/cggmp24/integers/pedersen.js'
import { checkModulus } from '../../../../src/protocol/cggmp24/integers/ring.js'
import {
  type FacProof,
  facShape,
  facTape,
  proveFac,
  verifyFac,
} from '../../../../src/protocol/cggmp24/zk/fac.js'
import { proveMod, verifyMod } from '../../../../src/protocol/cggmp24/zk/mod.js'
import { primesOf } from '../../../support/primes.js'
import { seededRng } from '../../../support/rng.js'
import { context, otherContexts, primeOf, sixteenSmallPrimes } from './forge.js'

const ctx = context(TEST_ONLY, 2)
const { p, q } = primesOf(1)
const N0 = p * q
const ownOf = (party: number, level = TEST_ONLY) => {
  const { pHat, qHat } = primesOf(party, level)
  return makePedersen(pHat, qHat, seededRng('parameters', party)).public
}
const own = ownOf(2)
const { s, t } = own
const Nhat = own.ring.modulus
const rp = pedersen(Nhat, s, t, TEST_ONLY)
const proof = proveFac(ctx, rp, { N0 }, { p, q }, seededRng('fac'))
const again = proveFac(ctx, rp, { N0 }, { p, q }, seededRng('again'))

describe('Πfac', () => {
  test('holds for two large primes, in either order, for the verifier with and without its factors', () => {
    const letter = codec(facShape(TEST_ONLY))
    const arrived = letter.decode(letter.encode(proof))
    for (const ring of [rp, own]) expect(verifyFac(ctx, ring, { N0 }, arrived)).toBe(true)
    const turned = proveFac(ctx, rp, { N0 }, { p: q, q: p }, seededRng('turned'))
    expect(verifyFac(ctx, own, { N0 }, turned)).toBe(true)
    for (let run = 0; run < 10; run++) {
      expect(verifyFac(ctx, own, { N0 }, proveFac(ctx, own, { N0 }, { p, q }, seededRng('fac', run)))).toBe(
        true,
      )
    }
  })

  test('holds at the production level', () => {
    const { p, q } = primesOf(1, PRODUCTION)
    const ctx = context(PRODUCTION, 2)
    const rp = ownOf(2, PRODUCTION)
    const full = proveFac(ctx, rp, { N0: p * q }, { p, q }, seededRng('full'))
    const letter = codec(facShape(PRODUCTION))
    expect(verifyFac(ctx, rp, { N0: p * q }, letter.decode(letter.encode(full)))).toBe(true)
  })

  test('the prover reads its tape, and not beyond', () => {
    const bytes = seededRng('tape')(facTape(TEST_ONLY))
    expect(verifyFac(ctx, own, { N0 }, proveFac(ctx, own, { N0 }, { p, q }, tape(bytes)))).toBe(true)
    expect(() => proveFac(ctx, own, { N0 }, { p, q }, tape(bytes.subarray(9)))).toThrow(RangeError)
  })

  test.each([...otherContexts(ctx), ['one to everybody', { ...ctx, verifier: null }] as const])(
    'is refused in %s',
    (_, other) => {
      expect(verifyFac(other, own, { N0 }, proof)).toBe(false)
    },
  )

  test("is refused for another modulus, and by another verifier's parameters", () => {
    const other = primesOf(3)
    expect(verifyFac(ctx, own, { N0: other.p * other.q }, proof)).toBe(false)
    expect(verifyFac(ctx, own, { N0: N0 + 2n }, proof)).toBe(false)
    // With this one every equation is the same to who knows the order of s: the hash holds N0 itself.
    const { pHat, qHat } = primesOf(2)
    expect(verifyFac(ctx, own, { N0: N0 + (pHat - 1n) * (qHat - 1n) }, proof)).toBe(false)
    const stranger = ownOf(3)
    for (const rp of [
      stranger,
      { ...own, s: t, t: s },
      { ...own, s: (s * t) % Nhat },
      { ...own, ring: stranger.ring },
    ]) {
      expect(verifyFac(ctx, rp, { N0 }, proof)).toBe(false)
    }
  })

  const elements = ['P', 'Q', 'A', 'B', 'T'] as const
  test.each(elements)('%s can have no other value', (field) => {
    const x = proof[field]
    const others = [
      0n,
      1n,
      Nhat,
      Nhat - 1n,
      Nhat - x,
      Nhat + x,
      x + 1n,
      x ^ 4096n,
      -x,
      (x * s) % Nhat,
      again[field],
    ]
    const swapped = elements.filter((other) => other !== field).map((other) => proof[other])
    const { pHat, qHat } = primesOf(2)
    for (const value of [...others, ...swapped, pHat, 2n * qHat]) {
      expect(verifyFac(ctx, own, { N0 }, { ...proof, [field]: value })).toBe(false)
    }
  })

  const most = (2n ** 768n * isqrt(N0)) / 2n
  const answers = ['z1', 'z2', 'w1', 'w2', 'v'] as const
  test.each(answers)('%s can have no other value', (field) => {
    const x = proof[field]
    const others = [
      0n,
      1n,
      -x,
      x + 1n,
      x - 1n,
      x ^ 64n,
      x + Nhat,
      x - Nhat,
      x + N0,
      again[field],
      most,
      -most,
      most + 1n,
    ]
    const swapped = answers.filter((other) => other !== field).map((other) => proof[other])
    for (const value of [...others, ...swapped]) {
      expect(verifyFac(ctx, own, { N0 }, { ...proof, [field]: value })).toBe(false)
    }
  })

  test('z1 and z2 beyond their range are refused although every equation holds', () => {
    // The owner of N̂ knows an order of its group, and moves the answers by it.
    const { pHat, qHat } = primesOf(2)
    const order = (pHat - 1n) * (qHat - 1n)
    for (const field of ['z1', 'z2'] as const) {
      for (const by of [order, -order, order * 2n ** 500n]) {
        expect(verifyFac(ctx, own, { N0 }, { ...proof, [field]: proof[field] + by })).toBe(false)
      }
    }
  })

  test('integers that are no answers are refused unread', () => {
    const letter = codec(facShape(TEST_ONLY))
    const tooLong: Partial<FacProof>[] = [
      { P: 2n ** 2048n },
      { z1: 2n ** 1792n },
      { z2: -(2n ** 1792n) },
      { w1: 2n ** 2816n },
      { v: -(2n ** 4864n) },
    ]
    for (const changed of tooLong) {
      expect(() => letter.decode(letter.encode({ ...proof, ...changed }))).toThrow(CodecError)
    }
  })

  test('it has these fields, each once', () => {
    expect(Object.keys(proof)).toEqual(['P', 'Q', 'A', 'B', 'T', 'z1', 'z2', 'w1', 'w2', 'v'])
  })
})

describe('a modulus with a small factor', () => {
  test('sixteen small primes and a large one', () => {
    const factors = sixteenSmallPrimes()
    const small = factors.slice(0, 16).reduce((product, factor) => product * factor, 1n)
    const large = factors[16] as bigint
    const N0 = small * large
    checkModulus(N0, TEST_ONLY, 'N')
    for (const witness of [
      { p: small, q: large },
      { p: large, q: small },
      { p: factors[0] as bigint, q: N0 / (factors[0] as bigint) },
    ]) {
      expect(verifyFac(ctx, own, { N0 }, proveFac(ctx, own, { N0 }, witness, seededRng('small')))).toBe(false)
    }
  })

  test('a factor of 200 bits: Πmod holds, Πfac does not', () => {
    const [p, q] = [primeOf(200), primeOf(1848, 15_715n)]
    const secret = new PaillierSecret(p, q)
    checkModulus(p * q, TEST_ONLY, 'N')
    const few = context({ ...TEST_ONLY, repetitions: 4 as 128 })
    expect(verifyMod(few, { N: p * q }, proveMod(few, secret, seededRng('short')))).toBe(true)
    for (const witness of [
      { p, q },
      { p: q, q: p },
    ]) {
      const proof = proveFac(ctx, own, { N0: p * q }, witness, seededRng('short fac'))
      expect(verifyFac(ctx, own, { N0: p * q }, proof)).toBe(false)
    }
  })

  test('a witness that is not the factors', () => {
    for (const witness of [
      { p: 1n, q: N0 },
      { p, q: q + 2n },
      { p: N0, q: 1n },
      { p: -p, q },
    ]) {
      expect(verifyFac(ctx, own, { N0 }, proveFac(ctx, own, { N0 }, witness, seededRng('not')))).toBe(false)
    }
  })
})

import { describe, expect, test } from 'vitest'
import { codec, CodecError } from '../../../../src/protocol/core/codec.js'
import { mod, tape, toBytes } from '../../../../src/protocol/cggmp24/integers/integers.js'
import { type Level, PRODUCTION, TEST_ONLY } from '../../../../src/protocol/cggmp24/integers/level.js'
import {
  makePedersen,
  pedersen,
  type Pedersen,
  type PedersenSecret,
} from '../../../../src/protocol/cggmp24/integers/pedersen.js'
import { challengeBits } from '../../../../src/protocol/cggmp24/zk/context.js'
import {
  type PrmProof,
  prmShape,
  prmTape,
  provePrm,
  verifyPrm,
} from '../../../../src/protocol/cggmp24/zk/prm.js'
import { primesOf } from '../../../support/primes.js'
import { seededRng } from '../../../support/rng.js'
import { context, fromRemainders, otherContexts } from './forge.js'

/** Enough bits that none of the few hundred altered proofs here meets its challenge by chance. */
const SOME: Level = { ...TEST_ONLY, repetitions: 24 as 128 }
const some = context(SOME)

const { pHat, qHat } = primesOf(1)
const secret = makePedersen(pHat, qHat, seededRng('parameters'))
const rp = secret.public
const Nhat = rp.ring.modulus
const proof = provePrm(some, secret, seededRng('prm'))
const whole = provePrm(context(), secret, seededRng('whole'))

const put = <T>(list: readonly T[], at: number, value: T): readonly T[] =>
  list.map((item, k) => (k === at ? value : item))

describe('Πprm', () => {
  test('holds for a power of t, with all its repetitions, after a journey, for who knows no factors', () => {
    const theirs = pedersen(Nhat, rp.s, rp.t, TEST_ONLY)
    const letter = codec(prmShape(TEST_ONLY))
    expect([whole.e.length, whole.z.length]).toEqual([128, 128])
    expect(verifyPrm(context(), theirs, letter.decode(letter.encode(whole)))).toBe(true)
    for (let party = 2; party <= 5; party++) {
      const { pHat, qHat } = primesOf(party)
      const secret = makePedersen(pHat, qHat, seededRng('parameters', party))
      expect(verifyPrm(some, secret.public, provePrm(some, secret, seededRng('prm', party)))).toBe(true)
    }
  })

  test('holds at the production level', () => {
    const { pHat, qHat } = primesOf(1, PRODUCTION)
    const ctx = context({ ...PRODUCTION, repetitions: 8 as 128 })
    const full = makePedersen(pHat, qHat, seededRng('full'))
    expect(verifyPrm(ctx, full.public, provePrm(ctx, full, seededRng('full proof')))).toBe(true)
  })

  test('the prover reads its tape, and not beyond', () => {
    const bytes = seededRng('tape')(prmTape(SOME))
    expect(verifyPrm(some, rp, provePrm(some, secret, tape(bytes)))).toBe(true)
    expect(() => provePrm(some, secret, tape(bytes.subarray(bytes.length / 2)))).toThrow(RangeError)
  })

  test.each(otherContexts(some))('is refused in %s', (_, ctx) => {
    expect(verifyPrm(ctx, rp, proof)).toBe(false)
  })

  test('is refused for other parameters', () => {
    const { s, t } = rp
    const others = [
      { s: t, t: s },
      { s: (s * t) % Nhat, t },
      { s, t: (s * t) % Nhat },
      { s: Nhat - s, t },
    ]
    for (const other of others) expect(verifyPrm(some, { ...rp, ...other }, proof)).toBe(false)
  })

  test('the hash holds s itself: where no bit is set the equations do not know it', () => {
    const four = context({ ...TEST_ONLY, repetitions: 4 as 128 })
    let zeros = provePrm(four, secret, seededRng('zeros', 0))
    for (let seed = 1; zeros.e.includes(1); seed++) zeros = provePrm(four, secret, seededRng('zeros', seed))
    expect(verifyPrm(four, rp, zeros)).toBe(true)
    const accepted = [2n, 3n, 4n, 5n, 6n].filter((k) =>
      verifyPrm(four, { ...rp, s: rp.ring.pow(rp.s, k) }, zeros),
    )
    expect(accepted.length).toBeLessThan(3)
  })

  test('z can have no other value', () => {
    for (const k of [0, 13, 23]) {
      const z = proof.z[k] as bigint
      const order = secret.phi / 4n
      // z + φ/4 gives the same A_k and would be another proof of the same; there is room for it below N̂.
      expect(verifyPrm(some, rp, { ...proof, z: put(proof.z, k, (z + order) % (4n * order)) })).toBe(true)
      // Beyond [0, N̂) it is none, though every equation would hold.
      for (const value of [z + 8n * order, z - 4n * order]) {
        expect(verifyPrm(some, rp, { ...proof, z: put(proof.z, k, value) })).toBe(false)
      }
      const others = [
        0n,
        1n,
        Nhat - 1n,
        Nhat,
        z + Nhat,
        z - Nhat,
        -z,
        z + 1n,
        z - 1n,
        z ^ 64n,
        z + secret.lambda,
      ]
      for (const value of [...others, proof.z[(k + 1) % 24] as bigint]) {
        expect(verifyPrm(some, rp, { ...proof, z: put(proof.z, k, value) })).toBe(false)
      }
    }
  })

  test('every bit of e counts (bits, nothing larger)', () => {
    for (const [k, bit] of proof.e.entries()) {
      expect(verifyPrm(some, rp, { ...proof, e: put(proof.e, k, 1 - bit) })).toBe(false)
    }
    for (const value of [2, -1, 1.5, Number.NaN]) {
      expect(verifyPrm(some, rp, { ...proof, e: put(proof.e, 0, value) })).toBe(false)
      const form = () =>
        codec(prmShape(SOME)).decode(codec(prmShape(SOME)).encode({ ...proof, e: put(proof.e, 0, value) }))
      expect(form).toThrow(CodecError)
    }
  })

  test('other than 128 of each are refused, unread and read', () => {
    const letter = codec(prmShape(TEST_ONLY))
    for (const field of ['e', 'z'] as const) {
      const all = whole[field] as readonly (number | bigint)[]
      for (const list of [[], all.slice(0, 127), all.slice(1), [...all, all[0]]]) {
        const altered = { ...whole, [field]: list } as PrmProof
        expect(() => letter.decode(letter.encode(altered))).toThrow(CodecError)
        expect(verifyPrm(context(), rp, altered)).toBe(false)
      }
    }
    for (const length of [0, 127]) {
      const altered = { e: whole.e.slice(0, length), z: whole.z.slice(0, length) }
      expect(() => letter.decode(letter.encode(altered))).toThrow(CodecError)
      expect(verifyPrm(context(), rp, altered)).toBe(false)
    }
  })

  test('no answers at all, to the challenge of no commitments', () => {
    const e = challengeBits(some, 'prm', 24, [Nhat, rp.s, rp.t].map(toBytes), [])
    expect(verifyPrm(some, rp, { e, z: [] })).toBe(false)
  })

  test('nothing in it is for the prover to choose', () => {
    expect(Object.keys(proof)).toEqual(['e', 'z'])
  })
})

/** The proof by somebody who knows that s^factor is t^λ, and answers as if the factor were 1. */
const bluff = (rp: Pedersen, lambda: bigint, phi: bigint): PrmProof => {
  const secret: PedersenSecret = { public: rp, lambda, phi }
  return provePrm(some, secret, seededRng('bluff'))
}

describe('s that is no power of t', () => {
  const { s, t, ring } = rp
  /** 1 modulo p̂ and -1 modulo q̂. */
  const halfway = fromRemainders([
    [1n, pHat],
    [-1n, qHat],
  ])

  test.each<[string, bigint, bigint]>([
    ['-t^λ', Nhat - s, t],
    ['t^λ times a root of 1', (s * halfway) % Nhat, t],
    ['a square, t of order 2', s, halfway],
    ['an unrelated number', mod(s * 7n ** 100n, Nhat), t],
    ['t^λ with t to another power', s, ring.pow(t, 3n)],
  ])('%s', (_, s, t) => {
    const bad = { ...rp, s, t }
    expect(pedersen(Nhat, s, t, TEST_ONLY).s).toBe(s)
    expect(verifyPrm(some, bad, bluff(bad, secret.lambda, secret.phi))).toBe(false)
  })

  test('s or t that is no unit', () => {
    for (const [s, t] of [
      [0n, rp.t],
      [rp.s, 0n],
      [pHat, rp.t],
      [rp.s, qHat],
      [Nhat, rp.t],
      [rp.s, Nhat + 1n],
    ] as const) {
      expect(verifyPrm(some, { ...rp, s, t }, proof)).toBe(false)
    }
  })
})

describe('the challenge has 128 live bits', () => {
  test('in a thousand challenges every bit takes both values, about as often', () => {
    const ones = Array.from({ length: 128 }, () => 0)
    for (let run = 0; run < 1000; run++) {
      const bits = challengeBits(context(), 'prm', 128, [toBytes(Nhat)], [run])
      expect(bits).toHaveLength(128)
      for (const [k, bit] of bits.entries()) ones[k] = (ones[k] as number) + bit
    }
    // Six standard deviations of 16 around 500.
    for (const count of ones) expect(Math.abs(count - 500)).toBeLessThan(95)
  })

  test('another A_0 changes about half of all bits, not its own only', () => {
    const A = Array.from({ length: 128 }, (_, k) => BigInt(k) + 2n ** 2000n)
    const bits = (first: bigint) => challengeBits(context(), 'prm', 128, [], put(A, 0, first).map(toBytes))
    const changed = bits(5n).filter((bit, k) => bit !== bits(6n)[k]).length
    expect(Math.abs(changed - 64)).toBeLessThan(30)
  })

  test('a forger who meets some bits by trying fails on the others', () => {
    // s is no power of t, so only e_k that were guessed have an answer: A_k = t^z s^-e_k for a guess, then
    // hash.
    const { ring, t } = rp
    const s = Nhat - rp.s
    const bad = { ...rp, s }
    const inverse = ring.pow(s, -1n)
    const guess = Array.from({ length: 24 }, (_, k) => k % 2)
    const z = guess.map((_, k) => BigInt(k) + 100n)
    const A = z.map((z_k, k) => (ring.pow(t, z_k) * (guess[k] === 1 ? inverse : 1n)) % Nhat)
    let best = { z, e: guess, met: 0 }
    for (let attempt = 0n; attempt < 400n; attempt++) {
      const z_0 = 1000n + attempt
      const commitments = put(A, 0, ring.pow(t, z_0)).map(toBytes)
      const bits = challengeBits(some, 'prm', 24, [Nhat, s, t].map(toBytes), commitments)
      const met = bits.findIndex((bit, k) => bit !== guess[k])
      if (met > best.met) best = { z: put(z, 0, z_0) as bigint[], e: guess, met }
    }
    expect(best.met).toBeGreaterThan(5)
    expect(verifyPrm(some, bad, best)).toBe(false)
    // Nor with the bits that the hash has: the other answers are not to be had.
    const commitments = put(A, 0, ring.pow(t, best.z[0] as bigint)).map(toBytes)
    const e = challengeBits(some, 'prm', 24, [Nhat, s, t].map(toBytes), commitments)
    expect(verifyPrm(some, bad, { z: best.z, e })).toBe(false)
  })
})

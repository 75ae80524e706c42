import { checkPrimeSync, getDiffieHellman } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { codec, CodecError } from '../../../../src/protocol/core/codec.js'
import { fromBytes, gcd, jacobi, tape } from '../../../../src/protocol/cggmp24/integers/integers.js'
import { type Level, PRODUCTION, TEST_ONLY } from '../../../../src/protocol/cggmp24/integers/level.js'
import { modPow } from '../../../../src/protocol/cggmp24/integers/modexp.js'
import { PaillierSecret } from '../../../../src/protocol/cggmp24/integers/paillier.js'
import {
  type ModProof,
  modShape,
  modTape,
  proveMod,
  verifyMod,
} from '../../../../src/protocol/cggmp24/zk/mod.js'
import { primes1024, primesOf } from '../../../support/primes.js'
import { seededRng } from '../../../support/rng.js'
import {
  context,
  equationsThatHold,
  forgeMod,
  fromRemainders,
  nextPrime,
  otherContexts,
  primeOf,
  sixteenSmallPrimes,
} from './forge.js'

/** Each repetition is refused for itself, however few stand beside it. */
const FEW: Level = { ...TEST_ONLY, repetitions: 3 as 128 }
const few = context(FEW)
const sixteen = context({ ...TEST_ONLY, repetitions: 16 as 128 })

const { p, q } = primesOf(1)
const N = p * q
const secret = new PaillierSecret(p, q)
const proof = proveMod(few, secret, seededRng('mod'))
const whole = proveMod(context(), secret, seededRng('whole'))

type Root = ModProof['roots'][number]
const withRoot = (at: number, changed: Partial<Root>, of = proof): ModProof => ({
  ...of,
  roots: of.roots.map((root, k) => (k === at ? { ...root, ...changed } : root)),
})

describe('Πmod', () => {
  test('holds for a product of two primes, with all its repetitions, after a journey', () => {
    const letter = codec(modShape(TEST_ONLY))
    expect(whole.roots).toHaveLength(128)
    expect(verifyMod(context(), { N }, letter.decode(letter.encode(whole)))).toBe(true)
    expect(jacobi(whole.w, N)).toBe(-1)
    for (let party = 2; party <= 5; party++) {
      const { p, q } = primesOf(party)
      const theirs = proveMod(few, new PaillierSecret(p, q), seededRng('mod', party))
      expect(verifyMod(few, { N: p * q }, theirs)).toBe(true)
    }
  })

  test('holds at the production level', () => {
    const { p, q } = primesOf(1, PRODUCTION)
    const ctx = context({ ...PRODUCTION, repetitions: 3 as 128 })
    expect(verifyMod(ctx, { N: p * q }, proveMod(ctx, new PaillierSecret(p, q), seededRng('full')))).toBe(
      true,
    )
  })

  test('the prover reads its tape, and not beyond', () => {
    const bytes = seededRng('tape')(modTape(FEW))
    expect(verifyMod(few, { N }, proveMod(few, secret, tape(bytes)))).toBe(true)
    expect(() => proveMod(few, secret, tape(bytes.subarray(1)))).toThrow(RangeError)
  })

  test.each(otherContexts(few))('is refused in %s', (_, ctx) => {
    expect(verifyMod(ctx, { N }, proof)).toBe(false)
  })

  test('is refused for another modulus', () => {
    const { p, q } = primesOf(2)
    expect(verifyMod(few, { N: p * q }, proof)).toBe(false)
  })

  test.each(['x', 'z'] as const)('%s can have no other value', (field) => {
    const mine = proof.roots[1] as Root
    const others = [
      0n,
      1n,
      N - 1n,
      N,
      N + mine[field],
      p,
      q,
      mine[field] + 1n,
      mine[field] - 1n,
      mine[field] ^ 1024n,
    ]
    const of = [proof.roots[0]?.x, proof.roots[0]?.z, mine.x, mine.z] as bigint[]
    for (const value of [...others, ...of.filter((value) => value !== mine[field])]) {
      expect(verifyMod(few, { N }, withRoot(1, { [field]: value }))).toBe(false)
    }
  })

  test('a and b can have no other value', () => {
    for (const field of ['a', 'b'] as const) {
      for (const [k, root] of proof.roots.entries()) {
        expect(verifyMod(few, { N }, withRoot(k, { [field]: !root[field] }))).toBe(false)
      }
    }
  })

  test('w can have no other value, above all none that shares a factor with N', () => {
    for (const w of [0n, 1n, N, N - 1n, N + proof.w, p, q, 2n * p, proof.w + 1n, (proof.w * proof.w) % N]) {
      expect(verifyMod(few, { N }, { ...proof, w })).toBe(false)
      expect(verifyMod(few, { N }, forgeMod(few, [p, q], w))).toBe(jacobi(w, N) === -1 && w < N)
    }
  })

  test('a w of Jacobi symbol 1 is refused, though few enough equations can be made to hold with it', () => {
    let c = 2n
    let forged = forgeMod(few, [p, q], c * c)
    while (equationsThatHold(few, N, forged) < 3) forged = forgeMod(few, [p, q], ++c * c)
    expect(jacobi(forged.w, N)).toBe(1)
    expect(verifyMod(few, { N }, forged)).toBe(false)
  })

  test('other than 128 repetitions are refused, unread and read', () => {
    const letter = codec(modShape(TEST_ONLY))
    const { roots } = whole
    for (const some of [[], roots.slice(1), [...roots, roots[0] as Root], roots.slice(0, 1)]) {
      expect(() => letter.decode(letter.encode({ ...whole, roots: some }))).toThrow(CodecError)
      expect(verifyMod(context(), { N }, { ...whole, roots: some })).toBe(false)
    }
  })

  test('every repetition has a challenge of its own, and no answer serves another', () => {
    const ys = whole.roots.map(({ z }) => modPow(z, N, N))
    expect(new Set(ys).size).toBe(128)
    expect(ys.every((y) => gcd(y, N) === 1n)).toBe(true)
    const replayed = { ...proof, roots: proof.roots.map(() => proof.roots[0] as Root) }
    expect(verifyMod(few, { N }, replayed)).toBe(false)
    expect(verifyMod(few, { N }, { ...proof, roots: proof.roots.toReversed() })).toBe(false)
  })

  test('nothing in it is for the prover to choose but w, and w changes every challenge', () => {
    expect(Object.keys(proof)).toEqual(['w', 'roots'])
    expect(Object.keys(proof.roots[0] as Root).sort()).toEqual(['a', 'b', 'x', 'z'])
    const other = proveMod(few, secret, seededRng('other w'))
    const ys = [proof, other].flatMap(({ roots }) => roots.map(({ z }) => modPow(z, N, N)))
    expect(new Set(ys).size).toBe(6)
  })
})

describe('a modulus that is no product of two primes', () => {
  test('the forger of these tests is accepted where N is good', () => {
    const forged = forgeMod(few, [p, q], proof.w)
    expect(equationsThatHold(few, N, forged)).toBe(3)
    expect(verifyMod(few, { N }, forged)).toBe(true)
  })

  test('sixteen small primes and a large one', () => {
    const factors = sixteenSmallPrimes()
    const N = factors.reduce((product, factor) => product * factor, 1n)
    let w = 2n
    while (jacobi(w, N) !== -1) w++
    const forged = forgeMod(sixteen, factors, w)
    expect(equationsThatHold(sixteen, N, forged)).toBeLessThan(5)
    expect(verifyMod(sixteen, { N }, forged)).toBe(false)
  })

  test('CVE-2025-66016: w that is 1 modulo one prime and 0 modulo the others solves every equation', () => {
    const rest = [primeOf(512), primeOf(512, 4000n)]
    const N = p * rest.reduce((product, prime) => product * prime, 1n)
    const w = fromRemainders([[1n, p], ...rest.map((prime) => [0n, prime] as const)])
    const forged = forgeMod(few, [p, ...rest], w)
    const answers = forged.roots.map((root) => {
      // With b = 1 both sides are 0 modulo the others; modulo p one of ±y is a square.
      const y = modPow(root.z, N, N)
      const isSquare = jacobi(y, p) === 1
      const x = fromRemainders([
        [modPow(isSquare ? y : -y, ((p + 1n) / 4n) ** 2n, p), p],
        ...rest.map((prime) => [0n, prime] as const),
      ])
      return { x, a: !isSquare, b: true, z: root.z }
    })
    const attack = { w, roots: answers }
    expect(equationsThatHold(few, N, attack)).toBe(3)
    expect(verifyMod(few, { N }, attack)).toBe(false)
  })

  test('a prime solves every equation', () => {
    // 2048 bits, RFC 3526.
    const prime = fromBytes(getDiffieHellman('modp14').getPrime())
    let w = 2n
    while (jacobi(w, prime) !== -1) w++
    const forged = forgeMod(few, [prime], w)
    expect(equationsThatHold(few, prime, forged)).toBe(3)
    expect(verifyMod(few, { N: prime }, forged)).toBe(false)
  })

  test('a factor in common with φ(N): there are no N-th roots', () => {
    const small = primeOf(900)
    const large = (2n ** 247n + 382n) * small + 1n
    expect(checkPrimeSync(large)).toBe(true)
    const factors = [small, large]
    const N = factors.reduce((product, factor) => product * factor, 1n)
    expect(N.toString(2).length).toBeGreaterThan(2046)
    let w = 2n
    while (jacobi(w, N) !== -1) w++
    const forged = forgeMod(few, factors, w)
    expect(equationsThatHold(few, N, forged)).toBe(0)
    expect(verifyMod(few, { N }, forged)).toBe(false)
  })

  test.each<[string, bigint]>([
    ['even', N + 1n],
    ['a square', p * p],
    ['too short', p],
    ['too long', 4n * N + 1n],
    ['zero', 0n],
    ['one', 1n],
  ])('%s', (_, modulus) => {
    expect(verifyMod(few, { N: modulus }, proof)).toBe(false)
  })

  test('two primes of which one is 1 modulo 4', () => {
    // Then -1 is a square modulo it, and some y, -y, wy and -wy are none.
    const other = nextPrime(primes1024[2] as bigint, 1n)
    const N = p * other
    let w = 2n
    while (jacobi(w, N) !== -1) w++
    const forged = forgeMod(sixteen, [p, other], w)
    expect(equationsThatHold(sixteen, N, forged)).toBeLessThan(14)
    expect(verifyMod(sixteen, { N }, forged)).toBe(false)
  })
})

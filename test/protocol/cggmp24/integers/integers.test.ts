import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  abs,
  bitLength,
  bytesBelow,
  centred,
  fromBytes,
  gcd,
  hasSmallFactor,
  integer,
  invert,
  isPerfectPower,
  isqrt,
  jacobi,
  mod,
  natural,
  plusMinus,
  point,
  q,
  scalar,
  signedBytes,
  tape,
  toBytes,
  uniformBelow,
  unit,
} from '../../../../src/protocol/cggmp24/integers/integers.js'
import { CodecError, encode } from '../../../../src/protocol/core/codec.js'
import { secp256k1 } from '../../../../src/protocol/group/curve.js'
import { primes1024 } from '../../../support/primes.js'
import { seededRng } from '../../../support/rng.js'

const [p, r] = primes1024.slice(0, 2) as [bigint, bigint]
const any = fc.bigInt({ min: -(1n << 400n), max: 1n << 400n })
const positive = fc.bigInt({ min: 1n, max: 1n << 400n })
const settings = { numRuns: 300, seed: 7 }

describe('arithmetic', () => {
  test('mod and centred give the representative in their range', () => {
    fc.assert(
      fc.property(any, positive, (x, m) => {
        const [a, b] = [mod(x, m), centred(x, m)]
        expect(a >= 0n && a < m && (x - a) % m === 0n).toBe(true)
        expect(2n * b > -m && 2n * b <= m && (x - b) % m === 0n).toBe(true)
      }),
      settings,
    )
    expect([centred(3n, 6n), centred(-3n, 6n), centred(4n, 7n), centred(3n, 7n)]).toEqual([3n, 3n, -3n, 3n])
  })

  test('bitLength', () => {
    expect([0n, 1n, 2n, 3n, 4n, 7n, 8n, 15n, 16n, 255n, 256n, -256n].map(bitLength)).toEqual([
      0, 1, 2, 2, 3, 3, 4, 4, 5, 8, 9, 9,
    ])
    fc.assert(
      fc.property(positive, (x) => {
        expect(bitLength(x)).toBe(x.toString(2).length)
      }),
      settings,
    )
  })

  test('gcd divides both, and what is left has none', () => {
    fc.assert(
      fc.property(any, positive, positive, (a, b, c) => {
        const d = gcd(a * c, b * c)
        expect((a * c) % d === 0n && (b * c) % d === 0n && d % c === 0n).toBe(true)
        expect(gcd((a * c) / d, (b * c) / d)).toBe(1n)
      }),
      settings,
    )
    expect([gcd(0n, 0n), gcd(0n, 5n), gcd(-12n, 18n), gcd(p, r)]).toEqual([0n, 5n, 6n, 1n])
  })

  test("gcd is Euclid's, at every length, for quotients that leading bits hardly tell, and next to powers of two", () => {
    const euclid = (a: bigint, b: bigint): bigint => (b === 0n ? a : euclid(b, a % b))
    const edge = fc.integer({ min: 1, max: 700 }).chain((bits) =>
      fc.oneof(
        fc.bigInt({ min: 0n, max: 1n << BigInt(bits) }),
        fc.constantFrom(-1n, 0n, 1n).map((d) => (1n << BigInt(bits)) + d),
      ),
    )
    const fibonacci = [1n, 1n]
    for (let i = 2; i < 700; i++) fibonacci.push((fibonacci[i - 1] as bigint) + (fibonacci[i - 2] as bigint))
    const pair = fc.oneof(
      fc.tuple(edge, edge),
      fc.nat(698).map((i): [bigint, bigint] => [fibonacci[i] as bigint, fibonacci[i + 1] as bigint]),
    )
    fc.assert(
      fc.property(pair, edge, ([a, b], c) => {
        expect(gcd(a * c, b * c)).toBe(euclid(a * c, b * c))
        expect(gcd(b, a)).toBe(euclid(a, b))
      }),
      { numRuns: 3000, seed: 8 },
    )
  })

  test('invert gives the inverse, or throws exactly if there is none', () => {
    fc.assert(
      fc.property(
        any,
        positive.filter((m) => m > 1n),
        (x, m) => {
          if (gcd(x, m) === 1n) expect(mod(invert(x, m) * x, m)).toBe(1n)
          else expect(() => invert(x, m)).toThrow(RangeError)
        },
      ),
      settings,
    )
    expect(() => invert(0n, p)).toThrow(RangeError)
    expect(() => invert(p * 3n, p * r)).toThrow(RangeError)
  })

  test("jacobi is Euler's criterion for primes, and multiplies", () => {
    for (const prime of [3n, 5n, 7n, 11n, 13n, 1009n]) {
      for (let x = -20n; x < 40n; x++) {
        const power = mod(x, prime) ** ((prime - 1n) / 2n) % prime
        expect(jacobi(x, prime)).toBe(power === prime - 1n ? -1 : Number(power))
      }
    }
    fc.assert(
      fc.property(any, any, positive, positive, (a, b, m, n) => {
        const [odd, other] = [2n * m + 1n, 2n * n + 1n]
        expect(jacobi(a * b, odd)).toBe(jacobi(a, odd) * jacobi(b, odd) || 0)
        expect(jacobi(a, odd * other)).toBe(jacobi(a, odd) * jacobi(a, other) || 0)
      }),
      settings,
    )
    expect([jacobi(0n, 1n), jacobi(p, p * r), jacobi(4n, p), jacobi(-1n, p), jacobi(-1n, p * r)]).toEqual([
      1, 0, 1, -1, 1,
    ])
    for (const even of [0n, 2n, -3n]) expect(() => jacobi(3n, even)).toThrow(RangeError)
  })

  test('isqrt is the floor of the root', () => {
    fc.assert(
      fc.property(positive, fc.constantFrom(-1n, 0n, 1n), (x, step) => {
        const square = x * x + step
        const root = isqrt(square)
        expect(root * root <= square && (root + 1n) ** 2n > square).toBe(true)
      }),
      settings,
    )
    for (let x = 0n; x < 300n; x++) expect(isqrt(x)).toBe(BigInt(Math.floor(Math.sqrt(Number(x)))))
    expect(() => isqrt(-1n)).toThrow(RangeError)
  })

  test('isPerfectPower finds every power, and nothing else', () => {
    const powers = new Set([0n, 1n])
    for (let b = 2n; b * b < 5000n; b++) for (let x = b * b; x < 5000n; x *= b) powers.add(x)
    for (let x = 0n; x < 5000n; x++) if (isPerfectPower(x) !== powers.has(x)) expect.fail(`${x}`)
    for (const k of [2n, 3n, 5n, 31n, 97n, 127n]) {
      const base = 65_539n ** (96n / k + 1n)
      expect([-1n, 0n, 1n].map((step) => isPerfectPower(base ** k + step, 16))).toEqual([false, true, false])
    }
    expect([isPerfectPower(p * p), isPerfectPower(p * r), isPerfectPower(p)]).toEqual([true, false, false])
  })

  test('hasSmallFactor: the largest prime below 2^16 is found, the next one is not', () => {
    expect([2n, 3n, 65_521n].map((f) => hasSmallFactor(p * f))).toEqual([true, true, true])
    expect([hasSmallFactor(p * 65_537n), hasSmallFactor(p * r)]).toEqual([false, false])
  })
})

describe('bytes', () => {
  test('naturals and signed integers come back from their one form', () => {
    fc.assert(
      fc.property(any, (x) => {
        expect(fromBytes(toBytes(abs(x)))).toBe(abs(x))
        expect(natural(401).parse(natural(401).form(abs(x)), '')).toBe(abs(x))
        expect(integer(401).parse(integer(401).form(x), '')).toBe(x)
      }),
      settings,
    )
    expect([toBytes(0n), toBytes(1n), toBytes(256n)].map((b) => [...b])).toEqual([[], [1], [1, 0]])
    expect([signedBytes(0n), signedBytes(255n), signedBytes(-255n)].map((b) => [...b])).toEqual([
      [0],
      [0, 255],
      [1, 255],
    ])
    expect(() => toBytes(-1n)).toThrow(RangeError)
  })

  test.each<[string, number[]]>([
    ['a leading zero', [0, 1]],
    ['a zero that is written', [0]],
    ['more bits than there may be', [4, 0]],
    ['more bytes than there may be', [1, 0, 0]],
  ])('a natural with %s is refused', (_, encoded) => {
    expect(() => natural(10).parse(Uint8Array.from(encoded), 'x')).toThrow(CodecError)
  })

  test.each<[string, number[]]>([
    ['no sign', []],
    ['an unknown sign', [2, 1]],
    ['a negative zero', [1]],
    ['a leading zero', [0, 0, 1]],
    ['a negative leading zero', [1, 0, 1]],
    ['more bits than there may be', [1, 4, 0]],
  ])('an integer with %s is refused', (_, encoded) => {
    expect(() => integer(10).parse(Uint8Array.from(encoded), 'x')).toThrow(CodecError)
  })

  test.each([[null], [1], ['1'], [[1]]])('%j is no integer', (value) => {
    expect(() => natural(10).parse(value, 'x')).toThrow(CodecError)
    expect(() => integer(10).parse(value, 'x')).toThrow(CodecError)
  })

  test('what stands for integers in a hash stands for one list of them only', () => {
    const lists = fc.array(fc.bigInt({ min: -300n, max: 300n }), { maxLength: 4 })
    fc.assert(
      fc.property(lists, lists, (a, b) => {
        const [x, y] = [a, b].map((list) => encode(list.map(signedBytes)).join())
        expect(x === y).toBe(a.join() === b.join())
      }),
      { numRuns: 2000, seed: 7 },
    )
  })

  test('points and scalars are those of the curve, never the identity, below the order', () => {
    expect(point.parse(secp256k1.G.toBytes(), '').equals(secp256k1.G)).toBe(true)
    for (const bad of [new Uint8Array(33), new Uint8Array(1), new Uint8Array(65)]) {
      expect(() => point.parse(bad, '')).toThrow(CodecError)
    }
    expect(scalar.parse(scalar.form(q - 1n), '')).toBe(q - 1n)
    for (const bad of [toBytes(q), new Uint8Array(31), new Uint8Array(32).fill(255)]) {
      expect(() => scalar.parse(bad, '')).toThrow(CodecError)
    }
  })
})

describe('sampling', () => {
  const counting = (from = seededRng('sampling')) => {
    const rng = (length: number) => {
      rng.read += length
      return from(length)
    }
    rng.read = 0
    return rng
  }

  test('is in range, and reads as much as the bound says, whatever it gets', () => {
    const ones = (length: number) => new Uint8Array(length).fill(255)
    const zeros = (length: number) => new Uint8Array(length)
    fc.assert(
      fc.property(positive, fc.constantFrom(seededRng('range'), ones, zeros), (bound, from) => {
        const rng = counting(from)
        const x = uniformBelow(bound, rng)
        expect(x >= 0n && x < bound && rng.read === bytesBelow(bound)).toBe(true)
        const y = plusMinus(bound, from)
        expect(2n * abs(y) <= bound).toBe(true)
      }),
      settings,
    )
    expect(() => uniformBelow(0n, zeros)).toThrow(RangeError)
  })

  test('±X reaches both ends and all between (the half-range convention)', () => {
    const rng = seededRng('half')
    const seen = (X: bigint) =>
      [...new Set(Array.from({ length: 400 }, () => plusMinus(X, rng)))].sort((a, b) => Number(a - b))
    expect(seen(6n)).toEqual([-3n, -2n, -1n, 0n, 1n, 2n, 3n])
    expect(seen(7n)).toEqual([-3n, -2n, -1n, 0n, 1n, 2n, 3n])
    expect(seen(0n)).toEqual([0n])
  })

  test('a unit is one, or there is none', () => {
    const rng = seededRng('unit')
    for (let i = 0; i < 20; i++) expect(gcd(unit(p * r, rng), p * r)).toBe(1n)
    expect(() => unit(p * r, (length) => new Uint8Array(length))).toThrow(RangeError)
  })

  test('a tape gives its bytes in order, then ends', () => {
    const rng = tape(Uint8Array.of(1, 2, 3, 4, 5))
    expect([...rng(2), ...rng(0), ...rng(2)]).toEqual([1, 2, 3, 4])
    expect(() => rng(2)).toThrow(RangeError)
    const bytes = Uint8Array.of(9, 9)
    tape(bytes)(2).fill(0)
    expect([...bytes]).toEqual([9, 9])
  })
})

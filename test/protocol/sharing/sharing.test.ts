import { secp256k1 as nobleSecp256k1 } from '@noble/curves/secp256k1.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codec, CodecError } from '../../../src/protocol/core/codec.js'
import { ed25519, secp256k1 } from '../../../src/protocol/group/curve.js'
import {
  addCommitments,
  evaluate,
  evaluateCommitment,
  feldman,
  lagrange,
  onOnePolynomial,
  randomPolynomial,
} from '../../../src/protocol/sharing/polynomial.js'
import { seededRng } from '../../support/rng.js'
import { BAD_POINTS, hex, upTo } from '../frost/party.js'

describe.each([ed25519, secp256k1])('on $name', (curve) => {
  const { Fn } = curve
  const rng = seededRng('sharing', curve.name)
  const badPoints = BAD_POINTS[curve.name === 'ed25519' ? 'eddsa-ed25519' : 'schnorr-taproot']

  test.each(badPoints)('%s is no point', (_, encoded) => {
    expect(() => curve.parsePoint(hex(encoded))).toThrow(CodecError)
    expect(() => codec(curve.point).decode(hex(`58${(encoded.length / 2).toString(16)}${encoded}`))).toThrow(
      CodecError,
    )
  })

  test('a point has one encoding: not the uncompressed one, and not a longer one', () => {
    const G = curve.G.toBytes()
    const uncompressed = nobleSecp256k1.Point.BASE.toBytes(false)
    expect(uncompressed).toHaveLength(65)
    for (const bad of [uncompressed, Uint8Array.of(...G, 0), G.slice(1)]) {
      expect(() => curve.parsePoint(bad)).toThrow(CodecError)
    }
  })

  test('points and scalars come back from letters as they were', () => {
    const point = codec(curve.point)
    const scalar = codec(curve.scalar)
    for (const s of [1n, 2n, curve.order - 1n, curve.randomScalar(rng)]) {
      expect(point.decode(point.encode(curve.timesG(s))).equals(curve.timesG(s))).toBe(true)
      expect(scalar.decode(scalar.encode(s))).toBe(s)
    }
  })

  test('a scalar is below the order and has 32 bytes', () => {
    const bytesOf = (value: bigint) => {
      const big = hex(value.toString(16).padStart(64, '0'))
      return curve.name === 'ed25519' ? big.reverse() : big
    }
    expect(curve.parseScalar(bytesOf(curve.order - 1n))).toBe(curve.order - 1n)
    expect(curve.scalarBytes(curve.order - 1n)).toEqual(bytesOf(curve.order - 1n))
    for (const bad of [
      bytesOf(curve.order),
      bytesOf(curve.order + 1n),
      new Uint8Array(31),
      new Uint8Array(33),
    ]) {
      expect(() => curve.parseScalar(bad)).toThrow(CodecError)
    }
  })

  test('a reduced scalar is never zero', () => {
    const wide = (value: bigint) => {
      const big = hex(value.toString(16).padStart(96, '0'))
      return curve.name === 'ed25519' ? big.reverse() : big
    }
    for (const value of [0n, curve.order - 1n, 2n * (curve.order - 1n)])
      expect(curve.reduce(wide(value))).toBe(1n)
    expect(curve.reduce(wide(curve.order - 2n))).toBe(curve.order - 1n)
  })

  test('any t shares give the secret, in the scalars and in the points; t - 1 do not', () => {
    fc.assert(
      fc.property(
        fc
          .integer({ min: 1, max: 6 })
          .chain((t) =>
            fc.tuple(
              fc.constant(t),
              fc.uniqueArray(fc.integer({ min: 1, max: 2 ** 40 }), { minLength: t, maxLength: t }),
            ),
          ),
        ([t, indices]) => {
          const f = randomPolynomial(curve, t, rng)
          const sum = (of: number[]) =>
            of.reduce((total, i) => Fn.add(total, Fn.mul(lagrange(curve, i, of), evaluate(curve, f, i))), 0n)
          expect(sum(indices)).toBe(f[0])
          if (t > 1) expect(sum(indices.slice(1))).not.toBe(f[0])
          for (const i of indices) {
            expect(
              evaluateCommitment(curve, feldman(curve, f), i).equals(curve.timesG(evaluate(curve, f, i))),
            ).toBe(true)
          }
        },
      ),
      { numRuns: 30 },
    )
  })

  test('a polynomial may be given its constant, also zero', () => {
    const f = randomPolynomial(curve, 3, rng, 0n)
    expect(f).toHaveLength(3)
    expect(feldman(curve, f)[0]?.is0()).toBe(true)
  })

  test('commitments of one degree add up; of two they do not', () => {
    const [f, g] = [randomPolynomial(curve, 3, rng), randomPolynomial(curve, 3, rng)]
    const sum = addCommitments([feldman(curve, f), feldman(curve, g)])
    expect(sum.map((A, k) => A.equals(curve.timesG(Fn.add(f[k] as bigint, g[k] as bigint))))).toEqual([
      true,
      true,
      true,
    ])
    expect(() => addCommitments([sum, feldman(curve, randomPolynomial(curve, 2, rng))])).toThrow(RangeError)
  })

  test.each([0, -1, 1.5, 2 ** 53, Number.NaN])('%d is no index', (index) => {
    const f = randomPolynomial(curve, 2, rng)
    expect(() => evaluate(curve, f, index)).toThrow(RangeError)
    expect(() => evaluateCommitment(curve, feldman(curve, f), index)).toThrow(RangeError)
    expect(() => lagrange(curve, index, [1, index])).toThrow(RangeError)
    expect(() => lagrange(curve, 1, [1, index])).toThrow(RangeError)
  })

  test('an index twice, or missing, has no coefficient', () => {
    expect(() => lagrange(curve, 1, [1, 2, 2])).toThrow(RangeError)
    expect(() => lagrange(curve, 3, [1, 2])).toThrow(RangeError)
  })

  test.each([
    [2, 2],
    [2, 3],
    [3, 5],
    [7, 10],
  ])('points of one polynomial of degree below %d are told from others, n = %d', (t, n) => {
    const f = randomPolynomial(curve, t, rng)
    const points = [f[0] as bigint, ...upTo(n).map((i) => evaluate(curve, f, i))].map((s) => curve.timesG(s))
    expect(onOnePolynomial(points, t)).toBe(true)
    expect(onOnePolynomial(points, t + 1)).toBe(true)
    expect(onOnePolynomial(points, t - 1)).toBe(false)
    for (let at = 0; at <= n; at++) {
      const moved = points.map((point, i) => (i === at ? point.add(curve.G) : point))
      expect(onOnePolynomial(moved, t)).toBe(false)
    }
    const swapped = [points[1], points[0], ...points.slice(2)] as typeof points
    expect(onOnePolynomial(swapped, t)).toBe(false)
  })
})

import { describe, expect, test } from 'vitest'
import { CodecError } from '../../../src/protocol/core/codec.js'
import { ed25519, secp256k1 } from '../../../src/protocol/group/curve.js'
import { combine, drawCoefficients, isPiece, split } from '../../../src/protocol/sharing/escrow.js'
import { Secret } from '../../../src/protocol/core/secret.js'
import type { PartyId } from '../../../src/protocol/core/session.js'
import { evaluateCommitment, lagrange } from '../../../src/protocol/sharing/polynomial.js'
import { seededRng } from '../../support/rng.js'
import { BAD_POINTS, hex, toHex, upTo } from '../frost/party.js'

describe.each([ed25519, secp256k1])('escrow on $name', (curve) => {
  const { Fn } = curve
  const rng = seededRng('escrow', curve.name)
  const purpose = new Uint8Array(32)
  const x = curve.randomScalar(rng)
  const share = new Secret(curve.scalarBytes(x))
  const X = curve.timesG(x)
  const coefficients = drawCoefficients(curve, 3, { share, purpose, rng })
  const { F, pieces } = split(curve, share, coefficients, 5)
  const piece = (h: PartyId) => pieces.get(h) as Secret
  const some = (...holders: PartyId[]) => new Map(holders.map((h) => [h, piece(h)]))

  test.each([
    [2, 2],
    [2, 3],
    [3, 5],
    [10, 16],
    [16, 16],
  ])('any %d of %d restore the share, fewer do not', (k, m) => {
    const { F, pieces } = split(curve, share, drawCoefficients(curve, k, { share, purpose, rng }), m)
    expect(F).toHaveLength(k)
    expect(F[0]).toEqual(X.toBytes())
    expect([...pieces.keys()]).toEqual(upTo(m))
    for (const [h, piece] of pieces) expect(isPiece(curve, F, h, piece)).toBe(true)
    for (const start of [0, m - k]) {
      const chosen = [...pieces].slice(start, start + k)
      expect(combine(curve, F, new Map(chosen)).reveal()).toEqual(share.reveal())
      expect(combine(curve, F, new Map([...chosen].reverse())).reveal()).toEqual(share.reveal())
      expect(() => combine(curve, F, new Map(chosen.slice(1)))).toThrow(`${k} pieces restore the share`)
      const few = chosen.slice(1)
      const guess = few.reduce((sum, [h, p]) => {
        const indices = few.map(([other]) => other)
        return Fn.add(sum, Fn.mul(lagrange(curve, h, indices), curve.parseScalar(p.reveal())))
      }, 0n)
      expect(guess).not.toBe(x)
    }
    expect(combine(curve, F, pieces).reveal()).toEqual(share.reveal())
  })

  test('fewer pieces than k fit every secret', () => {
    // For any other x there is a polynomial through it and the same two pieces.
    const other = Fn.add(x, 1n)
    const indices = [1, 2, 0]
    const values = [curve.parseScalar(piece(1).reveal()), curve.parseScalar(piece(2).reveal()), other]
    const at = (point: bigint) =>
      indices.reduce((sum, i, a) => {
        const factors = indices
          .filter((j) => j !== i)
          .map((j) => Fn.div(Fn.sub(point, BigInt(j)), Fn.create(BigInt(i - j))))
        return Fn.add(
          sum,
          factors.reduce((p, factor) => Fn.mul(p, factor), values[a] as bigint),
        )
      }, 0n)
    expect([at(1n), at(2n), at(0n)]).toEqual(values)
  })

  test('the same coefficients make the same pieces again, others make others', () => {
    const again = split(curve, share, coefficients, 5)
    expect(again.F).toEqual(F)
    for (const [h, p] of again.pieces) expect(toHex(p.reveal())).toBe(toHex(piece(h).reveal()))
    const others = split(curve, share, drawCoefficients(curve, 3, { share, purpose, rng }), 5)
    for (const [h, p] of others.pieces) {
      expect(toHex(p.reveal())).not.toBe(toHex(piece(h).reveal()))
      expect(isPiece(curve, F, h, p)).toBe(false)
    }
  })

  test.each<[string, (value: Uint8Array) => Uint8Array]>([
    ['another value', (value) => curve.scalarBytes(Fn.add(curve.parseScalar(value), 1n))],
    ['zero', (value) => value.map(() => 0)],
    ['no scalar', (value) => value.map(() => 255)],
    ['31 bytes', (value) => value.slice(1)],
    ['no bytes', () => new Uint8Array()],
    ['the share itself', () => share.reveal().slice()],
  ])('%s is no piece', (_, alter) => {
    const bad = new Secret(alter(piece(2).reveal()))
    expect(isPiece(curve, F, 2, bad)).toBe(false)
    expect(() => combine(curve, F, new Map([...some(1, 3), [2, bad]]))).toThrow('not a piece of it')
    expect(() => combine(curve, F, new Map([...some(1, 3, 4), [2, bad]]))).toThrow('not a piece of it')
  })

  test('a piece is one holder’s: no other index, none that is none', () => {
    for (const index of [1, 3, 0, -2, 2.5, 2 ** 53]) expect(isPiece(curve, F, index, piece(2))).toBe(false)
  })

  test.each(BAD_POINTS[curve.name === 'ed25519' ? 'eddsa-ed25519' : 'schnorr-taproot'])(
    'a vector with %s has no pieces',
    (_, encoded) => {
      expect(isPiece(curve, [hex(encoded), ...F.slice(1)], 1, piece(1))).toBe(false)
      expect(isPiece(curve, [...F.slice(0, 2), hex(encoded)], 1, piece(1))).toBe(false)
    },
  )

  test('k - 1 pieces with the right constant can be forged without the share: a proof is needed', () => {
    // As the forger: choose two pieces, and fit the vector to them and to X.
    const forged = [curve.randomScalar(rng), curve.randomScalar(rng)] as const
    const [Y1, Y2] = forged.map((y) => curve.timesG(y)) as [typeof X, typeof X]
    // A_1 + A_2 = Y1 - X and 2 A_1 + 4 A_2 = Y2 - X.
    const half = Fn.inv(2n)
    const [D1, D2] = [Y1.subtract(X), Y2.subtract(X)]
    const A2 = D2.subtract(D1.multiplyUnsafe(2n)).multiplyUnsafe(half)
    const A1 = D1.subtract(A2)
    const vector = [X, A1, A2].map((A) => A.toBytes())
    expect(evaluateCommitment(curve, [X, A1, A2], 1).equals(Y1)).toBe(true)
    for (const [i, y] of forged.entries()) {
      expect(isPiece(curve, vector, i + 1, new Secret(curve.scalarBytes(y)))).toBe(true)
    }
  })

  test.each<[string, () => unknown]>([
    ['one piece enough', () => drawCoefficients(curve, 1, { share, purpose, rng })],
    ['half a threshold', () => drawCoefficients(curve, 2.5, { share, purpose, rng })],
    ['fewer holders than pieces', () => split(curve, share, coefficients, 2)],
    ['half a holder', () => split(curve, share, coefficients, 3.5)],
    ['no coefficients', () => split(curve, share, new Secret(new Uint8Array()), 3)],
    ['half a coefficient', () => split(curve, share, new Secret(new Uint8Array(33)), 3)],
    ['a coefficient of zero', () => split(curve, share, new Secret(new Uint8Array(32)), 3)],
    ['a share of zero', () => split(curve, new Secret(new Uint8Array(32)), coefficients, 5)],
  ])('nothing is split with %s', (_, act) => {
    expect(act).toThrow(RangeError)
  })

  test('nothing is split that is no scalar', () => {
    const none = () => new Secret(new Uint8Array(32).fill(255))
    expect(() => split(curve, none(), coefficients, 5)).toThrow(CodecError)
    expect(() => split(curve, share, none(), 5)).toThrow(CodecError)
  })
})

import { describe, expect, test } from 'vitest'
import { CodecError } from '../../../src/protocol/core/codec.js'
import {
  checkPublicShares,
  parseKeyShare,
  type UncheckedKeyShare,
} from '../../../src/protocol/sharing/key-share.js'
import { curveOf, SCHEMES } from '../../../src/protocol/group/scheme.js'
import { Secret } from '../../../src/protocol/core/secret.js'
import type { PartyId } from '../../../src/protocol/core/session.js'
import {
  evaluate,
  evaluateCommitment,
  feldman,
  randomPolynomial,
} from '../../../src/protocol/sharing/polynomial.js'
import { seededRng } from '../../support/rng.js'
import { BAD_POINTS, hex, upTo } from '../frost/party.js'

describe.each(SCHEMES)('a key share, %s', (scheme) => {
  const curve = curveOf(scheme)
  const f = randomPolynomial(curve, 3, seededRng('keyshare', scheme))
  const sharesOf = (indices: readonly PartyId[]) =>
    new Map(indices.map((i) => [i, evaluateCommitment(curve, feldman(curve, f), i).toBytes()]))
  const whole = (): UncheckedKeyShare => ({
    scheme,
    threshold: 3,
    index: 2,
    groupPoint: curve.timesG(f[0] as bigint).toBytes(),
    publicShares: sharesOf(upTo(5)),
    share: new Secret(curve.scalarBytes(evaluate(curve, f, 2))),
  })
  const problemOf = (change: Partial<UncheckedKeyShare>): string => {
    try {
      parseKeyShare({ ...whole(), ...change })
      return 'none'
    } catch (error) {
      if (!(error instanceof CodecError)) throw error
      return error.message
    }
  }
  const replaced = (index: PartyId, encoded: Uint8Array) => new Map([...sharesOf(upTo(5)), [index, encoded]])

  test('is what it was when it is whole', () => {
    const parts = whole()
    expect(parseKeyShare(parts)).toBe(parts)
    expect([...checkPublicShares(parts).keys()]).toEqual(upTo(5))
    expect(problemOf({})).toBe('none')
  })

  test('is whole also when every share signs, and when its shares stand in another order', () => {
    const g = randomPolynomial(curve, 2, seededRng('all', scheme))
    const publicShares = new Map(
      [2, 1].map((i) => [i, evaluateCommitment(curve, feldman(curve, g), i).toBytes()]),
    )
    const share = new Secret(curve.scalarBytes(evaluate(curve, g, 2)))
    const groupPoint = curve.timesG(g[0] as bigint).toBytes()
    expect(problemOf({ threshold: 2, groupPoint, publicShares, share })).toBe('none')
  })

  test.each([0, 1, -1, 6, 2.5, Number.NaN])('has no threshold of %d', (threshold) => {
    expect(problemOf({ threshold })).toBe('threshold: not an integer from 2 to 5')
  })

  test.each([2, 4, 5])('has no threshold of %d when its polynomial has degree 2', (threshold) => {
    const problem = `publicShares: not on one polynomial of degree ${threshold - 1} over the group point`
    expect(problemOf({ threshold })).toBe(problem)
  })

  test.each<[string, PartyId[]]>([
    ['zero', [0, 1, 2, 3, 4]],
    ['a gap', [1, 2, 3, 5]],
    ['not from 1', [2, 3, 4]],
    ['a fraction', [1, 2, 3, 4.5]],
  ])('has no index that is %s', (_, indices) => {
    const positive = indices.filter((i) => Number.isInteger(i) && i > 0)
    const publicShares = new Map(indices.map((i) => [i, sharesOf(positive).get(i) ?? curve.G.toBytes()]))
    expect(problemOf({ publicShares })).toBe(`publicShares: the indices are not 1 to ${indices.length}`)
  })

  test.each([0, 6, -1, 1.5])('is no member with index %d', (index) => {
    expect(problemOf({ index })).toBe('index: no member of this key')
  })

  test.each(BAD_POINTS[scheme])('%s is neither group point nor public share', (_, encoded) => {
    expect(problemOf({ groupPoint: hex(encoded) })).toMatch(/^groupPoint: (?!not on one)/)
    expect(problemOf({ publicShares: replaced(4, hex(encoded)) })).toMatch(/^publicShares\[4\]: /)
  })

  test('every point lies on the polynomial, the group point included', () => {
    const problem = 'publicShares: not on one polynomial of degree 2 over the group point'
    expect(problemOf({ groupPoint: curve.G.toBytes() })).toBe(problem)
    for (const index of upTo(5))
      expect(problemOf({ publicShares: replaced(index, curve.G.toBytes()) })).toBe(problem)
    const swapped = new Map([...sharesOf([2]).values()].map((X) => [1, X] as const))
    expect(problemOf({ publicShares: new Map([...sharesOf(upTo(5)), ...swapped]) })).toBe(problem)
  })

  test('the group point has its own parity: its negative is another key', () => {
    const groupPoint = curve.timesG(curve.Fn.neg(f[0] as bigint)).toBytes()
    expect(problemOf({ groupPoint })).toMatch(/not on one polynomial/)
  })

  test.each<[string, bigint, string]>([
    ["another's", evaluate(curve, f, 3), 'share: not the share of its public share'],
    ['one more', evaluate(curve, f, 2) + 1n, 'share: not the share of its public share'],
    ['the negative', curve.Fn.neg(evaluate(curve, f, 2)), 'share: not the share of its public share'],
    ['zero', 0n, 'share: zero'],
  ])('its secret is not %s', (_, value, problem) => {
    expect(problemOf({ share: new Secret(curve.scalarBytes(value)) })).toBe(problem)
  })

  test('its secret is a scalar of 32 bytes below the order', () => {
    expect(problemOf({ share: new Secret(new Uint8Array(32).fill(255)) })).toBe('share: not below the order')
    expect(problemOf({ share: new Secret(new Uint8Array(31)) })).toBe('share: a scalar has 32 bytes')
  })

  test('its problems never quote the secret', () => {
    const bytes = new Uint8Array(32).fill(0xfe)
    const message = problemOf({ share: new Secret(bytes) })
    expect(message).not.toContain(Buffer.from(bytes).toString('hex').slice(0, 8))
    expect(message).not.toContain(String(curve.Fn.create(BigInt(`0x${Buffer.from(bytes).toString('hex')}`))))
  })
})

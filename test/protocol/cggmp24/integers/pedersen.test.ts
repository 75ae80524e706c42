import { describe, expect, test } from 'vitest'
import { tape } from '../../../../src/protocol/cggmp24/integers/integers.js'
import { TEST_ONLY } from '../../../../src/protocol/cggmp24/integers/level.js'
import {
  commit,
  makePedersen,
  pedersen,
  pedersenTape,
} from '../../../../src/protocol/cggmp24/integers/pedersen.js'
import { primesOf } from '../../../support/primes.js'
import { seededRng } from '../../../support/rng.js'

const { pHat: p, qHat: q } = primesOf(1)
const own = makePedersen(p, q, seededRng('pedersen'))
const { s, t, ring } = own.public
const Nhat = p * q

describe('ring-Pedersen parameters', () => {
  test('s is the power of t that their owner knows, both are squares, and nothing of a tape is left over', () => {
    expect(ring.pow(t, own.lambda)).toBe(s)
    expect([ring.modulus, own.phi]).toEqual([Nhat, (p - 1n) * (q - 1n)])
    for (const base of [s, t]) expect([p, q].map((f) => ring.pow(base, own.phi / 4n) % f)).toEqual([1n, 1n])
    expect(own.lambda >= 0n && own.lambda < own.phi / 4n).toBe(true)
    const bytes = seededRng('tape')(pedersenTape(TEST_ONLY))
    expect(makePedersen(p, q, tape(bytes)).public.ring.modulus).toBe(Nhat)
  })

  test('commitments are the same for everybody, add up, and take negative numbers', () => {
    const theirs = pedersen(Nhat, s, t, TEST_ONLY)
    const [a, b, c, d] = [-(1n << 766n) + 3n, (1n << 2800n) + 1n, 12_345n, -(1n << 2700n)]
    for (const [x, y] of [
      [a, b],
      [c, d],
      [0n, 0n],
      [a, d],
    ] as const) {
      expect(commit(theirs, x, y)).toBe(commit(own.public, x, y))
    }
    expect((commit(theirs, a, b) * commit(theirs, c, d)) % Nhat).toBe(commit(theirs, a + c, b + d))
    expect(commit(theirs, 0n, 0n)).toBe(1n)
  })

  test.each<[string, [bigint, bigint, bigint], string]>([
    ['s = 1', [Nhat, 1n, t], 's: of order 1 or 2'],
    ['t = 1', [Nhat, s, 1n], 't: of order 1 or 2'],
    ['s = N̂ - 1', [Nhat, Nhat - 1n, t], 's: of order 1 or 2'],
    ['t = N̂ - 1', [Nhat, s, Nhat - 1n], 't: of order 1 or 2'],
    ['s = 0', [Nhat, 0n, t], 's: not a unit modulo N̂'],
    ['t = 0', [Nhat, s, 0n], 't: not a unit modulo N̂'],
    ['s = N̂', [Nhat, Nhat, t], 's: not a unit modulo N̂'],
    ['t = N̂ + 1', [Nhat, s, Nhat + 1n], 't: not a unit modulo N̂'],
    ['s with a factor of N̂', [Nhat, p, t], 's: not a unit modulo N̂'],
    ['t with a factor of N̂', [Nhat, s, 2n * q], 't: not a unit modulo N̂'],
    ['s = t', [Nhat, t, t], 's: the same as t'],
    ['N̂ even', [Nhat + 1n, s, t], 'Nhat: even'],
    ['N̂ a square', [p * p, s % p, t % p], 'Nhat: a perfect power'],
    ['N̂ a prime', [p, s % p, t % p], 'Nhat: a modulus has 2047 or 2048 bits'],
  ])('%s is refused', (_, [N, s, t], message) => {
    expect(() => pedersen(N, s, t, TEST_ONLY)).toThrow(message)
  })
})

import { fromBytes } from '../../../src/protocol/cggmp24/integers/integers.js'
import { describe, expect, test } from 'vitest'
import { seededRng } from '../../support/rng.js'
import { CASES, expectCaught } from './matrix.js'

const rng = seededRng('matrix')
const sample = [...CASES]
  .map((one) => ({ one, place: fromBytes(rng(8)) }))
  .sort((a, b) => (a.place < b.place ? -1 : 1))
  .slice(0, 40)
  .map(({ one }) => one)

describe('a field altered in a letter of signing or of key generation', () => {
  test('the matrix covers every letter', () => {
    expect(new Set(CASES.map(({ round, kind }) => `${round} ${kind}`)).size).toBe(19)
    expect(CASES.length).toBeGreaterThan(1000)
  })

  test.each(sample)('$name', (one) => {
    expectCaught(one)
  })
})

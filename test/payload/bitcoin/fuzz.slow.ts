import { expect, test } from 'vitest'
import { fuzz } from './fuzz.js'

test('100,000 hostile PSBTs: each is shown or refused', () => {
  expect(fuzz(100_000, 174)).toBeGreaterThan(5000)
})

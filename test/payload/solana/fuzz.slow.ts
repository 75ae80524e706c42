import { expect, test } from 'vitest'
import { fuzz } from './fuzz.js'

test('100,000 hostile payloads: each is shown or refused', () => {
  expect(fuzz(100_000, 20_262)).toBeGreaterThan(20_000)
})

import { expect, test } from 'vitest'
import { fuzz } from './fuzz.js'

test('100,000 hostile payloads: each is shown or refused', () => {
  const shown = fuzz(100_000, 20_262)
  expect(shown['mutated']).toBeGreaterThan(2500)
  expect(shown['composed']).toBeGreaterThan(30_000)
})

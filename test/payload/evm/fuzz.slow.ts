import { expect, test } from 'vitest'
import { fuzz } from './fuzz.js'

test('a hundred thousand mutated payloads are refused, or shown as what they are', () => {
  const views = fuzz(100_000, 7)
  for (const count of Object.values(views)) expect(count).toBeGreaterThan(1000)
})

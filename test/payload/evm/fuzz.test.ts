import { expect, test } from 'vitest'
import { fuzz } from './fuzz.js'

test('a thousand mutated payloads are refused, or shown as what they are', () => {
  const views = fuzz(1000, 20_261_130)
  expect(Object.keys(views).sort()).toEqual(['eip191', 'eip712', 'evm-tx'])
  for (const count of Object.values(views)) expect(count).toBeGreaterThan(20)
})

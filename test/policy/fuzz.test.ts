import { expect, test } from 'vitest'
import { fuzzPolicies } from './fuzz.js'

test('many files that are nearly policies are policies, or each mistake in them has a place', async () => {
  const { accepted, mistakes } = await fuzzPolicies('policies', 1500)
  expect(accepted).toBeGreaterThan(20)
  expect(mistakes).toBeGreaterThan(1500)
})

import { expect, test } from 'vitest'
import { fuzzPolicies } from './fuzz.js'

test.each(['a', 'b', 'c', 'd'])(
  'a hundred thousand files that are nearly policies, part %s',
  async (part) => {
    const { accepted, mistakes } = await fuzzPolicies(`many policies ${part}`, 25_000)
    expect(accepted).toBeGreaterThan(500)
    expect(mistakes).toBeGreaterThan(25_000)
  },
)

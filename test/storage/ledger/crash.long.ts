import { describe, expect, test } from 'vitest'
import { SEGMENT } from '../../../src/storage/ledger/entry.js'
import { cutEverywhere, newHome } from '../support.js'
import { killedScene } from './crashes.js'
import { SetClock, spender, wanted } from './support.js'

test('wherever the power is cut on a new ledger', async () => {
  expect(await cutEverywhere(() => killedScene(null, 0n))).toBeGreaterThan(60)
})

describe('wherever the power is cut while a segment ends', () => {
  // The segment ends with the reservation, the spend, the second reservation and its release.
  test.each([4, 3, 2, 1])('%i entries before', async (left) => {
    const seed = await newHome()
    const { spend } = spender(seed, new SetClock(), 1_000_000n)
    const count = SEGMENT - left
    for (let n = 0; n < count; n++) await spend(wanted(n, 1n))
    const operations = await cutEverywhere(() => killedScene(seed, BigInt(count)))
    expect(operations).toBeGreaterThan(60)
  })
})

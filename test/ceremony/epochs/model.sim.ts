/** Lives of a key, drawn by one seed; more are in `model.long.ts`, and thousands in `model.slow.ts`. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { usable } from '../../support/model.js'
import { withDisks } from '../../support/processes.js'

let stop = () => {}
beforeAll(() => {
  stop = withDisks()
})
afterAll(() => stop())

test('after every step of lives of seed 1 a quorum signs', async () => {
  const tally = new Map<string, number>()
  await fc.assert(usable(5, tally), { seed: 1, numRuns: 2, interruptAfterTimeLimit: 150_000 })
  expect(tally.get('fine')).toBeGreaterThan(5)
})

/**
 * A few lives of a key, drawn by seeds. Others are in `model.sim.ts`, and thousands in `model.slow.ts`, which also lives
 * one again.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { REMEMBERED, usable } from '../../support/model.js'
import { withDisks } from '../../support/processes.js'

let stop = () => {}
beforeAll(() => {
  stop = withDisks()
})
afterAll(() => stop())

const lives: readonly (readonly [string, Parameters<typeof fc.assert>[1]])[] = [
  ['that have gone wrong once', { examples: [...REMEMBERED], numRuns: REMEMBERED.length }],
  ...[2, 3].map((seed) => [`of seed ${seed}`, { seed, numRuns: 2 }] as const),
]
test.concurrent.each(lives)('after every step of lives %s a quorum signs', async (_, how) => {
  const tally = new Map<string, number>()
  await fc.assert(usable(5, tally), { ...how, interruptAfterTimeLimit: 150_000 })
  expect(tally.get('fine')).toBeGreaterThan(5)
})

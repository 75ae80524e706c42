/**
 * Thousands of lives of a key. One that failed is lived again, and made smaller, by what fast-check says of it:
 *
 *     MPC_MODEL_SEED=7 MPC_MODEL_PATH=41:0 npx vitest run --config test/vitest.config.ts --project slow \
 *       test/ceremony/epochs/model.slow.ts
 */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { usable } from '../../support/model.js'
import { withDisks } from '../../support/processes.js'

const { MPC_MODEL_SEED: seed, MPC_MODEL_PATH: path } = process.env
/** Most of their time they wait for disks and for who is dead. */
const ATONCE = 8
const EACH = 75

let stop = () => {}
beforeAll(() => {
  stop = withDisks()
})
afterAll(() => stop())

test.runIf(seed !== undefined)('one life again', async () => {
  await fc.assert(usable(10, new Map()), {
    seed: Number(seed),
    ...(path !== undefined && { path }),
    numRuns: 1,
  })
})

test.skipIf(seed !== undefined).each([1, 2, 3, 4])(
  'after every step of any life a quorum signs: %i',
  async () => {
    const tally = new Map<string, number>()
    const first = Date.now() % 1_000_000
    const seeds = Array.from({ length: ATONCE }, (_, i) => first + i)
    await Promise.all(seeds.map((each) => fc.assert(usable(10, tally), { seed: each, numRuns: EACH })))
    // The lives were full of these: else they show nothing.
    for (const outcome of ['fine', 'was killed']) expect(tally.get(outcome), outcome).toBeGreaterThan(50)
  },
)

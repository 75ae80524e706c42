/** A seeded sample of the crash matrix; all of it is in `reshare-crash.slow.ts`. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { inParallel, reshareWithKill, NAMES } from '../support/crashes.js'
import { type KillAt, withDisks } from '../support/processes.js'
import { seededRng } from '../support/rng.js'

const SAMPLE = 6
let stop = () => {}

beforeAll(() => {
  stop = withDisks()
})
afterAll(() => stop())

test('T-45 one of who stays, leaves and joins is killed somewhere, and all end with one new epoch', async () => {
  const { operations, letters } = await reshareWithKill(0, null)
  expect(operations).toBeGreaterThan(50)
  expect(letters).toBeGreaterThan(30)
  const rng = seededRng('reshare-crash', 1)
  const below = (n: number): number => new DataView(rng(4).buffer).getUint32(0) % n
  const kills = Array.from({ length: SAMPLE }, (_, i): readonly [number, KillAt] => {
    const victim = below(NAMES.length)
    if (i % 2 === 0) return [victim, { operation: 1 + below(operations) }]
    return [victim, { letter: 1 + below(letters), when: below(2) === 0 ? 'before' : 'after' }]
  })
  const killed = await inParallel(
    6,
    kills.map(
      ([victim, killAt]) =>
        () =>
          reshareWithKill(victim, killAt),
    ),
  )
  expect(killed.filter(({ dead }) => dead).length).toBeGreaterThanOrEqual(SAMPLE - 2)
})

/** A seeded sample of the crash matrix; all of it is in `keygen-crash.slow.ts`. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { inParallel, keygenWithKill, NAMES } from '../support/crashes.js'
import { type KillAt, withDisks } from '../support/processes.js'
import { seededRng } from '../support/rng.js'

const SAMPLE = 18
let stop = () => {}

beforeAll(() => {
  stop = withDisks()
})
afterAll(() => stop())

test('one custodian is killed somewhere, and the ceremony ends with one record for all', async () => {
  const { operations, letters } = await keygenWithKill(0, null)
  expect(operations).toBeGreaterThan(50)
  expect(letters).toBeGreaterThan(30)
  const rng = seededRng('keygen-crash', 1)
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
          keygenWithKill(victim, killAt),
    ),
  )
  expect(killed.filter(({ dead }) => dead).length).toBeGreaterThanOrEqual(SAMPLE - 3)
})

/** Some of the moments at which the destroying of old shares can be killed; all of them are in `retire-crash.slow.ts`. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { inParallel } from '../../support/crashes.js'
import { raze, withDisks } from '../../support/processes.js'
import { type Dealt, dealt, retireWithKill } from '../../support/retiring.js'

let stop = () => {}
let all: Dealt

beforeAll(async () => {
  all = await dealt()
  stop = withDisks()
})
afterAll(() => {
  stop()
  raze(all.everybody)
})

test('who stays is killed here and there, and has one whole share or has said truly that it has none', async () => {
  const { operations } = await retireWithKill(all, 0, null)
  expect(operations).toBeGreaterThan(20)
  const at = Array.from({ length: Math.floor(operations / 4) }, (_, i) => 4 * i + 2)
  const killed = await inParallel(
    4,
    at.map((operation) => () => retireWithKill(all, 0, { operation })),
  )
  expect(killed.map(({ dead }) => dead)).toEqual(at.map(() => true))
})

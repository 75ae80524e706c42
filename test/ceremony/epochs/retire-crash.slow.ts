/** A custodian destroying its old share is killed before each disk operation, and run again. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { killedEverywhere } from '../../support/crashes.js'
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

test.each([
  ['who stays', 0],
  ['who left', 1],
] as const)(
  '%s is killed everywhere, and has one whole share or has said truly that it has none',
  async (_, victim) => {
    expect(await killedEverywhere((killAt) => retireWithKill(all, victim, killAt), 4)).toBeGreaterThan(15)
  },
)

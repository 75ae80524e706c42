/** Staying, leaving and joining members are killed before each disk operation, and around each letter. */
import { afterAll, beforeAll, test } from 'vitest'
import { reshareWithKill, killedEverywhere, NAMES } from '../../support/crashes.js'
import { withDisks } from '../../support/processes.js'

let stop = () => {}
let kills = 0

beforeAll(() => {
  stop = withDisks()
})
afterAll(() => {
  stop()
  process.stdout.write(`reshare-crash: ${kills} kills\n`)
})

test.each(NAMES.map((name, victim) => [name, victim] as const))(
  '%s is killed everywhere',
  async (_, victim) => {
    kills += await killedEverywhere((killAt) => reshareWithKill(victim, killAt))
  },
)

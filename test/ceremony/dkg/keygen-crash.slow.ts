/** Each custodian is killed before every operation on its disk, and before and after every letter. */
import { afterAll, beforeAll, test } from 'vitest'
import { keygenWithKill, killedEverywhere, NAMES } from '../../support/crashes.js'
import { withDisks } from '../../support/processes.js'

let stop = () => {}
let kills = 0

beforeAll(() => {
  stop = withDisks()
})
afterAll(() => {
  stop()
  process.stdout.write(`keygen-crash: ${kills} kills\n`)
})

test.each(NAMES.map((name, victim) => [name, victim] as const))(
  '%s is killed everywhere',
  async (_, victim) => {
    kills += await killedEverywhere((killAt) => keygenWithKill(victim, killAt))
  },
)

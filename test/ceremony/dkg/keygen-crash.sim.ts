/** A seeded sample of the crash matrix; all of it is in `keygen-crash.slow.ts`. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { keygenWithKill, killedSomewhere } from '../../support/crashes.js'
import { withDisks } from '../../support/processes.js'

const SAMPLE = 18
let stop = () => {}

beforeAll(() => {
  stop = withDisks()
})
afterAll(() => stop())

test('one custodian is killed somewhere, and the ceremony ends with one record for all', async () => {
  expect(await killedSomewhere('keygen-crash', SAMPLE, keygenWithKill)).toBeGreaterThanOrEqual(SAMPLE - 3)
})

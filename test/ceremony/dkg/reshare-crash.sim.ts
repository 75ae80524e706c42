/** A seeded sample of the crash matrix; all of it is in `reshare-crash.slow.ts`. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { reshareWithKill, killedSomewhere } from '../../support/crashes.js'
import { withDisks } from '../../support/processes.js'

const SAMPLE = 6
let stop = () => {}

beforeAll(() => {
  stop = withDisks()
})
afterAll(() => stop())

test('one of who stays, leaves and joins is killed somewhere, and all end with one new epoch', async () => {
  expect(await killedSomewhere('reshare-crash', SAMPLE, reshareWithKill)).toBeGreaterThanOrEqual(SAMPLE - 2)
})

/** Both signers are killed before every operation on their disk, and before and after every letter. */
import { afterAll, beforeAll, test } from 'vitest'
import { killedEverywhere, signWithKill } from '../../support/crashes.js'
import { type KillAt, type Process, raze, withDisks } from '../../support/processes.js'
import { type Three, withKey } from '../../support/signing.js'

const AT_ONCE = 8
let stop = () => {}
let kills = 0
const free: Three[] = []

beforeAll(async () => {
  free.push(...(await Promise.all(Array.from({ length: AT_ONCE }, () => withKey()))))
  stop = withDisks()
})
afterAll(() => {
  stop()
  raze(free.flat())
  process.stdout.write(`sign-crash: ${kills} kills\n`)
})

test.each([
  ['the one that asks', 0],
  ['the one that joins', 1],
] as const)('%s is killed everywhere', async (_, victim) => {
  const withFree = async (killAt: KillAt | null): Promise<Process> => {
    const key = free.pop() as Three
    try {
      return await signWithKill(key, victim, killAt)
    } finally {
      free.push(key)
    }
  }
  kills += await killedEverywhere(withFree, AT_ONCE)
})

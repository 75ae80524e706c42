/** Both signers are killed before every operation on their disk, and before and after every letter. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { inParallel, signWithKill } from '../support/crashes.js'
import { type KillAt, type Process, raze, withDisks } from '../support/processes.js'
import { type Three, withKey } from '../support/signing.js'

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
  const whole = await withFree(null)
  const at: KillAt[] = [
    ...Array.from({ length: whole.operations }, (_, i) => ({ operation: i + 1 })),
    ...Array.from({ length: whole.letters }, (_, i) => ({ letter: i + 1, when: 'before' as const })),
    ...Array.from({ length: whole.letters }, (_, i) => ({ letter: i + 1, when: 'after' as const })),
  ]
  const wrong: string[] = []
  const processes = await inParallel(
    AT_ONCE,
    at.map((killAt) => async (): Promise<Process | null> => {
      try {
        return await withFree(killAt)
      } catch (error) {
        wrong.push(`${JSON.stringify(killAt)}: ${String(error)}`)
        return null
      }
    }),
  )
  expect(wrong).toEqual([])
  const killed = processes.filter((process) => process?.dead)
  kills += killed.length
  // How much is written and said depends a little on timing; nearly all of it happens each time.
  expect(killed.length).toBeGreaterThan(at.length * 0.9)
})

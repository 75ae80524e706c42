/** Who stays, who leaves and who joins is killed before every operation on its disk, and before and after every letter. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { inParallel, reshareWithKill, NAMES } from '../support/crashes.js'
import { type KillAt, type Process, withDisks } from '../support/processes.js'

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
    const whole = await reshareWithKill(victim, null)
    const at: KillAt[] = [
      ...Array.from({ length: whole.operations }, (_, i) => ({ operation: i + 1 })),
      ...Array.from({ length: whole.letters }, (_, i) => ({ letter: i + 1, when: 'before' as const })),
      ...Array.from({ length: whole.letters }, (_, i) => ({ letter: i + 1, when: 'after' as const })),
    ]
    const wrong: string[] = []
    const processes = await inParallel(
      8,
      at.map((killAt) => async (): Promise<Process | null> => {
        try {
          return await reshareWithKill(victim, killAt)
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
  },
)

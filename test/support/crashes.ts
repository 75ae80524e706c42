/** Key generation with one custodian killed somewhere, and what must hold afterwards wherever that was. */
import { expect } from 'vitest'
import { type MadeKey, planKeygen, runKeygen } from '../../src/ceremony/keygen.js'
import { MemoryNetwork } from '../../src/messaging/memory.js'
import { CeremonyFiles } from '../../src/storage/ceremonies.js'
import { listKeys, readEpochFile, readState } from '../../src/storage/keys.js'
import { parseRecord } from '../../src/wire/record.js'
import { hex } from '../../src/wire/text.js'
import { keygenDefinition } from './members.js'
import { recorded } from './mischief.js'
import { expectOneAnswerEach, expectOneReceiptEach } from './nonces.js'
import { type KillAt, type Life, live, raze } from './processes.js'
import { custodians, fileOf } from './worlds.js'

export const NAMES = ['alice', 'bob', 'carol'] as const

/** @returns the process that was killed, or would have been had it lived so long */
export async function keygenWithKill(victim: number, killAt: KillAt | null) {
  const everybody = await custodians(...NAMES)
  const network = new MemoryNetwork()
  const record = recorded(network)
  const file = fileOf(keygenDefinition(everybody))
  try {
    const lives = await Promise.all(
      everybody.map(async (custodian, i) => {
        const plan = await planKeygen(custodian.home, custodian.card, file, Date.now())
        const act = (world: Parameters<typeof runKeygen>[0]) => runKeygen(world, plan)
        return live(network, custodian, act, i === victim ? killAt : null)
      }),
    )
    const keys = lives.map(({ value }) => value)
    expect(new Set(keys.map(({ digest }) => hex(digest))).size, 'records').toBe(1)
    for (const [i, { home }] of everybody.entries()) {
      const { digest, name } = keys[i] as MadeKey
      expect(await listKeys(home)).toEqual(['treasury'])
      const state = await readState(home, name)
      expect(state?.epochs).toEqual([{ digest, number: 1, status: 'active' }])
      const encoded = (await readEpochFile(home, name, digest, 'record.cbor')) as Uint8Array
      expect(hex(parseRecord(encoded).key_id)).toBe(hex(file.id))
      expect(await new CeremonyFiles(home, file.id).readCertificate()).not.toBeNull()
    }
    expect(expectOneReceiptEach(record)).toBe(3)
    expect(expectOneAnswerEach(record)).toBeGreaterThanOrEqual(6)
    return (lives[victim] as Life<MadeKey>).first
  } finally {
    raze(everybody)
  }
}

/** Runs many at once: most of their time they wait. */
export async function inParallel<T>(most: number, jobs: readonly (() => Promise<T>)[]): Promise<T[]> {
  const results: T[] = []
  const waiting = [...jobs.entries()]
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) results[next[0]] = await next[1]()
  }
  await Promise.all(Array.from({ length: most }, work))
  return results
}

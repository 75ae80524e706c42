/** Ceremonies in which one custodian is killed somewhere, and what must hold afterwards wherever that was. */
import { expect } from 'vitest'
import { planKeygen, runKeygen } from '../../src/ceremony/dkg/keygen.js'
import type { MadeKey } from '../../src/ceremony/dkg/plan.js'
import { planReshare, runReshare } from '../../src/ceremony/dkg/reshare.js'
import { MemoryNetwork } from '../../src/messaging/transport/memory.js'
import type { Signed } from '../../src/ceremony/signing/finished-signature.js'
import type { World } from '../../src/ceremony/world.js'
import { RequestClaims } from '../../src/storage/home/request-claims.js'
import { CeremonyFiles } from '../../src/storage/home/ceremonies.js'
import { listKeys, readEpochFile, readState } from '../../src/storage/home/epochs.js'
import { lastVote } from '../../src/storage/home/votes.js'
import { parseRecord } from '../../src/wire/key/record.js'
import { parseRequest } from '../../src/wire/ceremony/request.js'
import { fromHex, hex } from '../../src/wire/base/text.js'
import { keygenDefinition } from './members.js'
import { overheard } from './mischief.js'
import { envelopesIn, expectOneAnswerEach, expectOneReceiptEach, expectOneShareAnOrder } from './nonces.js'
import { type KillAt, type Life, live, type Process, raze } from './processes.js'
import { seededRng } from './rng.js'
import { approving, asks, isValid, joins, somePayload, type Three } from './signing.js'
import { defined, makeTreasury } from './reshares.js'
import { type Custodian, custodians, fileOf } from './worlds.js'
import { only } from './only.js'

export const NAMES = ['alice', 'bob', 'carol'] as const

/** @returns the process that was killed, or would have been had it lived so long */
export async function keygenWithKill(victim: number, killAt: KillAt | null) {
  const everybody = await custodians(...NAMES)
  const network = new MemoryNetwork()
  const record = overheard(network)
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

/**
 * Alice and bob deal their key to alice and carol, so that bob leaves; one of the three is killed somewhere.
 * @returns the process that was killed, or would have been had it lived so long
 */
export async function reshareWithKill(victim: number, killAt: KillAt | null) {
  const everybody = await custodians(...NAMES)
  const [alice, bob] = everybody as [Custodian, Custodian]
  try {
    const before = await makeTreasury([alice, bob], 2)
    const file = await defined(alice, everybody, { members: ['alice', 'carol'] })
    const network = new MemoryNetwork()
    const record = overheard(network)
    const lives = await Promise.all(
      everybody.map(async (custodian, i) => {
        const plan = await planReshare(custodian.home, custodian.card, file, Date.now())
        const act = (world: World) => runReshare(world, plan)
        return live(network, custodian, act, i === victim ? killAt : null)
      }),
    )
    expect(new Set(lives.map(({ value }) => hex(value.digest))).size, 'records').toBe(1)
    const { digest, record: after } = (lives[0] as Life<MadeKey>).value
    expect(hex(after.group_point)).toBe(hex(before.record.group_point))
    const old = { digest: before.digest, number: 1 }
    const now = { digest, number: 2, status: 'active' }
    const wanted = [[{ ...old, status: 'parent' }, now], [{ ...old, status: 'parent' }], [now]]
    for (const [i, { home }] of everybody.entries()) {
      expect((await readState(home, 'treasury'))?.epochs).toEqual(wanted[i])
      expect(await readEpochFile(home, 'treasury', digest, 'certificate.cbor')).not.toBeNull()
      expect(await lastVote(home, before.digest)).toEqual(file.id)
    }
    expect(expectOneReceiptEach(record)).toBe(3)
    return (lives[victim] as Life<MadeKey>).first
  } finally {
    raze(everybody)
  }
}

/**
 * A signature by alice, who asks, and bob, who joins; one of them is killed somewhere and started again.
 * @returns the process that was killed, or would have been had it lived so long
 */
export async function signWithKill(everybody: Three, victim: 0 | 1, killAt: KillAt | null): Promise<Process> {
  const [alice, bob] = everybody
  const network = new MemoryNetwork()
  const record = overheard(network)
  const payload = somePayload()
  const idOf = (): string | null => {
    const heard = record.filter(({ to }) => to !== 'spy')
    const said = envelopesIn(heard).find(({ header }) => header.kind === 'request')
    const request = said && parseRequest(said.body, () => alice.card.signing)
    return request ? hex(request.id) : null
  }
  // A killed asker joins the request that it asked for, if anybody heard it.
  const asking = (world: World): Promise<Signed> => {
    const id = idOf()
    return id === null ? asks(world, payload, [alice, bob]) : joins(world, approving(payload), id)
  }
  // A script that looks for work goes on looking; it is done with a request once it has its signature.
  const joining = (world: World): Promise<Signed> => joins(world, approving(payload), null)
  const lives = await Promise.all([
    live(network, alice, asking, victim === 0 ? killAt : null),
    live(network, bob, joining, victim === 1 ? killAt : null, {}, (world) => {
      const id = idOf()
      return id === null ? joining(world) : joins(world, approving(payload), id)
    }),
  ])
  for (const { value } of lives) expect(await isValid(alice, payload, only(value))).toBe(true)
  for (const { home } of [alice, bob]) {
    const { end } = await new RequestClaims(home, fromHex(idOf() as string, 32) as Uint8Array).status()
    expect(end?.outcome).toBe('done')
  }
  expect(expectOneAnswerEach(record)).toBeGreaterThanOrEqual(6)
  expectOneShareAnOrder(record)
  return lives[victim].first
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

/** Plays a ceremony in which this process is killed there, or nobody. */
type WithKill = (killAt: KillAt | null) => Promise<Process>

/**
 * Kills one process before every operation on its disk, and before and after every letter; whatever must hold afterwards,
 * `play` expects.
 * @param atOnce how many ceremonies run beside one another
 * @returns how many were killed
 */
export async function killedEverywhere(play: WithKill, atOnce = 8): Promise<number> {
  const whole = await play(null)
  const at: KillAt[] = [
    ...Array.from({ length: whole.operations }, (_, i) => ({ operation: i + 1 })),
    ...Array.from({ length: whole.letters }, (_, i) => ({ letter: i + 1, when: 'before' as const })),
    ...Array.from({ length: whole.letters }, (_, i) => ({ letter: i + 1, when: 'after' as const })),
  ]
  const wrong: string[] = []
  const processes = await inParallel(
    atOnce,
    at.map((killAt) => async (): Promise<Process | null> => {
      try {
        return await play(killAt)
      } catch (error) {
        wrong.push(`${JSON.stringify(killAt)}: ${String(error)}`)
        return null
      }
    }),
  )
  expect(wrong).toEqual([])
  const killed = processes.filter((process) => process?.dead).length
  // How much is written and said depends a little on timing; nearly all of it happens each time.
  expect(killed).toBeGreaterThan(at.length * 0.9)
  return killed
}

/**
 * A seeded sample of the same, over all victims.
 * @returns how many were killed
 */
export async function killedSomewhere(
  seed: string,
  sample: number,
  play: (victim: number, killAt: KillAt | null) => Promise<Process>,
): Promise<number> {
  const { operations, letters } = await play(0, null)
  expect(operations).toBeGreaterThan(50)
  expect(letters).toBeGreaterThan(30)
  const rng = seededRng(seed, 1)
  const below = (n: number): number => new DataView(rng(4).buffer).getUint32(0) % n
  const kills = Array.from({ length: sample }, (_, i): readonly [number, KillAt] => {
    const victim = below(NAMES.length)
    if (i % 2 === 0) return [victim, { operation: 1 + below(operations) }]
    return [victim, { letter: 1 + below(letters), when: below(2) === 0 ? 'before' : 'after' }]
  })
  const lives = kills.map(
    ([victim, killAt]) =>
      () =>
        play(victim, killAt),
  )
  return (await inParallel(6, lives)).filter(({ dead }) => dead).length
}

/**
 * Resharings of real processes over a real server, one of which is killed with SIGKILL somewhere and started
 * again. Alice and bob hold the key; alice stays, bob deals and leaves, carol joins, dave, who holds a share
 * too, only watches, and erin is offline. All that must hold, at once and in the end, is expected here.
 */
import type { ChildProcess } from 'node:child_process'
import { createHash, createPublicKey, verify } from 'node:crypto'
import { cpSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { expect } from 'vitest'
import { connectNats } from '../../src/messaging/transport/nats.js'
import { openHome } from '../../src/storage/home/home.js'
import { type KeyState, readState } from '../../src/storage/home/epochs.js'
import { lastVote } from '../../src/storage/home/votes.js'
import { readCeremony } from '../../src/ceremony/definition/build.js'
import type { Delivery } from '../../src/messaging/transport/memory.js'
import { hex } from '../../src/wire/base/text.js'
import { makeKey, start } from './ceremonies.js'
import { type Custodian, custodians, mpc, type Ran, scratch } from './cli.js'
import { person } from './members.js'
import { expectOneReceiptEach } from './nonces.js'
import { expectQuorum, holderOfHome, quorumsIn } from './quorum.js'

export const ROLES = ['alice', 'bob', 'carol', 'dave'] as const
const EVERYBODY = [...ROLES, 'erin'] as const

/** Where a process is killed; null: nowhere. */
export type Place = { readonly operation: number } | { readonly before: number } | { readonly after: number }

/** An agreed stage, ready to be played as often as one likes: homes, and the definition. */
export type Stage = {
  readonly dir: string
  readonly everybody: readonly Custodian[]
  readonly id: string
  readonly groupPoint: Uint8Array
  readonly parent: Uint8Array
  readonly remove: () => Promise<void>
}

export async function stageReshare(url: string): Promise<Stage> {
  const { dir, remove } = await scratch()
  const everybody = await custodians(dir, ...EVERYBODY)
  const [alice, bob, , dave, erin] = everybody as [Custodian, Custodian, Custodian, Custodian, Custodian]
  await makeKey([alice, bob, dave, erin], url)
  const flags = ['--key', 'treasury', '--members', 'alice,carol', '-o', 'reshare.mpc']
  const { json } = await alice.mpc(['ceremony', 'new', 'reshare', ...flags, '--no-input', '--json'])
  const { definition } = readCeremony(Uint8Array.from(readFileSync(join(dir, 'reshare.mpc'))))
  if (definition.kind !== 'reshare') throw new Error('not what was asked for')
  const groupPoint = definition.parent_record.group_point
  return { dir, everybody, id: json.data.definition_id, groupPoint, parent: definition.parent, remove }
}

/** The same custodians in a copy of their homes. */
async function copyOf({
  dir,
  everybody,
}: Stage): Promise<{ people: Custodian[]; remove: () => Promise<void> }> {
  const { dir: copy } = await scratch()
  cpSync(dir, copy, { recursive: true })
  const at = (path: string): string => join(copy, basename(path))
  const people = everybody.map((who): Custodian => {
    const home = at(who.home)
    const unlock = who.unlock.map((flag) => (flag.startsWith('/') ? at(flag) : flag))
    return {
      ...who,
      home,
      unlock,
      card: at(who.card),
      mpc: (args, how) => mpc(home, args, { cwd: copy, ...how }),
    }
  })
  return { people, remove: () => rm(copy, { recursive: true, force: true }) }
}

const HOOK = new URL('kill-at.js', import.meta.url).href

/** How many operations and words a process has, by a log of one that lived; the ending's begin where the result is stored. */
export type Course = { readonly operations: number; readonly ending: number; readonly words: number }

export function courseIn(log: string): Course {
  const lines = readFileSync(log, 'utf8').trim().split('\n')
  const operations = lines.filter((line) => !line.startsWith('say '))
  const first = operations.findIndex((line) => /\/votes(\/|$)|record\.cbor$/.test(line))
  return { operations: operations.length, ending: first, words: lines.length - operations.length }
}

/**
 * Plays it on a copy of the stage; the victim is killed at a place, and started again as soon as it is dead.
 * @param log where a victim that lives writes down what it did
 * @returns whether the victim came as far as to be killed
 */
export async function reshareWithSigkill(
  stage: Stage,
  url: string,
  victim: (typeof ROLES)[number],
  place: Place | null,
  { log, signs = false }: { readonly log?: string; readonly signs?: boolean } = {},
): Promise<boolean> {
  const { people, remove } = await copyOf(stage)
  const holders = await Promise.all(people.map(holderOfHome))
  const { record, close } = await listen(url, stage.id)
  const running = new Set<ChildProcess>()
  const line = ['reshare', '--definition', 'reshare.mpc', '--accept', stage.id, '--timeout', '60s']
  const lives = async (who: Custodian, hook: string | null): Promise<Ran> => {
    const { child, ended } = start(who, url, line, hook === null ? [] : ['--import', hook])
    running.add(child)
    return ended
  }
  let killed = false
  try {
    const [alice, bob, carol, dave] = people as [Custodian, Custodian, Custodian, Custodian]
    const live = async (who: Custodian): Promise<Ran> => {
      if (who.name !== victim) return lives(who, null)
      const query = new URLSearchParams({ ...(log && { log }) })
      for (const [name, n] of Object.entries(place ?? {})) query.set(name, String(n))
      const first = await lives(who, `${HOOK}?${query.toString()}`)
      if (first.code !== null) return first
      killed = true
      await expectQuorum(holders, stage.groupPoint)
      return lives(who, null)
    }
    const [watching, ...playing] = [dave, alice, bob, carol].map(live) as [Promise<Ran>, ...Promise<Ran>[]]
    for (const { code, stderr } of await Promise.all(playing)) expect(code, stderr).toBe(0)
    await expectQuorum(holders, stage.groupPoint)
    // A watcher away at the end asks again, while somebody runs it once more.
    if (killed && victim === 'dave') lives(alice, null).catch(() => {})
    const seen = await watching
    expect(seen.code, seen.stderr).toBe(0)

    const epochs = await Promise.all(
      people.map(async ({ home }) => {
        const state = (await readState(await openHome(home), 'treasury')) as KeyState
        return state.epochs.map(({ number, status }) => `${number} ${status}`).join()
      }),
    )
    expect(epochs).toEqual(['1 parent,2 active', '1 parent', '2 active', '1 parent', '1 active'])
    for (const { home, name } of people.slice(0, 4)) {
      const vote = await lastVote(await openHome(home), stage.parent)
      expect(vote && hex(vote), `the vote of ${name}`).toBe(stage.id)
    }
    expect(expectOneReceiptEach(record)).toBe(3)
    expect(new Set(await quorumsIn(holders.slice(0, 3), stage.groupPoint))).toEqual(new Set([1, 2]))
    if (signs) await expectSignature(alice, carol, url)
    return killed
  } finally {
    for (const child of running) child.kill('SIGKILL')
    await close()
    await remove()
  }
}

/** Everything that is said of control in the ceremony from now on. */
async function listen(url: string, id: string) {
  const nkey = (await person('listener')).identity.nkey
  const transport = await connectNats({ url, nkey })
  const record: Delivery[] = []
  transport.subscribe(`mpc.v1.${id.slice(0, 32)}.ctl.*`, (subject, bytes) => {
    record.push({ subject, bytes, to: 'listener' })
  })
  await transport.flush()
  return { record, close: () => transport.close() }
}

/** The new custodians sign with what they have now, and OpenSSL accepts it. */
async function expectSignature(alice: Custodian, carol: Custodian, url: string): Promise<void> {
  const payload = readFileSync(alice.card)
  const approve = ['--approve', `sha256:${createHash('sha256').update(payload).digest('hex')}`]
  const asks = ['sign', '--key', 'treasury', '--in', alice.card, '--signers', 'alice,carol', ...approve]
  const ended = await Promise.all([
    start(alice, url, asks).ended,
    start(carol, url, ['sign', '--key', 'treasury', '--next', ...approve]).ended,
  ])
  for (const { code, stderr, json } of ended) {
    expect(code, stderr).toBe(0)
    const { public_key: x, signature } = json.data
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(x, 'hex').toString('base64url') }
    expect(
      verify(null, payload, createPublicKey({ key: jwk, format: 'jwk' }), Buffer.from(signature, 'hex')),
    ).toBe(true)
  }
}

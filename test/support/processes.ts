/**
 * Processes of custodians that can be killed anywhere: before any operation on their disk, and around any
 * letter. One killed does nothing more: its connection is gone, and its writes throw. Others go on meanwhile.
 */
import { spawnSync } from 'node:child_process'
import { AsyncLocalStorage } from 'node:async_hooks'
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { World } from '../../src/ceremony/world.js'
import type { MemoryNetwork } from '../../src/messaging/transport/memory.js'
import type { Transport } from '../../src/messaging/transport/transport.js'
import { decode, encode, type Value } from '../../src/protocol/core/codec.js'
import { RequestClaims } from '../../src/storage/home/request-claims.js'
import { setFaultPoint } from '../../src/storage/fs/atomic.js'
import { decodeEnvelope } from '../../src/wire/session/envelope.js'
import { type Custodian, worldOf } from './worlds.js'

/** The error in a killed process; nothing of the product knows it. */
export class Killed extends Error {
  override readonly name = 'Killed'
}

/** Where to kill: before the nth operation on the disk, or around the nth letter that is sent or received. */
export type KillAt =
  | { readonly operation: number }
  | { readonly letter: number; readonly when: 'before' | 'after' }
  | { readonly at: (operation: string, path: string) => boolean }

const context = new AsyncLocalStorage<Process>()

export class Process {
  dead = false
  operations = 0
  letters = 0
  /** The operation before which it was killed, for people. */
  killedAt = ''
  readonly world: World & { readonly events: unknown[] }
  readonly #transport: Transport
  readonly #person = new AbortController()

  constructor(
    network: MemoryNetwork,
    readonly custodian: Custodian,
    readonly killAt: KillAt | null = null,
    changes: Partial<World> = {},
  ) {
    this.#transport = network.connect(custodian.member.name)
    const transport: Transport = {
      ...this.#transport,
      publish: (subject, bytes) => this.#around(bytes, () => this.#transport.publish(subject, bytes)),
      subscribe: (subject, receive) =>
        this.#transport.subscribe(subject, (on, bytes) => this.#around(bytes, () => receive(on, bytes))),
    }
    this.world = worldOf(custodian, transport, { signal: this.#person.signal, ...changes })
  }

  run<T>(act: (world: World) => Promise<T>): Promise<T> {
    return context.run(this, () => act(this.world))
  }

  kill(where: string): void {
    if (this.dead) return
    this.dead = true
    this.killedAt = where
    void this.#transport.close()
    // Ends what still waits in it; its disk and its connection are gone, so nobody learns of that.
    this.#person.abort(new Killed(where))
  }

  /** Called before every operation on the disk of this process. */
  operate(operation: string, path: string): void {
    this.operations += 1
    const { killAt } = this
    const here =
      killAt &&
      (('operation' in killAt && this.operations === killAt.operation) ||
        ('at' in killAt && killAt.at(operation, path)))
    if (here) {
      if (operation === 'write' && existsSync(path)) appendFileSync(path, 'half')
      this.kill(`${operation} ${basename(path)}`)
    }
    if (this.dead) throw new Killed(this.killedAt)
  }

  #around(bytes: Uint8Array, pass: () => void): void {
    if (this.dead) return
    this.letters += 1
    const { killAt } = this
    const kill = killAt && 'letter' in killAt && this.letters === killAt.letter ? killAt.when : null
    const { kind, round } = decodeEnvelope(bytes).header
    if (kill === 'before') this.kill(`before ${kind} ${round}`)
    if (this.dead) return
    pass()
    if (kill === 'after') this.kill(`after ${kind} ${round}`)
  }
}

/** From now on disks fail for whoever is dead. Call the returned function in the end. */
export function withDisks(): () => void {
  setFaultPoint((operation, path) => context.getStore()?.operate(operation, path))
  return () => setFaultPoint(null)
}

export type Life<T> = {
  readonly value: T
  /** The first process, whether or not it was killed. */
  readonly first: Process
}

/** Runs `act` as a process that is killed at `killAt`, and then, if it was, `again` as a new one on the same home. */
export async function live<T>(
  network: MemoryNetwork,
  custodian: Custodian,
  act: (world: World) => Promise<T>,
  killAt: KillAt | null = null,
  changes: Partial<World> = {},
  again: (world: World) => Promise<T> = act,
): Promise<Life<T>> {
  const first = new Process(network, custodian, killAt, changes)
  try {
    const value = await first.run(act)
    if (!first.dead) return { value, first }
  } catch (error) {
    if (!first.dead) throw error
  }
  bury(custodian)
  return { value: await new Process(network, custodian, null, changes).run(again), first }
}

let deadPid = 0

/** Locks and claims on the disk name the process that wrote them: this one, which lives. From now on a dead one. */
export function bury({ home }: Custodian): void {
  deadPid ||= spawnSync(process.execPath, ['--version']).pid
  for (const entry of readdirSync(home.root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/^(?:lock|claim\.\d+)$/.test(entry.name)) continue
    const path = join(entry.parentPath, entry.name)
    const held = decode(new Uint8Array(readFileSync(path))) as ReadonlyMap<string, Value>
    const holder = held.get('process') as ReadonlyMap<string, Value>
    const dead = Object.fromEntries([...holder, ['pid', deadPid]])
    writeFileSync(path, encode(Object.fromEntries([...held, ['process', dead]])))
  }
}

/** Removes the homes of custodians that a test made. */
export function raze(everybody: readonly Custodian[]): void {
  for (const { home } of everybody) rmSync(home.root, { recursive: true, force: true })
}

/**
 * Claims a request for another process of this home that lives: the one that started this one.
 * @param left SHA-256 of the payload, where its share has left
 */
export async function holdClaim(
  { home }: Custodian,
  request: Uint8Array,
  left: Uint8Array | null = null,
): Promise<void> {
  const claims = new RequestClaims(home, request)
  await claims.take(1)
  if (left) await claims.markLeft(left)
  const path = join(claims.folder, 'claim.1')
  const held = decode(new Uint8Array(readFileSync(path))) as ReadonlyMap<string, Value>
  const holder = held.get('process') as ReadonlyMap<string, Value>
  const other = Object.fromEntries([...holder, ['pid', process.ppid], ['start', '']])
  writeFileSync(path, encode(Object.fromEntries([...held, ['process', other]])))
}

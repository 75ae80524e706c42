/**
 * A lock: a file that names its holder. It keeps two commands of one home apart and tells people which
 * process is busy. No protection of a secret rests on it: claims, receipts and everything else that must
 * happen once are files of their own that can be created only once.
 */
import { randomBytes } from 'node:crypto'
import { dirname } from 'node:path'
import { bytes, codec, equalBytes, type Of, record } from '../../protocol/core/codec.js'
import { Failure } from '../../wire/base/failure.js'
import { format } from '../../wire/base/realm.js'
import { createFile, readFile, removeFile, replaceFile, temporaryName } from './atomic.js'
import { isAlive, processShape, thisProcess } from './processes.js'

const LIMIT = 1024
const holderShape = record({
  format: format('mpc/lock/v1'),
  installation: bytes(16),
  process: processShape,
  token: bytes(16),
})
const holderCodec = codec(holderShape, LIMIT)
type Holder = Of<typeof holderShape>
type Owner = { readonly installation: Uint8Array }

/** A held lock, until `release` or the end of the scope: `await using lock = await acquireLock(...)`. */
export class Lock {
  readonly #path: string
  readonly #token: Uint8Array

  constructor(path: string, token: Uint8Array) {
    this.#path = path
    this.#token = token
  }

  /** Whether the file still names this holder. */
  async isHeld(): Promise<boolean> {
    const holder = await readHolder(this.#path)
    return holder !== null && equalBytes(holder.token, this.#token)
  }

  /** Removes the file if it is still this holder's own. */
  async release(): Promise<void> {
    if (await this.isHeld()) await removeFile(this.#path)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release()
  }
}

/**
 * Takes the lock at `path`, or fails at once. A dead process's lock is taken over.
 * @param owner `installation`: the 16 bytes that name this home
 * @throws Failure `E_BUSY` (conflict) naming the process that holds it
 */
export async function acquireLock(path: string, owner: Owner): Promise<Lock> {
  const token = Uint8Array.from(randomBytes(16))
  const mine = holderCodec.encode({
    format: 'mpc/lock/v1',
    installation: owner.installation,
    process: await thisProcess(),
    token,
  })
  for (;;) {
    if (await createFile(path, mine)) return new Lock(path, token)
    const holder = await readHolder(path)
    if (holder === null) continue
    if (!equalBytes(holder.installation, owner.installation) || (await isAlive(holder.process))) {
      throw busy(path, `process ${holder.process.pid} holds it`)
    }
    if (await takeOver(path, holder, mine, owner)) return new Lock(path, token)
  }
}

/** Waiting, as a clock does it: calls `act` once, `span` milliseconds from now. */
export type Waits = { readonly after: (span: number, act: () => void) => unknown }

/** Those of this process that wait for a lock, by its path: each waits for the one before it. */
const queues = new Map<string, Promise<unknown>>()
/** Milliseconds until the second look at a lock of another process, at most between two looks, and for how long. */
const LOOK_AGAIN = 5
const LOOK_EVERY = 160
const LOOK_FOR = 20_000

/**
 * Acts under the lock at `path`, once nobody else does. For acts of milliseconds.
 * @throws Failure `E_BUSY` (conflict) if another process holds it for 20 seconds
 */
export async function withLock<T>(
  path: string,
  owner: Owner,
  clock: Waits,
  act: () => Promise<T>,
): Promise<T> {
  const before = queues.get(path)
  const mine = (async () => {
    await before?.catch(() => {})
    const lock = await awaitLock(path, owner, clock)
    const result = await act().catch(async (error: unknown) => {
      // The act's own error counts, on a disk that fails at both.
      await lock.release().catch(() => {})
      throw error
    })
    await lock.release()
    return result
  })()
  queues.set(path, mine)
  try {
    return await mine
  } finally {
    if (queues.get(path) === mine) queues.delete(path)
  }
}

async function awaitLock(path: string, owner: Owner, clock: Waits): Promise<Lock> {
  let wait = LOOK_AGAIN
  for (let waited = 0; ; waited += wait, wait = Math.min(2 * wait, LOOK_EVERY)) {
    try {
      return await acquireLock(path, owner)
    } catch (error) {
      const isBusy = error instanceof Failure && error.code === 'E_BUSY'
      if (!isBusy || waited >= LOOK_FOR) throw error
    }
    await new Promise<void>((resolve) => {
      clock.after(wait, resolve)
    })
  }
}

/** The process that holds the lock at `path` and may still live; null if there is none. Changes nothing. */
export async function holderOf(path: string): Promise<number | null> {
  const holder = await readHolder(path)
  return holder && (await isAlive(holder.process)) ? holder.process.pid : null
}

/**
 * Replaces a dead holder, under a lock named by the dead holder's token. So it happens once, in one rename,
 * and never to a live holder. If the holder of that lock dies too, it is taken over in turn; a forgotten one
 * is removed with the temporary files. (The common way, to move the dead file away, can move the live file of
 * a quicker process.)
 */
async function takeOver(path: string, dead: Holder, mine: Uint8Array, owner: Owner): Promise<boolean> {
  const right = await acquireLock(temporaryName(dirname(path), dead.token), owner)
  try {
    const holder = await readHolder(path)
    if (holder === null || !equalBytes(holder.token, dead.token)) return false
    await replaceFile(path, mine)
    return true
  } finally {
    await right.release()
  }
}

async function readHolder(path: string): Promise<Holder | null> {
  const held = await readFile(path, LIMIT)
  if (held === null) return null
  try {
    return holderCodec.decode(held)
  } catch (cause) {
    throw busy(path, 'it cannot be read', cause)
  }
}

function busy(path: string, why: string, cause?: unknown): Failure {
  return new Failure('conflict', 'E_BUSY', `another process is doing the same thing here: ${path}, ${why}`, {
    hint: `let it end; if no such process runs, here or in a container, remove ${path}`,
    cause,
  })
}

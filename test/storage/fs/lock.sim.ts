import { readFileSync, writeFileSync } from 'node:fs'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { encode } from '../../../src/protocol/core/codec.js'
import { createFile, listDir, readFile, replaceFile, setFaultPoint } from '../../../src/storage/fs/atomic.js'
import type { Home } from '../../../src/storage/home/home.js'
import { acquireLock, withLock } from '../../../src/storage/fs/lock.js'
import { isAlive, isSame, type ProcessId, thisProcess } from '../../../src/storage/fs/processes.js'
import { compile, container, failureOf, holder, newHome, removeCompiled, run } from '../support.js'

const linux = process.platform === 'linux'
const pathIn = (home: Home): string => join(home.root, 'lock')
const busy = { kind: 'conflict', code: 'E_BUSY' }

/** A lock file as another process would have left it. */
const lockOf = (process: ProcessId, installation: Uint8Array): Uint8Array =>
  encode({ format: 'mpc/lock/v1', installation, process, token: new Uint8Array(16).fill(7) })

describe('one holder', () => {
  test('a lock is taken once, given back, and taken again', async () => {
    const home = await newHome()
    const lock = await acquireLock(pathIn(home), home)
    expect(await lock.isHeld()).toBe(true)
    const failure = await failureOf(() => acquireLock(pathIn(home), home))
    expect(failure).toMatchObject(busy)
    expect(failure.message).toContain(`process ${process.pid}`)
    expect(failure.hint).toContain(pathIn(home))
    await lock.release()
    expect(await lock.isHeld()).toBe(false)
    const again = await acquireLock(pathIn(home), home)
    await again[Symbol.asyncDispose]()
    expect(await readdir(home.root)).toEqual(['installation'])
  })

  test('acts one after the other are each under the lock to their end, also after one that fails', async () => {
    const home = await newHome()
    const said: string[] = []
    const act = (name: string) => async (): Promise<string> => {
      said.push(`${name} begins`)
      await setImmediate()
      expect(await failureOf(() => acquireLock(pathIn(home), home))).toMatchObject(busy)
      said.push(`${name} ends`)
      if (name === 'b') throw new Error('no')
      return name
    }
    const never = { after: () => expect.fail('nobody waits') }
    const acts = ['a', 'b', 'c'].map((name) => withLock(pathIn(home), home, never, act(name)))
    const results = await Promise.allSettled(acts)
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(said).toEqual(['a', 'b', 'c'].flatMap((name) => [`${name} begins`, `${name} ends`]))
    expect(await readdir(home.root)).toEqual(['installation'])
  })

  test('an act waits for the lock of another, and not for ever', async () => {
    const home = await newHome()
    const lock = await acquireLock(pathIn(home), home)
    let waits = 0
    const impatient = { after: (_: number, look: () => void) => setImmediate().then(look) }
    expect(await failureOf(() => withLock(pathIn(home), home, impatient, async () => 1))).toMatchObject(busy)
    const waiting = {
      after(_: number, look: () => void) {
        waits += 1
        void (waits === 3 ? lock.release() : Promise.resolve()).then(look)
      },
    }
    expect(await withLock(pathIn(home), home, waiting, async () => 'done')).toBe('done')
    expect(waits).toBe(3)
  })

  test('only an own lock is released', async () => {
    const home = await newHome()
    const lock = await acquireLock(pathIn(home), home)
    await replaceFile(pathIn(home), lockOf(await thisProcess(), home.installation))
    await lock.release()
    expect(await readdir(home.root)).toContain('lock')
  })

  test("of many that take a dead holder's lock at once, one gets it", async () => {
    const home = await newHome()
    const dead = { ...(await thisProcess()), boot: 'the boot before' }
    await createFile(pathIn(home), lockOf(dead, home.installation))
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => acquireLock(pathIn(home), home)))
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1)
    for (const result of results) if (result.status === 'rejected') expect(result.reason).toMatchObject(busy)
    expect((await readdir(home.root)).sort()).toEqual(['installation', 'lock'])
  })

  test('whoever is late to take over finds the new holder and leaves it alone', async () => {
    const home = await newHome()
    const self = await thisProcess()
    await createFile(pathIn(home), lockOf({ ...self, boot: 'the boot before' }, home.installation))
    const quicker = encode({
      format: 'mpc/lock/v1',
      installation: home.installation,
      process: self,
      token: new Uint8Array(16).fill(8),
    })
    // Between the late one's look at the dead holder and its own takeover.
    setFaultPoint((operation, path) => {
      if (operation === 'link' && path !== pathIn(home)) writeFileSync(pathIn(home), quicker)
    })
    onTestFinished(() => setFaultPoint(null))
    expect(await failureOf(() => acquireLock(pathIn(home), home))).toMatchObject(busy)
    expect(await readFile(pathIn(home), 1000)).toEqual(new Uint8Array(quicker))
  })

  test("another home's lock, or one that cannot be read, is nobody's to take", async () => {
    const home = await newHome()
    const dead = { ...(await thisProcess()), boot: 'the boot before' }
    await createFile(pathIn(home), lockOf(dead, new Uint8Array(16)))
    expect(await failureOf(() => acquireLock(pathIn(home), home))).toMatchObject(busy)
    await writeFile(pathIn(home), 'half')
    expect(await failureOf(() => acquireLock(pathIn(home), home))).toMatchObject(busy)
  })
})

describe('who lives', () => {
  test('a process is known by more than its pid', async () => {
    const self = await thisProcess()
    expect(isSame(self, await thisProcess())).toBe(true)
    expect(await isAlive(self)).toBe(true)
    expect(await isAlive({ ...self, boot: 'the boot before' })).toBe(false)
    expect(await isAlive({ ...self, pid: 2 ** 30 })).toBe(false)
  })

  test.runIf(linux)('a pid that is used again is not the process that had it', async () => {
    const self = await thisProcess()
    expect(self.start).toMatch(/^[1-9][0-9]*$/)
    expect(await isAlive({ ...self, start: '1' })).toBe(false)
  })

  test.runIf(linux)("another container's process may live, whatever its pid", async () => {
    const self = await thisProcess()
    expect(await isAlive({ ...self, namespace: 'pid:[1]', pid: 2 ** 30 })).toBe(true)
  })
})

describe('processes that are killed', () => {
  beforeAll(compile)
  afterAll(removeCompiled)

  test('a live one keeps its lock, a killed one loses it', async () => {
    const home = await newHome()
    const child = run(holder(pathIn(home), home))
    expect(await child.line()).toBe(String(child.process.pid))
    const failure = await failureOf(() => acquireLock(pathIn(home), home))
    expect(failure).toMatchObject(busy)
    expect(failure.message).toContain(`process ${child.process.pid}`)
    await child.kill()
    const lock = await acquireLock(pathIn(home), home)
    expect(await lock.isHeld()).toBe(true)
    expect((await readdir(home.root)).sort()).toEqual(['installation', 'lock'])
  })

  test("one killed at any step of taking over a dead one's leaves a lock that can be taken", async () => {
    for (let step = 1, alive = false; !alive; step++) {
      const home = await newHome()
      const dead = { ...(await thisProcess()), boot: 'the boot before' }
      await createFile(pathIn(home), lockOf(dead, home.installation))
      const child = run(`
        import { setFaultPoint } from '$storage/fs/atomic.js'
        let left = ${step}
        setFaultPoint(() => --left === 0 && process.kill(process.pid, 'SIGKILL'))
        ${holder(pathIn(home), home)}`)
      alive = (await child.line()) === String(child.process.pid)
      if (alive) expect(await failureOf(() => acquireLock(pathIn(home), home))).toMatchObject(busy)
      await child.kill()
      const lock = await acquireLock(pathIn(home), home)
      expect(await lock.isHeld()).toBe(true)
      expect(await listDir(home.root)).toEqual(['installation', 'lock'])
    }
  })

  test.runIf(linux)('a killed one that nobody has waited for is dead', async () => {
    const home = await newHome()
    const child = run(holder(pathIn(home), home), 'sh', '-c', '"$@" & exec sleep 60', 'sh')
    const pid = Number(await child.line())
    expect(pid).not.toBe(child.process.pid)
    process.kill(pid, 'SIGKILL')
    while (!readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ')) await setImmediate()
    await acquireLock(pathIn(home), home)
  })

  test.runIf(linux)("a container's lock on the same volume is not taken", async ({ skip }) => {
    const unshare = container() ?? skip('pid namespaces cannot be made here')
    const home = await newHome()
    const child = run(holder(pathIn(home), home), ...unshare)
    expect(await child.line()).toBe('1')
    expect(await failureOf(() => acquireLock(pathIn(home), home))).toMatchObject(busy)
    await child.kill()
    expect(await failureOf(() => acquireLock(pathIn(home), home))).toMatchObject(busy)
  })
})

/**
 * Support of the tests of storage: real folders, a power cut before any file operation, and real child
 * processes.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { appendFileSync, existsSync, statSync } from 'node:fs'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { expect, onTestFinished } from 'vitest'
import { type Operation, setFaultPoint } from '../../src/storage/fs/atomic.js'
import { type Home, openHome } from '../../src/storage/home/home.js'
import { Failure } from '../../src/wire/base/failure.js'

export const isRoot = process.getuid?.() === 0

export async function temporaryFolder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'mpc-storage-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

export const newHome = async (): Promise<Home> => openHome(join(await temporaryFolder(), 'home'))

export const modeOf = (path: string): number => statSync(path).mode & 0o777
export const utf8 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text))
export const bytes32 = (fill: number): Uint8Array => new Uint8Array(32).fill(fill)

/** The Failure that `act` ends with; the test fails if it ends otherwise. */
export async function failureOf(act: () => Promise<unknown>): Promise<Failure> {
  const error: unknown = await act().then(
    () => null,
    (cause: unknown) => cause,
  )
  expect(error).toBeInstanceOf(Failure)
  return error as Failure
}

// -----------------------------------------------------------------------------------------------------------

class PowerCut extends Error {}

type Scene = {
  act(): Promise<unknown>
  /** Looks at what is on disk; `whole` if `act` came to its end. */
  look(whole: boolean): Promise<void>
}

/**
 * Plays a scene again and again, with the power cut before its first file operation, its second, and so on to
 * its end. A write at the cut is half on disk. Returns how many operations the whole
 * scene has.
 * @param step 1; or more, for a sample
 */
export async function cutEverywhere(prepare: () => Promise<Scene>, step = 1): Promise<number> {
  for (let allowed = 0; ; allowed += step) {
    const scene = await prepare()
    let count = 0
    setFaultPoint((operation, path) => {
      if (count++ < allowed) return
      if (operation === 'write' && count === allowed + 1) appendFileSync(path, 'half')
      throw new PowerCut()
    })
    let whole = true
    try {
      await scene.act()
    } catch (cause) {
      if (!(cause instanceof PowerCut)) throw cause
      whole = false
    } finally {
      setFaultPoint(null)
    }
    await scene.look(whole)
    if (count <= allowed) return count
  }
}

/** The operations of an act, in order. */
export async function operationsOf(act: () => Promise<unknown>): Promise<Operation[]> {
  const operations: Operation[] = []
  setFaultPoint((operation) => operations.push(operation))
  try {
    await act()
  } finally {
    setFaultPoint(null)
  }
  return operations
}

/** Lets one kind of operation fail as the system would. */
export async function withError<T>(operation: Operation, code: string, act: () => Promise<T>): Promise<T> {
  setFaultPoint((current) => {
    if (current === operation) throw Object.assign(new Error(code), { code })
  })
  try {
    return await act()
  } finally {
    setFaultPoint(null)
  }
}

// -----------------------------------------------------------------------------------------------------------

let compiled: string | null = null

/**
 * Where other processes can import the sources from; compiled once, without caring for errors in other rooms.
 */
export async function compile(): Promise<void> {
  const repository = new URL('../..', import.meta.url).pathname
  compiled = await mkdtemp(join(tmpdir(), 'mpc-compiled-'))
  await writeFile(join(compiled, 'package.json'), '{"type":"module"}')
  await symlink(join(repository, 'node_modules'), join(compiled, 'node_modules'))
  try {
    execFileSync(join(repository, 'node_modules/.bin/tsc'), ['-p', repository, '--outDir', compiled])
  } catch (cause) {
    if (!existsSync(join(compiled, 'storage/home/request-claims.js'))) throw cause
  }
}

export const removeCompiled = async (): Promise<void> => {
  if (compiled !== null) await rm(compiled, { recursive: true })
}

export class Child {
  readonly #lines: AsyncIterator<string>
  readonly #ended: Promise<unknown>

  constructor(readonly process: ChildProcess) {
    this.#lines = createInterface({ input: process.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]()
    this.#ended = new Promise((resolve) => process.once('exit', resolve))
    onTestFinished(() => {
      process.kill('SIGKILL')
    })
  }

  async line(): Promise<string> {
    return String((await this.#lines.next()).value)
  }

  async kill(): Promise<void> {
    this.process.kill('SIGKILL')
    await this.#ended
  }
}

/** A process that runs a module; `$name/` in its imports stands for the compiled `src/name/`. */
export function run(script: string, ...prefix: string[]): Child {
  const source = script.replaceAll(/'\$/g, `'${pathToFileURL(compiled as string).href}/`)
  const [command, ...args] = [...prefix, process.execPath, '--input-type=module', '-e', source]
  return new Child(spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] }))
}

/** What runs a command in a pid namespace of its own; null where none can be made. */
export function container(): readonly string[] | null {
  const unshare = ['--pid', '--fork', '--kill-child', '--mount-proc']
  try {
    execFileSync('unshare', [...unshare, 'true'], { stdio: 'ignore' })
    return ['unshare', ...unshare]
  } catch {
    return null
  }
}

/** A script that takes a lock, says its pid and stays. */
export const holder = (path: string, home: Home): string => `
  import { acquireLock } from '$storage/fs/lock.js'
  await acquireLock('${path}', { installation: Uint8Array.from([${home.installation.join()}]) })
  console.log(process.pid)
  setInterval(() => {}, 1000)`

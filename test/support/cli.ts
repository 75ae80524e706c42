/** The real binary: runs it as a person or a script would, each custodian in a home of its own. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdtemp, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { generateX25519Identity } from 'age-encryption'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { main as Main } from '../../src/cli/program/main.js'
import { CONTRACT } from '../../src/cli/contract/contract.js'
import { isRehearsalHome } from '../../src/storage/home/home.js'
import { parseCard } from '../../src/wire/identity/card.js'
import { hex } from '../../src/wire/base/text.js'
import { built } from './built.js'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))
export const BIN = join(ROOT, 'bin', 'mpc.js')
if (!existsSync(join(ROOT, 'dist', 'cli', 'program', 'process.js')))
  throw new Error('these tests need `npm run build` first')

/** One line of `--json`, as far as tests look into it. */
export type Line = {
  readonly ok: boolean
  readonly command: string
  readonly code: number
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly data: any
  readonly error: {
    readonly code: string
    readonly message: string
    readonly hint: string | null
    readonly party: string | null
    readonly accused: readonly { readonly name: string; readonly kind: string }[]
  }
}

export type Ran = {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** The line of `--json`, held to the contract; fails the test where there is none. */
  readonly json: Line
}

export type How = {
  readonly input?: string | Uint8Array
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

const fitsContract = new Ajv2020({ strict: false }).compile(CONTRACT)

/** The settings that a process gets of this machine: where programs and the run's folder are. */
export const MACHINE = { PATH: process.env['PATH'], TMPDIR: process.env['TMPDIR'] }

/** Starts the binary; nothing of this machine's settings reaches it. */
export function startMpc(home: string, args: readonly string[], how: How = {}): ChildProcess {
  return spawn(process.execPath, [BIN, ...args], {
    cwd: how.cwd,
    env: { ...MACHINE, HOME: join(home, '..'), MPC_HOME: home, ...how.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
}

/** Runs the binary to its end. */
export async function spawned(home: string, args: readonly string[], how: How = {}): Promise<Ran> {
  return endOf(startMpc(home, args, how), args, how.input)
}

/** The working directory is one for the whole process, and so is what is read from stdin: one run at a time. */
let before: Promise<unknown> = Promise.resolve()

/**
 * Runs the built command line in this process, as the binary would: a tenth of the cost of starting it. A test of what
 * only a process has (signals, descriptors, a terminal) starts one: `spawned`, `startMpc`. Options for Node itself and
 * rehearsals start one here too: a process that has entered a rehearsal is one until it ends.
 */
export function mpc(home: string, args: readonly string[], how: How = {}): Promise<Ran> {
  if (how.env?.['NODE_OPTIONS'] !== undefined || args.includes('rehearse')) return spawned(home, args, how)
  const ran = before.then(async () =>
    // A home that cannot be read is the binary's to judge.
    (await isRehearsalHome(home).catch(() => true)) ? spawned(home, args, how) : runHere(home, args, how),
  )
  before = ran.catch(() => undefined)
  return ran
}

async function runHere(home: string, args: readonly string[], how: How): Promise<Ran> {
  const { main } = await built<{ main: typeof Main }>('cli/program/main.js')
  const [stdout, stderr] = [new Collected(), new Collected()]
  const here = process.cwd()
  process.chdir(how.cwd ?? here)
  try {
    const code = await main(args, {
      stdin: Readable.from(how.input === undefined ? [] : [Buffer.from(how.input)]),
      stdout,
      stderr,
      env: { ...MACHINE, HOME: join(home, '..'), MPC_HOME: home, ...how.env },
      onInterrupt: () => undefined,
    })
    return ranOf({ code, stdout: stdout.text, stderr: stderr.text }, args)
  } finally {
    process.chdir(here)
  }
}

/** A stream that keeps what is written to it. */
class Collected extends Writable {
  readonly #chunks: Buffer[] = []

  get text(): string {
    return Buffer.concat(this.#chunks).toString('utf8')
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.#chunks.push(chunk)
    done()
  }
}

/** A started process's output, once it has ended. */
export async function endOf(
  child: ChildProcess,
  args: readonly string[],
  input?: How['input'],
): Promise<Ran> {
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk))
  // A process may end before it reads its input.
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(input ?? '')
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  const [stdout, stderr] = [Buffer.concat(out).toString('utf8'), Buffer.concat(err).toString('utf8')]
  return ranOf({ code, stdout, stderr }, args)
}

function ranOf(ran: Omit<Ran, 'json'>, args: readonly string[]): Ran {
  const { code, stdout } = ran
  if (code !== null && args.includes('--json') && !args.includes('--help')) checkContract(ran)
  return {
    ...ran,
    get json() {
      return JSON.parse(stdout) as Line
    },
  }
}

/** Exactly one line, of the shape that the schema gives. */
function checkContract({ code, stdout, stderr }: Omit<Ran, 'json'>): void {
  if (!/^[^\n]+\n$/.test(stdout)) throw new Error(`not one line on stdout: ${stdout}\n${stderr}`)
  const line = JSON.parse(stdout) as Line
  if (line.code !== code) throw new Error(`it says ${line.code} and exits with ${code}`)
  if (fitsContract(line)) return
  throw new Error(`outside the contract: ${JSON.stringify(fitsContract.errors, null, 1)}\n${stdout}`)
}

/** A folder for one test file, and how to remove it. */
export async function scratch(within = tmpdir()): Promise<{ dir: string; remove: () => Promise<void> }> {
  const dir = await realpath(await mkdtemp(join(within, 'mpc-cli-')))
  return { dir, remove: () => rm(dir, { recursive: true, force: true }) }
}

export type Custodian = {
  readonly name: string
  readonly home: string
  readonly fingerprint: string
  /** Card file. */
  readonly card: string
  /** Flags that open the identity without the cost of a passphrase. */
  readonly unlock: readonly string[]
  /** Runs the command line in this custodian's home, in the folder that they share. */
  readonly mpc: (args: readonly string[], how?: How) => Promise<Ran>
  /** The same by a process of its own. */
  readonly spawned: (args: readonly string[], how?: How) => Promise<Ran>
}

/** A file with a fresh age identity, readable by its owner alone. */
export async function ageIdentityFile(path: string): Promise<string> {
  await writeFile(path, `# made by a test\n${await generateX25519Identity()}\n`, { mode: 0o600 })
  return path
}

/** A custodian with an identity, and its card in `dir`; another of the same name has files of another. */
export async function custodian(dir: string, name: string, files = name): Promise<Custodian> {
  const unlock = ['--identity', await ageIdentityFile(join(dir, `${files}.key`))]
  const init = ['identity', 'init', '--name', name, ...unlock, '--no-input', '--json']
  const { json } = await mpc(join(dir, `${files}.home`), init, { cwd: dir })
  await writeFile(join(dir, `${files}.card`), `${json.data.card}\n`)
  return custodianIn(dir, name, json.data.fingerprint, files)
}

const custodianIn = (dir: string, name: string, fingerprint: string, files = name): Custodian => {
  const home = join(dir, `${files}.home`)
  return {
    name,
    home,
    fingerprint,
    card: join(dir, `${files}.card`),
    unlock: ['--identity', join(dir, `${files}.key`)],
    mpc: (args, how = {}) => mpc(home, args, { cwd: dir, ...how }),
    spawned: (args, how = {}) => spawned(home, args, { cwd: dir, ...how }),
  }
}

/** Custodians who have verified each other's cards. Their homes are made once in a run, and copied for whoever asks again. */
export async function custodians(dir: string, ...names: readonly string[]): Promise<Custodian[]> {
  const stocked = join(process.env['MPC_TEST_STOCK'] as string, names.join())
  if (!existsSync(stocked)) {
    const made = await scratch(process.env['MPC_TEST_STOCK'])
    await acquaint(made.dir, names)
    // Of two test files that make the same at once one is first; the other's goes.
    await rename(made.dir, stocked).catch(async (error: NodeJS.ErrnoException) => {
      await made.remove()
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
    })
  }
  await cp(stocked, dir, { recursive: true })
  return Promise.all(
    names.map(async (name) => {
      const shown = await readFile(join(dir, `${name}.card`), 'utf8')
      return custodianIn(dir, name, hex(parseCard(shown.trim()).fingerprint))
    }),
  )
}

/** Verifies the cards of others in somebody's home, by the fingerprints that they tell. */
export async function verifies(who: Custodian, others: readonly Custodian[]): Promise<void> {
  if (others.length === 0) return
  const told = others.flatMap(({ fingerprint }) => ['--fingerprint', fingerprint])
  const ran = await who.mpc(['identity', 'import', ...others.map(({ card }) => card), ...told])
  if (ran.code !== 0) throw new Error(ran.stderr)
}

async function acquaint(dir: string, names: readonly string[]): Promise<void> {
  const all = await Promise.all(names.map((name) => custodian(dir, name)))
  await Promise.all(
    all.map((one) =>
      verifies(
        one,
        all.filter((other) => other !== one),
      ),
    ),
  )
}

/** The arguments that make a key generation's definition; `changes` by flag. */
export function newKeygen(out: string, changes: Readonly<Record<string, string>> = {}): string[] {
  const flags = {
    '--key': 'treasury',
    '--scheme': 'eddsa-ed25519',
    '--threshold': '2',
    '--members': 'alice,bob,carol',
    '-o': out,
    ...changes,
  }
  return ['ceremony', 'new', 'keygen', ...Object.entries(flags).flat()]
}

// ---------------------------------------------------------------------------------------------------------- terminals

/** Whether a person's terminal can be played here. */
export const hasTerminal = spawnSync('python3', ['-c', 'import pty'], { stdio: 'ignore' }).status === 0

const PERSON = fileURLToPath(new URL('terminal.py', import.meta.url))

/**
 * Plays a person at a terminal: waits for each text to appear, then types the answer beside it; `\x03` is Ctrl-C, and
 * `shown:` with a pattern what its group finds on the screen.
 * Everything that was on the screen comes back as `stdout`.
 */
export async function atTerminal(
  home: string,
  args: readonly string[],
  play: readonly (readonly [string, string])[],
  how: How = {},
): Promise<Omit<Ran, 'json'>> {
  const child = spawn('python3', [PERSON, JSON.stringify(play), process.execPath, BIN, ...args], {
    cwd: how.cwd,
    env: { ...MACHINE, HOME: join(home, '..'), MPC_HOME: home, TERM: 'xterm', ...how.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return endOf(child, [])
}

/**
 * The home: one folder with everything that one custodian keeps on one machine. It contains no absolute path,
 * so it may be moved. Its installation ID distinguishes it from every other home, and the file of that ID
 * marks the home of a rehearsal: a process in such a home only rehearses (`wire/base/realm.ts`).
 */
import { randomBytes } from 'node:crypto'
import { join, resolve } from 'node:path'
import { Failure } from '../../wire/base/failure.js'
import { headerIn, headerOf, otherRealmIn } from '../../wire/base/realm.js'
import { hex } from '../../wire/base/text.js'
import { createFile, ensureDir, listDir, readFile } from '../fs/atomic.js'

const APPLICATION = 'mpc-ceremony'
const INSTALLATION = 'installation'
const FORM = /^(?<head>.{1,64})\n(?<id>[0-9a-f]{32})\n$/
/** Names by which a home is recognised. */
const OURS = [
  'identity.age',
  'identity.card',
  'peers',
  'keys',
  'ceremonies',
  'claims',
  'requests',
  'ledger',
  'primes',
  'quarantine',
]
/** Names that an empty folder may contain before it becomes a home. */
const EXPECTED = ['config.yaml', 'lost+found']

/** A home's paths. Only this file creates one. */
export class Home {
  readonly identity: string
  readonly card: string
  readonly peers: string
  readonly keys: string
  readonly ceremonies: string
  readonly claims: string
  /** Requests that wait. */
  readonly requests: string
  readonly ledger: string
  readonly primes: string
  readonly quarantine: string

  /**
   * @param root absolute path
   * @param installation 16 random bytes that name this home
   */
  constructor(
    readonly root: string,
    readonly installation: Uint8Array,
  ) {
    this.identity = join(root, 'identity.age')
    this.card = join(root, 'identity.card')
    this.peers = join(root, 'peers')
    this.keys = join(root, 'keys')
    this.ceremonies = join(root, 'ceremonies')
    this.claims = join(root, 'claims')
    this.requests = join(root, 'requests')
    this.ledger = join(root, 'ledger')
    this.primes = join(root, 'primes')
    this.quarantine = join(root, 'quarantine')
  }
}

/**
 * The path of the home: the flag, else `MPC_HOME`, else the system's usual place for data.
 * @throws Failure `E_HOME` (configuration) if none of them gives a path
 */
export function resolveHome(
  env: Readonly<Record<string, string | undefined>>,
  flag: string | null,
  platform: NodeJS.Platform = process.platform,
): string {
  const named = flag ?? (env['MPC_HOME'] || null)
  if (named !== null) return named
  const xdg = env['XDG_DATA_HOME']
  // "All paths must be absolute; a relative one should be ignored" (XDG base directory specification).
  if (xdg?.startsWith('/')) return join(xdg, APPLICATION)
  const user = env['HOME']
  if (!user) throw homeFailure('there is no HOME to keep a home in', 'name a folder with --home or MPC_HOME')
  const data = platform === 'darwin' ? ['Library', 'Application Support'] : ['.local', 'share']
  return join(user, ...data, APPLICATION)
}

/** The home at `path`, for reading; an empty one if there is none. @throws Failure as `openHome` */
export async function findHome(path: string): Promise<Home> {
  const root = resolve(path)
  const names = await listDir(root)
  if (names.includes(INSTALLATION)) return openHome(root)
  requireNothingElse(root, names)
  return new Home(root, randomBytes(16))
}

/**
 * The home at `path`. An empty or missing folder becomes a home, mode 0700.
 * @throws Failure (configuration) `E_HOME` if the folder contains other files, which stay; `E_FILE_MODE` if
 *   another user owns it
 */
export async function openHome(path: string): Promise<Home> {
  const root = resolve(path)
  const names = await listDir(root)
  if (!names.includes(INSTALLATION)) requireNothingElse(root, names)
  await ensureDir(root)
  return new Home(root, await installationOf(join(root, INSTALLATION)))
}

function requireNothingElse(root: string, names: readonly string[]): void {
  if (names.every((name) => EXPECTED.includes(name))) return
  if (names.some((name) => OURS.includes(name))) {
    throw homeFailure(
      `${join(root, INSTALLATION)} is missing from a home that is otherwise there`,
      'put it back from a copy of this home; nothing else was touched',
    )
  }
  throw homeFailure(
    `${root} holds other files and is no home`,
    'name an empty folder, or one that is not there yet',
  )
}

/** The home at `path`, or null. @throws Failure `E_HOME` (configuration) for an incomplete one */
export async function existingHome(path: string): Promise<Home | null> {
  const root = resolve(path)
  const installation = join(root, INSTALLATION)
  if ((await readFile(installation, 100)) !== null) return new Home(root, await installationOf(installation))
  const names = await listDir(root)
  if (names.some((name) => OURS.includes(name))) requireNothingElse(root, names)
  return null
}

async function installationOf(path: string): Promise<Uint8Array> {
  const held = await readFile(path, 100)
  if (held === null) {
    await createFile(path, Buffer.from(`${headerOf(INSTALLATION)}\n${hex(randomBytes(16))}\n`))
    return installationOf(path)
  }
  const text = Buffer.from(held).toString('latin1')
  const { head, id } = FORM.exec(text)?.groups ?? {}
  if (id === undefined || head !== headerOf(INSTALLATION)) {
    throw homeFailure(
      `${path} is not an installation id of this version`,
      'restore it from a copy of this home',
      otherRealmIn(text, INSTALLATION),
    )
  }
  return Uint8Array.from(Buffer.from(id, 'hex'))
}

/** Whether the home at `path`, if any, is a rehearsal's. Checks nothing else. */
export async function isRehearsalHome(path: string): Promise<boolean> {
  const held = await readFile(join(resolve(path), INSTALLATION), 100)
  return held !== null && Buffer.from(held).toString('latin1').startsWith(headerIn(INSTALLATION, true))
}

const homeFailure = (message: string, hint: string, cause?: unknown): Failure =>
  new Failure('configuration', 'E_HOME', message, { hint, cause })

/**
 * Settings: flags, then `MPC_*`, then `config.yaml`, then defaults. The file is in the home that --home or MPC_HOME
 * names, or in the XDG folder; never in the working directory.
 */
import { dirname, join, resolve } from 'node:path'
import { type Fields, readYaml } from '../../wire/base/yaml.js'
import { Failure } from '../../wire/base/failure.js'
import { pinIn } from '../../messaging/transport/pin.js'
import type { Globals } from './globals.js'

/** A file, and the flag, variable or line that names it. */
export type Named = { readonly path: string; readonly by: string }
/** A value, and the flag, variable or line that gives it. */
type Given<T> = { readonly value: T; readonly by: string }

export type Config = {
  /** The path of the file, even if it does not exist; null if it is unknown. */
  readonly path: string | null
  readonly nats: {
    /** By null: the default. */
    readonly url: string
    readonly urlBy: string | null
    /** Allows an unencrypted connection to another machine. */
    readonly insecure: boolean
    readonly insecureBy: string | null
    readonly ca: Named | null
    /** The hash of the server's one certificate, in hex. */
    readonly pin: { readonly hash: string; readonly by: string } | null
    readonly cert: Named | null
    readonly key: Named | null
    readonly creds: Named | null
  }
}

type Env = Readonly<Record<string, string | undefined>>
type File = {
  readonly url: Given<string> | null
  readonly insecure: Given<boolean> | null
  readonly pin: Given<string> | null
} & Readonly<Record<'ca' | 'cert' | 'key' | 'creds', Named | null>>

const LIMIT = 1 << 16
export const DEFAULT_URL = 'nats://127.0.0.1:4222'

/**
 * @throws Failure `E_CONFIG` (configuration) with the line and column of every problem, `E_NATS_PIN` (usage) for a
 *   malformed pin
 */
export async function loadConfig(globals: Globals, env: Env): Promise<Config> {
  const path = configPath(globals, env)
  const file = await readConfigFile(path)
  const named = (flag: string | null, name: string, fromFile: Named | null): Named | null => {
    const variable = `MPC_NATS_${name.toUpperCase()}`
    if (flag !== null) return { path: flag, by: `--nats-${name}` }
    return env[variable] ? { path: env[variable], by: variable } : fromFile
  }
  const given = (flag: string | null, name: string, fromFile: Given<string> | null): Given<string> | null => {
    const variable = `MPC_NATS_${name.toUpperCase()}`
    if (flag !== null) return { value: flag, by: name === 'url' ? '--nats' : `--nats-${name}` }
    return env[variable] ? { value: env[variable], by: variable } : fromFile
  }
  const url = given(globals.nats, 'url', file?.url ?? null)
  const pin = given(globals.natsPin, 'pin', file?.pin ?? null)
  return {
    path,
    nats: {
      url: url?.value ?? DEFAULT_URL,
      urlBy: url?.by ?? null,
      insecure: file?.insecure?.value ?? false,
      insecureBy: file?.insecure?.by ?? null,
      pin: pin && { hash: pinIn(pin.value, pin.by), by: pin.by },
      ca: named(globals.natsCa, 'ca', file?.ca ?? null),
      cert: named(globals.natsCert, 'cert', file?.cert ?? null),
      key: named(globals.natsKey, 'key', file?.key ?? null),
      creds: named(globals.natsCreds, 'creds', file?.creds ?? null),
    },
  }
}

/** The path of the file, even if it does not exist; null if it is unknown. */
export function configPath(globals: Globals, env: Env): string | null {
  const home = globals.home ?? (env['MPC_HOME'] || null)
  if (home !== null) return join(resolve(home), 'config.yaml')
  const xdg = env['XDG_CONFIG_HOME']
  if (xdg?.startsWith('/')) return join(xdg, 'mpc-ceremony', 'config.yaml')
  return env['HOME'] ? join(env['HOME'], '.config', 'mpc-ceremony', 'config.yaml') : null
}

async function readConfigFile(path: string | null): Promise<File | null> {
  if (path === null) return null
  const { readFile } = await import('../../storage/fs/atomic.js')
  const bytes = await readFile(path, LIMIT)
  if (bytes === null) return null
  const refuse = (problems: readonly string[]): Failure =>
    new Failure('configuration', 'E_CONFIG', `${path}: ${problems.join('; ')}`, {
      hint: 'correct the file, or move it away: every setting has a default',
    })
  return readYaml(
    bytes,
    (top) => {
      const nats = top.fields('nats')
      return nats && readNats(nats, path)
    },
    refuse,
  )
}

function readNats(nats: Fields, path: string): File {
  const by = (name: string): string => `nats.${name} in ${path}`
  const value = <T>(name: string, given: T | null): Given<T> | null =>
    given === null ? null : { value: given, by: by(name) }
  const file = (name: string): Named | null => {
    const given = nats.text(name)
    return given === null ? null : { path: resolve(dirname(path), given), by: by(name) }
  }
  return {
    url: value('url', nats.text('url') || null),
    insecure: value('insecure', nats.flag('insecure')),
    ca: file('ca'),
    pin: value('pin', nats.text('pin')),
    cert: file('cert'),
    key: file('key'),
    creds: file('creds'),
  }
}

export type Setting = {
  readonly name: string
  /** Null: it is not set. A secret is never one: only what names its place. */
  readonly value: string | null
  /** Null: the default. */
  readonly by: string | null
}

/**
 * Every setting that a command of this home has, and the flag, variable or line that gives it.
 * @throws Failure `E_HOME` (configuration) if there is no folder that could be the home
 */
export async function settingsOf(globals: Globals, env: Env, { nats }: Config): Promise<readonly Setting[]> {
  const { resolveHome } = await import('../../storage/home/home.js')
  const file = (name: string, named: Config['nats']['ca']): Setting => ({
    name,
    value: named?.path ?? null,
    by: named?.by ?? null,
  })
  return [
    { name: 'home', value: resolve(resolveHome(env, globals.home)), by: homeBy(globals, env) },
    { name: 'nats.url', value: nats.url, by: nats.urlBy },
    { name: 'nats.insecure', value: String(nats.insecure), by: nats.insecureBy },
    file('nats.ca', nats.ca),
    { name: 'nats.pin', value: nats.pin?.hash ?? null, by: nats.pin?.by ?? null },
    file('nats.cert', nats.cert),
    file('nats.key', nats.key),
    file('nats.creds', nats.creds),
    secretOf(globals, env),
  ]
}

function homeBy({ home }: Globals, env: Env): string | null {
  if (home !== null) return '--home'
  if (env['MPC_HOME']) return 'MPC_HOME'
  return env['XDG_DATA_HOME']?.startsWith('/') ? 'XDG_DATA_HOME' : null
}

/** The place from which the identity's secret is read; without one a person is asked. */
function secretOf({ identity, passphraseFd, passphraseFile }: Globals, env: Env): Setting {
  const places: readonly (readonly [string, string | null | undefined])[] = [
    ['--identity', identity],
    ['--passphrase-fd', passphraseFd === null ? null : String(passphraseFd)],
    ['--passphrase-file', passphraseFile],
    ['MPC_PASSPHRASE_FILE', env['MPC_PASSPHRASE_FILE']],
    ['MPC_ASKPASS', env['MPC_ASKPASS']],
  ]
  const [by, value] = places.find(([, place]) => place) ?? [null, null]
  return { name: 'passphrase', value: value ?? null, by }
}

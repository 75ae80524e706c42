/** Ceremonies of real processes over a real server: started, watched event by event, killed, started again. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { BIN, type Custodian, endOf, MACHINE, type Ran } from './cli.js'

export type Event = {
  readonly event: string
  readonly round?: string
  readonly party?: string
  readonly missing?: readonly string[]
}

/** A process in a ceremony. */
export class Running {
  readonly events: Event[] = []
  readonly ended: Promise<Ran>
  readonly #watchers = new Set<(event: Event) => void>()

  constructor(
    readonly who: Custodian,
    readonly args: readonly string[],
    readonly child: ChildProcess,
  ) {
    this.ended = endOf(child, args)
    const lines = createInterface({ input: child.stdio[3] as Readable })
    lines.on('line', (line) => {
      const event = JSON.parse(line) as Event
      this.events.push(event)
      for (const watcher of this.#watchers) watcher(event)
    })
  }

  /** Calls `act` at once when an event is the first that fits. */
  at(fits: (event: Event) => boolean, act: () => void): void {
    const watcher = (event: Event) => {
      if (!fits(event)) return
      this.#watchers.delete(watcher)
      act()
    }
    this.#watchers.add(watcher)
  }

  /** Resolves when an event fits; rejects if the process ends before. */
  async until(fits: (event: Event) => boolean): Promise<void> {
    if (this.events.some(fits)) return
    const seen = new Promise<void>((resolve) => this.at(fits, resolve))
    const gone = this.ended.then(({ code, stderr }) => {
      throw new Error(`${this.who.name} ended with ${code} before that\n${stderr}`)
    })
    await Promise.race([seen, gone])
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<Ran> {
    this.child.kill(signal)
    return this.ended.catch((error: unknown) => {
      throw error
    })
  }
}

/**
 * Starts `mpc` for a custodian, who needs no passphrase, with a server and its events.
 * @param node flags of Node itself
 */
export function start(
  who: Custodian,
  url: string,
  args: readonly string[],
  node: readonly string[] = [],
): Running {
  const all = [...args, ...who.unlock, '--nats', url, '--no-input', '--json', '--events', 'fd:3']
  const child = spawn(process.execPath, [...node, BIN, ...all], {
    cwd: join(who.home, '..'),
    env: { ...MACHINE, HOME: join(who.home, '..'), MPC_HOME: who.home },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  return new Running(who, all, child)
}

/** Makes a definition in the custodians' folder; its file and id. */
export async function define(
  everybody: readonly Custodian[],
  threshold = 2,
  scheme = 'eddsa-ed25519',
  key = 'treasury',
  policy: string | null = null,
): Promise<{ file: string; id: string }> {
  const [author] = everybody as [Custodian]
  const file = `${key}-${scheme}-${threshold}.mpc`
  const members = everybody.map(({ name }) => name).join(',')
  const flags = ['--key', key, '--scheme', scheme, '--threshold', String(threshold), '--members', members]
  const { json } = await author.mpc([
    'ceremony',
    'new',
    'keygen',
    ...flags,
    ...(policy === null ? [] : ['--policy', policy]),
    '-o',
    file,
    '--no-input',
    '--json',
  ])
  return { file, id: json.data.definition_id as string }
}

/** Everybody makes the key that the definition says. */
export async function makeKey(
  everybody: readonly Custodian[],
  url: string,
  {
    threshold = 2,
    scheme,
    key,
    policy,
  }: { threshold?: number; scheme?: string; key?: string; policy?: string | null } = {},
): Promise<Ran[]> {
  const { file, id } = await define(everybody, threshold, scheme, key, policy)
  const running = everybody.map((who) => start(who, url, ['keygen', '--definition', file, '--accept', id]))
  const ended = await Promise.all(running.map(({ ended }) => ended))
  for (const ran of ended) if (ran.code !== 0) throw new Error(ran.stdout + ran.stderr)
  return ended
}

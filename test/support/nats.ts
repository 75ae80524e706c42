/**
 * Servers on free ports that a test may stop and start again: a real nats-server, found in PATH, and our
 * relay. Their common traits are tested on both: `natsSuite`.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'vitest'
import { accountsBlock } from '../../src/messaging/transport/nats-config.js'
import { openRelay, type Relay, userOf } from '../../src/messaging/relay/relay.js'
import type { Keys } from '../../src/wire/identity/card.js'
import { rng } from './members.js'

function hasServer(): boolean {
  try {
    execFileSync('nats-server', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const found = hasServer()

/** A server that everybody meets at. */
export type Broker = {
  readonly url: string
  readonly port: number
  up(): Promise<void>
  /** Without a word to anybody. */
  down(): Promise<void>
}

export type BrokerOptions = {
  /** Those who may connect, with a member's permissions; everybody if left out. */
  readonly members?: readonly Keys[]
  /** Seconds between pings, of which two may stand unanswered; the server's own if left out. */
  readonly ping?: number
  /** PEM files. */
  readonly tls?: { readonly cert: string; readonly key: string }
}

export type StartBroker = (options?: BrokerOptions) => Promise<Broker>

/**
 * A suite of what holds of every server: run on nats-server, where there is one, and on the relay,
 * everywhere.
 */
export function natsSuite(name: string, suite: (startBroker: StartBroker) => void): void {
  natsServerSuite(`${name} (nats-server)`, () => suite(NatsServer.broker))
  describe(`${name} (relay)`, () => suite(RelayBroker.start))
}

/**
 * A suite that needs a nats-server: skipped by name where there is none, unless `MPC_REQUIRE_NATS` says it
 * must run.
 */
export function natsServerSuite(name: string, suite: () => void): void {
  if (found) describe(name, suite)
  else if (process.env['MPC_REQUIRE_NATS'] === '1') {
    describe(name, () => {
      test('nats-server is installed', () => {
        throw new Error('MPC_REQUIRE_NATS is set, and there is no nats-server in PATH')
      })
    })
  } else describe.skip(`${name} (skipped: no nats-server in PATH)`, suite)
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

export class NatsServer implements Broker {
  #process: ChildProcess | null = null

  private constructor(
    readonly port: number,
    readonly config: string,
    readonly scheme: 'nats' | 'tls',
  ) {}

  /** @param body lines of configuration beside `listen` */
  static async start(body = '', scheme: 'nats' | 'tls' = 'nats'): Promise<NatsServer> {
    const port = await freePort()
    const config = join(mkdtempSync(join(tmpdir(), 'mpc-nats-')), 'nats.conf')
    writeFileSync(config, `listen: "127.0.0.1:${port}"\n${body}\n`)
    const server = new NatsServer(port, config, scheme)
    await server.up()
    return server
  }

  static broker({ members, tls, ping }: BrokerOptions = {}): Promise<NatsServer> {
    const path = (file: string): string => JSON.stringify(file)
    const lines = [
      ...(members ? accountsBlock('TREASURY', members) : []),
      ...(ping === undefined ? [] : [`ping_interval: "${ping}s"`, 'ping_max: 2']),
      ...(tls ? [`tls { cert_file: ${path(tls.cert)}, key_file: ${path(tls.key)} }`] : []),
    ]
    return NatsServer.start(lines.join('\n'), tls ? 'tls' : 'nats')
  }

  get url(): string {
    return `${this.scheme}://127.0.0.1:${this.port}`
  }

  async up(): Promise<void> {
    const process = spawn('nats-server', ['-c', this.config], { stdio: ['ignore', 'ignore', 'pipe'] })
    this.#process = process
    let log = ''
    process.stderr?.on('data', (chunk: Buffer) => {
      log += chunk.toString()
    })
    for (;;) {
      if (process.exitCode !== null) throw new Error(`nats-server did not start:\n${log}`)
      if (await this.#answers()) return
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /** Kills it, as a power cut would. */
  async down(): Promise<void> {
    const process = this.#process
    this.#process = null
    if (!process || process.exitCode !== null) return
    const exited = new Promise((resolve) => process.once('exit', resolve))
    process.kill('SIGKILL')
    await exited
  }

  #answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.port, '127.0.0.1')
      socket.once('data', () => {
        socket.destroy()
        resolve(true)
      })
      socket.once('error', () => resolve(false))
    })
  }
}

/** Servers for tests that do not mind which. */
export const brokers = { relay: (): Promise<Broker> => RelayBroker.start() }

/** The relay, in the process of the test. */
export class RelayBroker implements Broker {
  #relay: Relay | null = null

  private constructor(
    readonly port: number,
    readonly options: BrokerOptions,
  ) {}

  static async start(options: BrokerOptions = {}): Promise<RelayBroker> {
    const broker = new RelayBroker(await freePort(), options)
    await broker.up()
    return broker
  }

  get url(): string {
    return `${this.options.tls ? 'tls' : 'nats'}://127.0.0.1:${this.port}`
  }

  async up(): Promise<void> {
    const { members, tls, ping } = this.options
    this.#relay = await openRelay({
      host: '127.0.0.1',
      port: this.port,
      users: members?.map(userOf) ?? null,
      tls: tls ? { cert: readFileSync(tls.cert, 'utf8'), key: readFileSync(tls.key, 'utf8') } : null,
      rng,
      log: () => undefined,
      limits: ping === undefined ? {} : { ping: ping * 1000 },
    })
  }

  async down(): Promise<void> {
    await this.#relay?.close()
    this.#relay = null
  }
}

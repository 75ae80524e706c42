/** A real nats-server on a free port, with a configuration of the test's own. Found in PATH; see `natsSuite`. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'vitest'

function hasServer(): boolean {
  try {
    execFileSync('nats-server', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const found = hasServer()

/** A suite that needs a nats-server: skipped by name where there is none, unless `MPC_REQUIRE_NATS` says it must run. */
export function natsSuite(name: string, suite: () => void): void {
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

export class NatsServer {
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

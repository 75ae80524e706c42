/** A connection that is read line by line, with a time limit, and knows the stage it has reached. */
import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions, type PeerCertificate, TLSSocket } from 'node:tls'
import type { Server } from './servers.js'

export type Stage = 'dialling' | 'greeting' | 'tls' | 'login'

/** The connection failed. */
export class Broken extends Error {
  /**
   * @param cause Node's error, or the way it ended without one
   * @param silent whether the server had sent nothing
   */
  constructor(
    readonly stage: Stage,
    override readonly cause: NodeJS.ErrnoException | 'time' | 'closed',
    readonly silent: boolean,
  ) {
    super('the connection broke')
  }
}

/** The longest line, in bytes. */
const MOST = 1 << 16

export class Line {
  #stage: Stage = 'dialling'
  #socket: Socket
  #heard = ''
  #silent = true
  #broken: Broken | null = null
  #wake: () => void = () => {}
  readonly #timers: readonly NodeJS.Timeout[]

  constructor(
    readonly server: Server,
    within: number,
  ) {
    this.#socket = connect({ host: server.hostname, port: server.port })
    this.#socket.once('connect', () => this.#wake())
    this.#watch()
    // A NATS server speaks first; a server of another kind may wait for the client.
    const provoke = () => this.#stage === 'greeting' && this.#silent && this.say('HEAD / HTTP/1.0\r\n\r\n')
    this.#timers = [setTimeout(() => this.#break('time'), within), setTimeout(provoke, within / 2)]
  }

  async open(): Promise<void> {
    await this.#until(() => !this.#socket.connecting)
    this.#stage = 'greeting'
  }

  /** The next line, without its end. @throws Broken */
  async next(): Promise<string> {
    await this.#until(() => this.#heard.includes('\n') || this.#heard.length > MOST)
    const end = this.#heard.indexOf('\n')
    const line = this.#heard.slice(0, end === -1 ? MOST : end)
    this.#heard = this.#heard.slice(line.length + 1)
    return line.trimEnd()
  }

  /** Upgrades to TLS. @throws Broken */
  async secure(options: ConnectionOptions): Promise<void> {
    this.#stage = 'tls'
    this.#socket.removeAllListeners('data')
    const { hostname } = this.server
    const servername = isIP(hostname) === 0 ? hostname : ''
    let done = false
    this.#socket = connectTls({ ...options, servername, socket: this.#socket }, () => {
      done = true
      this.#wake()
    })
    this.#watch()
    await this.#until(() => done)
    this.#stage = 'login'
  }

  /** The certificate that the server shows; null before TLS. */
  get certificate(): PeerCertificate | null {
    return this.#socket instanceof TLSSocket ? this.#socket.getPeerCertificate() : null
  }

  say(words: string): void {
    if (!this.#broken) this.#socket.write(words)
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#socket.destroy()
  }

  #watch(): void {
    this.#socket.on('error', (cause: NodeJS.ErrnoException) => this.#break(cause))
    this.#socket.on('close', () => this.#break('closed'))
    this.#socket.on('data', (chunk: Buffer) => {
      this.#silent = false
      this.#heard += chunk.toString('latin1')
      this.#wake()
    })
  }

  #break(cause: Broken['cause']): void {
    this.#broken ??= new Broken(this.#stage, cause, this.#silent)
    this.#wake()
  }

  /** Checks received data before the failure, so that data that arrived first still counts. */
  async #until(met: () => boolean): Promise<void> {
    while (!met()) {
      if (this.#broken) throw this.#broken
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}

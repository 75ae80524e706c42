/** A client of a NATS server that says exactly what a test wants, and hears exactly what is answered. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Secret } from '../../src/protocol/core/secret.js'
import { SigningKey } from '../../src/wire/base/ed25519.js'
import { nkeyText } from '../../src/wire/base/nkey.js'
import { rng } from './members.js'

export const newKey = (): SigningKey => new SigningKey(new Secret(rng(32)))

const PONG = 'PONG\r\n'

export class RawClient {
  /** Everything after INFO. */
  heard = ''
  #watch: () => void = () => undefined

  private constructor(
    readonly socket: Socket,
    readonly info: Readonly<Record<string, unknown>>,
  ) {
    socket.on('data', (chunk: Buffer) => {
      this.heard += chunk.toString('latin1')
      this.#watch()
    })
    socket.on('error', () => undefined)
    socket.on('close', () => this.#watch())
  }

  /** Connected, and greeted. */
  static async greeted(port: number): Promise<RawClient> {
    const socket = connect(port, '127.0.0.1')
    const [first] = (await once(socket, 'data')) as [Buffer]
    const [line, ...more] = first.toString('latin1').split(/(?<=\n)/) as [string, ...string[]]
    const client = new RawClient(socket, JSON.parse(line.slice('INFO '.length)))
    client.heard = more.join('')
    return client
  }

  /** Connected, with CONNECT sent. */
  static async as(key: SigningKey, port: number, options: object = {}): Promise<RawClient> {
    const client = await RawClient.greeted(port)
    const sig = Buffer.from(key.signBytes(Buffer.from(client.info['nonce'] as string))).toString('base64url')
    client.connect({ nkey: nkeyText(key.publicKey), sig, verbose: false, pedantic: true, ...options })
    return client
  }

  connect(options: object): void {
    this.send(`CONNECT ${JSON.stringify(options)}\r\n`)
  }

  send(bytes: string | Uint8Array): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  }

  /** The answers to these, in one go; `closed` for those after the end of the connection. */
  async answers(commands: readonly string[]): Promise<string[]> {
    const from = this.heard.length
    this.send(commands.map((command) => `${command}\r\nPING\r\n`).join(''))
    const pieces = () => this.heard.slice(from).split(PONG)
    await this.#until(() => pieces().length > commands.length)
    const said = pieces()
    return commands.map((_, i) => said[i] ?? 'closed')
  }

  async answer(command: string): Promise<string> {
    return (await this.answers([command]))[0] as string
  }

  /** Resolves when this text has been heard. @throws if the connection ends before */
  async hears(text: string): Promise<void> {
    await this.#until(() => this.heard.includes(text))
    if (!this.heard.includes(text)) throw new Error(`closed before ${text}; heard ${this.heard}`)
  }

  /** All that was heard, once the server has hung up. */
  async ended(): Promise<string> {
    await this.#until(() => false)
    return this.heard
  }

  close(): void {
    this.socket.destroy()
  }

  #until(enough: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#watch = () => {
        if (!enough() && !this.socket.closed) return
        this.#watch = () => undefined
        resolve()
      }
      this.#watch()
    })
  }
}

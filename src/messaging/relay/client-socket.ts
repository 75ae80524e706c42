/**
 * The socket of one client: a greeting in clear, then TLS if configured; a limit on bytes that wait for a
 * slow reader; and a close that lets the client read why. `connection.ts` interprets the bytes.
 */
import type { Socket } from 'node:net'
import { type SecureContext, TLSSocket } from 'node:tls'

export type Owner = {
  hear(chunk: Buffer): void
  /** Called when more bytes wait for the client than allowed; the socket is closed. */
  tooSlow(): void
  closed(): void
}

export type SocketOptions = {
  readonly greeting: string
  readonly secure: SecureContext | null
  /** Limit of bytes that may wait. */
  readonly pending: number
}

/** Overhead of a waiting write in bytes: a flood of tiny messages fills memory too. */
const WRITE_COST = 256
/** Milliseconds for a client to read the reason before its connection is closed. */
const GRACE = 1000

export class ClientSocket {
  /** Address and port, for the log. */
  readonly from: string
  readonly address: string
  readonly #owner: Owner
  readonly #pending: number
  #socket: Socket
  #ended = false
  /** Writes since the queue was last empty. */
  #waiting = 0

  /** @param socket paused, so that its first byte is left for TLS */
  constructor(socket: Socket, owner: Owner, { greeting, secure, pending }: SocketOptions) {
    this.address = socket.remoteAddress ?? 'nowhere'
    this.from = `${this.address}:${socket.remotePort ?? 0}`
    this.#owner = owner
    this.#pending = pending
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => owner.closed())
    if (secure === null) this.#listen()
    // In clear, as nats-server does: it tells the client to start TLS.
    socket.write(greeting, 'latin1', () => {
      if (secure === null || this.#ended) return
      this.#socket = new TLSSocket(socket, { isServer: true, secureContext: secure })
      this.#socket.on('error', () => socket.destroy())
      this.#listen()
    })
  }

  send(...parts: readonly (string | Uint8Array)[]): void {
    if (this.#ended) return
    const socket = this.#socket
    if (socket.writableLength === 0) this.#waiting = 0
    socket.write(
      Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part))),
    )
    this.#waiting += 1
    if (socket.writableLength === 0) return
    if (socket.writableLength + this.#waiting * WRITE_COST <= this.#pending) return
    this.#ended = true
    socket.destroy()
    this.#owner.tooSlow()
  }

  /** Closes without a reason. */
  drop(): void {
    this.#ended = true
    this.#socket.destroy()
  }

  /** Sends a last line and closes. */
  end(words: string): void {
    if (this.#ended) return
    this.#ended = true
    // Read and drop further input: closing with unread data resets the connection, and the client loses
    // the reason.
    this.#socket.end(words, 'latin1')
    setTimeout(() => this.#socket.destroy(), GRACE).unref()
  }

  #listen(): void {
    this.#socket.on('data', (chunk: Buffer) => {
      if (!this.#ended) this.#owner.hear(chunk)
    })
    this.#socket.resume()
  }
}

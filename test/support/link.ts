/** A network of bad quality between a client and a server, both on this machine. */
import { createServer, connect, type Server, type Socket } from 'node:net'

export type Quality = {
  /** Milliseconds that every chunk takes. */
  readonly latency?: number
  /** Told of each chunk that comes to either side; returns whether the connection is reset instead. */
  readonly resets?: (chunk: Buffer, connection: number) => boolean
  /** Told of each chunk; returns whether it is lost. */
  readonly drops?: (chunk: Buffer) => boolean
}

export class BadLink {
  /** Connections that were ever made, and those that were reset. */
  connections = 0
  reset = 0
  readonly #sockets = new Set<Socket>()
  readonly #clients = new Set<Socket>()

  private constructor(
    readonly server: Server,
    readonly quality: Quality,
  ) {}

  static async to(port: number, quality: Quality): Promise<BadLink> {
    const server = createServer()
    const link = new BadLink(server, quality)
    server.on('connection', (client) => link.#join(client, connect(port, '127.0.0.1')))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return link
  }

  get url(): string {
    return `nats://127.0.0.1:${(this.server.address() as { port: number }).port}`
  }

  /** Says something to every client, as if the server had. */
  tell(words: string): void {
    for (const client of this.#clients) client.write(words)
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #join(client: Socket, server: Socket): void {
    const number = this.connections++
    const both = [client, server]
    this.#clients.add(client)
    client.on('close', () => this.#clients.delete(client))
    for (const [from, to] of [both, both.toReversed()] as [Socket, Socket][]) {
      this.#sockets.add(from)
      from.setNoDelay(true)
      from.on('error', () => undefined)
      from.on('close', () => {
        this.#sockets.delete(from)
        to.destroy()
      })
      from.on('data', (chunk: Buffer) => {
        if (from.destroyed || to.destroyed) return
        if (this.quality.resets?.(chunk, number)) {
          this.reset += 1
          for (const socket of both) socket.resetAndDestroy()
        } else if (!this.quality.drops?.(chunk))
          setTimeout(() => to.destroyed || to.write(chunk), this.quality.latency ?? 0)
      })
    }
  }
}

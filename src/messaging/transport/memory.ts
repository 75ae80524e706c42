/**
 * A network inside one process, for tests and rehearsals. Messages arrive later, in order. `interfere` sees
 * every delivery and returns the bytes that arrive, if any.
 */
import { matches, type Transport } from './transport.js'

export type Delivery = { readonly subject: string; readonly bytes: Uint8Array; readonly to: string }
export type Interfere = (delivery: Delivery) => readonly Uint8Array[]

type Client = {
  readonly name: string
  readonly subscriptions: Set<{ pattern: string; receive: (subject: string, bytes: Uint8Array) => void }>
  closed: boolean
}

export class MemoryNetwork {
  readonly #clients = new Set<Client>()
  interfere: Interfere = ({ bytes }) => [bytes]

  /** A connection of its own. @param name the recipient's name for `interfere` */
  connect(name: string): Transport {
    const client: Client = { name, subscriptions: new Set(), closed: false }
    this.#clients.add(client)
    return {
      connected: true,
      maxPayload: Infinity,
      questions: null,
      onDisconnect: () => () => {},
      onReconnect: () => () => {},
      onFailure: () => () => {},
      publish: (subject, bytes) => {
        if (!client.closed) this.#deliver(client, subject, bytes.slice())
      },
      subscribe: (pattern, receive) => {
        const subscription = { pattern, receive }
        client.subscriptions.add(subscription)
        return () => client.subscriptions.delete(subscription)
      },
      flush: () => new Promise((resolve) => setImmediate(() => resolve(true))),
      close: () => {
        client.closed = true
        this.#clients.delete(client)
        return Promise.resolve()
      },
    }
  }

  #deliver(from: Client, subject: string, bytes: Uint8Array): void {
    for (const to of this.#clients) {
      if (to === from) continue
      for (const { pattern, receive } of to.subscriptions) {
        if (!matches(pattern, subject)) continue
        for (const arriving of this.interfere({ subject, bytes, to: to.name })) {
          setImmediate(() => {
            if (!to.closed) receive(subject, arriving)
          })
        }
      }
    }
  }
}

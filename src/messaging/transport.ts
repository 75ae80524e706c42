/**
 * The one thing that messaging needs of a network: bytes to a subject, bytes from a subject. Delivery is not promised;
 * `mailbox.ts` asks again for what is missing.
 */
import type { Failure } from '../wire/failure.js'

export type Transport = {
  /** Sends now or never: what is published while disconnected is lost. */
  publish(subject: string, bytes: Uint8Array): void
  /** Calls `receive` for each message until the returned function is called. `*` stands for one token. */
  subscribe(subject: string, receive: (subject: string, bytes: Uint8Array) => void): () => void
  /** Resolves once everything published before has reached the server. */
  flush(): Promise<void>
  close(): Promise<void>
  /** Whether there is a connection at this moment. */
  readonly connected: boolean
  /** Calls `listener` whenever the connection is lost, until the returned function is called. */
  onDisconnect(listener: () => void): () => void
  /** Calls `listener` whenever the connection is back, until the returned function is called. */
  onReconnect(listener: () => void): () => void
  /** Calls `listener` when the network has failed for good, until the returned function is called. */
  onFailure(listener: (failure: Failure) => void): () => void
}

/** Those who want to hear of something. */
export class Listeners<A extends unknown[]> {
  readonly #all = new Set<(...args: A) => void>()

  add(listener: (...args: A) => void): () => void {
    this.#all.add(listener)
    return () => this.#all.delete(listener)
  }

  tell(...args: A): void {
    for (const listener of this.#all) listener(...args)
  }
}

const TOKEN = /^(?:[A-Za-z0-9_-]{1,64}|\*)$/

/** A subject of checked tokens: the client itself would let a line break inject commands. @throws TypeError */
export function subject(...tokens: readonly string[]): string {
  for (const token of tokens) if (!TOKEN.test(token)) throw new TypeError('not a subject token')
  return tokens.join('.')
}

/** Whether a subject is matched by a pattern with `*`. */
export function matches(pattern: string, subject: string): boolean {
  const wanted = pattern.split('.')
  const tokens = subject.split('.')
  return wanted.length === tokens.length && wanted.every((token, i) => token === '*' || token === tokens[i])
}

/** Whether a host, as a URL or an address has it, is this machine: what goes there crosses no network. */
export const isLoopback = (host: string): boolean =>
  /^(?:localhost|127(?:\.\d{1,3}){3}|::1|\[::1\])$/.test(host)

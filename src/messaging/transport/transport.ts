/**
 * The one thing that messaging needs of a network: bytes to a subject, bytes from a subject. Delivery is not promised;
 * `mailbox.ts` asks again for what is missing.
 */
import { isIPv4 } from 'node:net'
import type { Failure } from '../../wire/base/failure.js'

export type Transport = {
  /** Sends now or never: what is published while disconnected is lost. What the server cannot take is a failure. */
  publish(subject: string, bytes: Uint8Array): void
  /** Calls `receive` for each message until the returned function is called. `*` stands for one token. */
  subscribe(subject: string, receive: (subject: string, bytes: Uint8Array) => void): () => void
  /**
   * Resolves to true once everything published before has reached the server; to false where the connection was lost
   * on the way or is away. It never rejects: what is lost is asked for again.
   */
  flush(): Promise<boolean>
  /** Leaves; never rejects. */
  close(): Promise<void>
  /** Whether there is a connection at this moment. */
  readonly connected: boolean
  /** Calls `listener` whenever the connection is lost, until the returned function is called. */
  onDisconnect(listener: () => void): () => void
  /** Calls `listener` whenever the connection is back, until the returned function is called. */
  onReconnect(listener: () => void): () => void
  /** The most bytes of one message that the server takes. */
  readonly maxPayload: number
  /** Calls `listener` when the network has failed for good, also before now, until the returned function is called. */
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

/**
 * The same, but nobody waits for it longer than this for what was said to reach the server, or for it to close: where
 * more comes than can be read, an answer stands behind all of it.
 * @param span milliseconds, at the time of asking
 */
export function hurried(transport: Transport, span: () => number): Transport {
  return {
    publish: (subject, bytes) => transport.publish(subject, bytes),
    subscribe: (pattern, receive) => transport.subscribe(pattern, receive),
    flush: () => within(transport.flush(), span(), false),
    close: () => within(transport.close(), span(), undefined),
    get connected() {
      return transport.connected
    },
    get maxPayload() {
      return transport.maxPayload
    },
    onDisconnect: (listener) => transport.onDisconnect(listener),
    onReconnect: (listener) => transport.onReconnect(listener),
    onFailure: (listener) => transport.onFailure(listener),
  }
}

/** Waits for a promise, but no longer than so many milliseconds. @param otherwise is given then */
async function within<T>(promised: Promise<T>, span: number, otherwise: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<T>((resolve) => (timer = setTimeout(() => resolve(otherwise), span)))
  try {
    return await Promise.race([promised, over])
  } finally {
    clearTimeout(timer)
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

/** A host as a URL or an address has it, without brackets and final dot; IPv4 inside IPv6 is IPv4. */
export function plainHost(host: string): string {
  const plain = host
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
    .toLowerCase()
  const [, dotted, high, low] = /^::ffff:(?:([\d.]+)|([\da-f]{1,4}):([\da-f]{1,4}))$/.exec(plain) ?? []
  if (dotted !== undefined) return dotted
  if (high === undefined || low === undefined) return plain
  const words = [high, low].map((word) => Number.parseInt(word, 16))
  return words.flatMap((word) => [word >> 8, word & 255]).join('.')
}

/** Whether a host is this machine: what goes there crosses no network. */
export function isLoopback(host: string): boolean {
  const plain = plainHost(host)
  return plain === 'localhost' || plain === '::1' || (isIPv4(plain) && plain.startsWith('127.'))
}

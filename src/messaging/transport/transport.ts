/**
 * The network as messaging needs it: bytes to a subject, bytes from a subject. Delivery is not guaranteed;
 * `mailbox.ts` asks again for missing letters.
 */
import { isIPv4 } from 'node:net'
import type { Failure } from '../../wire/base/failure.js'

export type Transport = {
  /** Publishes now; lost while disconnected. A message that the server would refuse is a failure. */
  publish(subject: string, bytes: Uint8Array): void
  /** Calls `receive` for each message until the returned function is called. `*` stands for one token. */
  subscribe(subject: string, receive: (subject: string, bytes: Uint8Array) => void): () => void
  /**
   * Resolves to true once the server has everything published before; to false if the connection is or was
   * lost. Never rejects: lost letters are asked for again.
   */
  flush(): Promise<boolean>
  /** Closes; never rejects. */
  close(): Promise<void>
  /** Whether there is a connection now. */
  readonly connected: boolean
  /** Calls `listener` whenever the connection is lost, until the returned function is called. */
  onDisconnect(listener: () => void): () => void
  /** Calls `listener` whenever the connection is back, until the returned function is called. */
  onReconnect(listener: () => void): () => void
  /** The largest message that the server takes, in bytes. */
  readonly maxPayload: number
  /** Calls `listener` once the network has failed for good, even before this call, until stopped. */
  onFailure(listener: (failure: Failure) => void): () => void
  /** Null where the server has no JetStream: `mpc relay`, and the network inside one process. */
  readonly questions: Questions | null
}

/** Questions to the server itself, which keeps messages in streams. Each has one answer. */
export type Questions = {
  /**
   * @param id of the message, for a stream, which takes each once
   * @throws Failure (network) without an answer in time, or without permission
   */
  ask(subject: string, bytes: Uint8Array, id?: string): Promise<Answer>
}

export type Answer = {
  readonly bytes: Uint8Array
  /** The subject of the message, where one of a stream was asked for. */
  readonly subject: string
  /** Where to acknowledge such a message. */
  readonly reply: string
  /** Of an answer without a message, such as 404; 0 for all others. */
  readonly status: number
}

/** A set of listeners. */
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
 * The same transport, but `flush` and `close` take at most `span` milliseconds: under a flood, the server's
 * answer waits behind everything else.
 * @param span milliseconds, read at each call
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
    questions: transport.questions,
  }
}

/** Waits for a promise at most `span` milliseconds. @param otherwise the value after that */
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

/** A subject of checked tokens: a line break in one would inject commands. @throws TypeError */
export function subject(...tokens: readonly string[]): string {
  for (const token of tokens) if (!TOKEN.test(token)) throw new TypeError('not a subject token')
  return tokens.join('.')
}

/** Whether a subject matches a pattern with `*`. */
export function matches(pattern: string, subject: string): boolean {
  const wanted = pattern.split('.')
  const tokens = subject.split('.')
  return wanted.length === tokens.length && wanted.every((token, i) => token === '*' || token === tokens[i])
}

/** A host of a URL without brackets and final dot; IPv4-mapped IPv6 becomes IPv4. */
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

/** Whether a host is this machine, so that traffic to it crosses no network. */
export function isLoopback(host: string): boolean {
  const plain = plainHost(host)
  return plain === 'localhost' || plain === '::1' || (isIPv4(plain) && plain.startsWith('127.'))
}

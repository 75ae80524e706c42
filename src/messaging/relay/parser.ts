/**
 * Parses a client's bytes into commands, strictly, in the memory of one line and one payload. The first
 * command must be the only CONNECT, so a stranger can make the relay hold one line at most.
 */
import type { Limits } from '../transport/limits.js'

export type Publish = {
  readonly verb: 'PUB'
  readonly subject: string
  readonly reply: string | null
  readonly payload: Uint8Array
}
export type Connect = {
  readonly verb: 'CONNECT'
  readonly nkey: string
  /** The signature of the nonce. */
  readonly signature: Uint8Array
  /** Whether every command is answered. */
  readonly verbose: boolean
  /** Whether the client receives its own messages. */
  readonly echo: boolean
}
export type Subscribe = {
  readonly verb: 'SUB'
  readonly pattern: string
  readonly queue: string | null
  readonly sid: string
}
/** @property max messages since the subscription after which it ends; null: it ends now */
export type Unsubscribe = { readonly verb: 'UNSUB'; readonly sid: string; readonly max: number | null }
export type Command =
  | Connect
  | Publish
  | Subscribe
  | Unsubscribe
  | { readonly verb: 'PING' }
  | { readonly verb: 'PONG' }

/** An error that ends the connection, in the words of nats-server. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
}

const LF = 0x0a
const CRLF = '\r\n'
/** One character per byte, so that tokens pass unchanged in any encoding. */
const BYTES = 'latin1'
const LINE = /^[^\0-\x08\n-\x1f\x7f]*\r\n$/
const SID = /^[!-~]{1,64}$/
const COUNT = /^[0-9]{1,9}$/

type Unfinished = { readonly line: Omit<Publish, 'payload'>; readonly bytes: Buffer; filled: number }

export class Parser {
  readonly #line: Buffer
  #length = 0
  #publish: Unfinished | null = null
  #connected = false

  constructor(readonly limits: Pick<Limits, 'line' | 'payload'>) {
    this.#line = Buffer.allocUnsafe(limits.line)
  }

  /** The commands that these bytes complete, parsed one at a time. @throws ProtocolError */
  *read(chunk: Buffer): Generator<Command> {
    let rest = chunk
    while (rest.length > 0) {
      if (this.#publish) {
        rest = rest.subarray(this.#fill(this.#publish, rest))
        const { line, bytes, filled } = this.#publish
        if (filled < bytes.length) return
        this.#publish = null
        if (bytes.toString(BYTES, filled - 2) !== CRLF) throw new ProtocolError('Unknown Protocol Operation')
        yield { ...line, payload: bytes.subarray(0, -2) }
        continue
      }
      const end = rest.indexOf(LF)
      const piece = end === -1 ? rest : rest.subarray(0, end + 1)
      if (this.#length + piece.length > this.#line.length) {
        throw new ProtocolError('maximum control line exceeded')
      }
      this.#length += piece.copy(this.#line, this.#length)
      rest = rest.subarray(piece.length)
      if (end === -1) return
      const text = this.#line.toString(BYTES, 0, this.#length)
      this.#length = 0
      const command = this.#command(text)
      if (command) yield command
    }
  }

  #fill(publish: Unfinished, from: Buffer): number {
    const copied = from.copy(publish.bytes, publish.filled)
    publish.filled += copied
    return copied
  }

  /** The command of a whole line; null if its payload is still to come. */
  #command(text: string): Command | null {
    const [verb, ...args] = text.trimEnd().split(/[ \t]+/) as [string, ...string[]]
    const name = verb.toUpperCase()
    if (!this.#connected && name !== 'CONNECT') throw new ProtocolError('Authorization Violation')
    if (!LINE.test(text)) throw new ProtocolError('Parser Error')
    switch (name) {
      case 'CONNECT':
        if (this.#connected) break
        this.#connected = true
        return connect(text.slice(verb.length))
      case 'PUB':
        this.#publish = this.#begin(args)
        return null
      case 'SUB':
        return subscribe(args)
      case 'UNSUB':
        return unsubscribe(args)
      case 'PING':
      case 'PONG':
        return { verb: name }
    }
    throw new ProtocolError('Unknown Protocol Operation')
  }

  #begin(args: readonly string[]): Unfinished {
    const [subject, reply, size] = args.length === 2 ? [args[0], null, args[1]] : args
    if (args.length > 3 || subject === undefined || reply === undefined || !COUNT.test(size ?? '')) {
      throw new ProtocolError('Parser Error')
    }
    if (Number(size) > this.limits.payload) throw new ProtocolError('Maximum Payload Violation')
    const bytes = Buffer.allocUnsafe(Number(size) + CRLF.length)
    return { line: { verb: 'PUB', subject, reply }, bytes, filled: 0 }
  }
}

function connect(text: string): Connect {
  const given = json(Buffer.from(text, BYTES).toString('utf8'))
  const textOf = (field: string): string => (typeof given[field] === 'string' ? given[field] : '')
  return {
    verb: 'CONNECT',
    nkey: textOf('nkey'),
    signature: Uint8Array.from(Buffer.from(textOf('sig'), 'base64url')),
    // A missing flag counts as true, as in nats-server.
    verbose: given['verbose'] !== false,
    echo: given['echo'] !== false,
  }
}

function json(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed === 'object' && parsed !== null) return parsed as Record<string, unknown>
  } catch {
    // The check below reports it.
  }
  throw new ProtocolError('Parser Error')
}

function subscribe(args: readonly string[]): Subscribe {
  const [pattern, queue, sid] = args.length === 2 ? [args[0], null, args[1]] : args
  if (args.length > 3 || pattern === undefined || queue === undefined || !SID.test(sid ?? '')) {
    throw new ProtocolError('Parser Error')
  }
  return { verb: 'SUB', pattern, queue, sid: sid as string }
}

function unsubscribe([sid, max, ...more]: readonly string[]): Unsubscribe {
  if (more.length > 0 || !SID.test(sid ?? '') || !COUNT.test(max ?? '0'))
    throw new ProtocolError('Parser Error')
  // No number means now.
  return { verb: 'UNSUB', sid: sid as string, max: Number(max ?? 0) || null }
}

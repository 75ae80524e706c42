/** One client: it proves its NKey, then its commands are checked. `relay.ts` admits and routes. */
import type { Socket } from 'node:net'
import type { SecureContext } from 'node:tls'
import type { Permissions } from '../transport/subjects.js'
import { ClientSocket, type Owner } from './client-socket.js'
import type { Limits } from '../transport/limits.js'
import {
  type Command,
  type Connect,
  Parser,
  ProtocolError,
  type Publish,
  type Subscribe,
  type Unsubscribe,
} from './parser.js'
import { covers, isPattern, isSubject, mayPublish, maySubscribe } from './patterns.js'

/** Somebody who may connect. */
export type User = { readonly nkey: string; readonly name: string; readonly permissions: Permissions }

/** The relay's functions that a connection uses. */
export type House = {
  readonly limits: Limits
  readonly secure: SecureContext | null
  /** The INFO line with this nonce. */
  greeting(nonce: string): string
  /** @throws ProtocolError unless a permitted user signed the nonce */
  admit(connect: Connect, nonce: string): User
  route(message: Publish, from: Connection): void
  /** Logs what happened to a client; the line holds nothing that the client sent. */
  log(who: string, what: string): void
  /** Called when the socket is closed. */
  closed(connection: Connection): void
}

export type Subscription = Subscribe & {
  readonly connection: Connection
  heard: number
  /** Messages after which it ends. */
  max: number
}

/** A command that is refused; the connection stays. `about` is shown to the client and never logged. */
type Refusal = { readonly what: string; readonly about?: string }

export class Connection implements Owner {
  /** The authenticated user; null before and after. */
  user: User | null = null
  /** Whether the client hears its own messages. */
  echo = true
  #verbose = true
  #ended = false
  /** Pings without an answer. */
  #pings = 0
  #pinging: NodeJS.Timeout | undefined
  readonly #deadline: NodeJS.Timeout
  readonly #socket: ClientSocket
  readonly #parser: Parser
  readonly #subscriptions = new Map<string, Subscription>()
  readonly #refused = new Set<string>()

  constructor(
    socket: Socket,
    readonly house: House,
    readonly nonce: string,
  ) {
    const { limits, secure } = house
    const greeting = `INFO ${house.greeting(nonce)}\r\n`
    this.#parser = new Parser(limits)
    this.#deadline = setTimeout(() => this.end('Authentication Timeout'), limits.authentication)
    this.#socket = new ClientSocket(socket, this, { greeting, secure, pending: limits.pending })
  }

  /** Whether the client is connected and has not authenticated. */
  get isStranger(): boolean {
    return this.user === null && !this.#ended
  }

  get address(): string {
    return this.#socket.address
  }

  /** The client's subscriptions that match a subject. */
  *matching(subject: string): Generator<Subscription> {
    for (const subscription of this.#subscriptions.values()) {
      if (covers(subscription.pattern, subject)) yield subscription
    }
  }

  /** Sends a message; ends the subscription if that was its last. */
  deliver(subscription: Subscription, { subject, reply, payload }: Publish): void {
    const to = reply === null ? '' : `${reply} `
    this.#socket.send(`MSG ${subject} ${subscription.sid} ${to}${payload.length}\r\n`, payload, '\r\n')
    subscription.heard += 1
    this.#endIfHeard(subscription)
  }

  /** Closes with an error line as nats-server sends it. */
  end(reason: string | null): void {
    if (this.#ended) return
    this.#socket.end(reason === null ? '' : `-ERR '${reason}'\r\n`)
    this.#leave(reason)
  }

  /** Closes an unauthenticated connection at once, because its place is needed. */
  makeRoom(): void {
    this.#socket.drop()
    this.#leave('maximum connections exceeded')
  }

  hear(chunk: Buffer): void {
    this.#pings = 0
    try {
      for (const command of this.#parser.read(chunk)) {
        const refusal = this.#obey(command)
        if (refusal) this.#refuse(refusal)
        else if (command.verb === 'PING') this.#socket.send('PONG\r\n')
        else if (this.#verbose && command.verb !== 'PONG') this.#socket.send('+OK\r\n')
        if (this.#ended) return
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.end(error.message)
    }
  }

  tooSlow(): void {
    this.#leave('Slow Consumer')
  }

  closed(): void {
    if (!this.#ended) this.#leave(null)
    this.house.closed(this)
  }

  #obey(command: Command): Refusal | null {
    if (command.verb === 'CONNECT') this.#admit(command)
    else if (command.verb === 'PUB') return this.#publish(command, this.user as User)
    else if (command.verb === 'SUB') return this.#subscribe(command, this.user as User)
    else if (command.verb === 'UNSUB') this.#unsubscribe(command)
    return null
  }

  #admit(connect: Connect): void {
    const { limits } = this.house
    this.user = this.house.admit(connect, this.nonce)
    this.#verbose = connect.verbose
    this.echo = connect.echo
    clearTimeout(this.#deadline)
    this.#pinging = setInterval(() => this.#ping(limits.pings), limits.ping)
    this.house.log(this.user.name, `connected from ${this.#socket.from}`)
  }

  #publish(message: Publish, { permissions }: User): Refusal | null {
    const { subject, reply } = message
    if (!isSubject(subject)) return { what: 'Invalid Publish Subject' }
    if (!mayPublish(permissions, subject)) return denied('Publish', `to ${quoted(subject)}`)
    // A replier would publish there on this member's behalf.
    if (reply !== null && !(isSubject(reply) && mayPublish(permissions, reply))) {
      return denied('Publish', `with Reply of ${quoted(reply)}`)
    }
    this.house.route(message, this)
    return null
  }

  #subscribe(command: Subscribe, { permissions }: User): Refusal | null {
    const { pattern, queue, sid } = command
    if (!isPattern(pattern)) return { what: 'Invalid Subject' }
    if (!maySubscribe(permissions, pattern)) {
      return denied(
        'Subscription',
        `to ${quoted(pattern)}${queue === null ? '' : ` using queue ${quoted(queue)}`}`,
      )
    }
    if (this.#subscriptions.has(sid)) return null
    if (this.#subscriptions.size >= this.house.limits.subscriptions) {
      return { what: 'maximum subscriptions exceeded' }
    }
    this.#subscriptions.set(sid, { ...command, connection: this, heard: 0, max: Infinity })
    return null
  }

  #unsubscribe({ sid, max }: Unsubscribe): void {
    const subscription = this.#subscriptions.get(sid)
    if (!subscription) return
    subscription.max = max ?? 0
    this.#endIfHeard(subscription)
  }

  #endIfHeard({ sid, heard, max }: Subscription): void {
    if (heard >= max) this.#subscriptions.delete(sid)
  }

  #refuse({ what, about }: Refusal): void {
    this.#socket.send(`-ERR '${what}${about === undefined ? '' : ` ${about}`}'\r\n`)
    // Each kind once: a client in a loop must not fill the log.
    if (this.#refused.has(what)) return
    this.#refused.add(what)
    this.house.log(this.#who, `was refused: ${what}`)
  }

  #ping(most: number): void {
    if (this.#pings >= most) return this.end('Stale Connection')
    this.#pings += 1
    this.#socket.send('PING\r\n')
  }

  #leave(reason: string | null): void {
    this.#ended = true
    clearTimeout(this.#deadline)
    clearInterval(this.#pinging)
    this.#subscriptions.clear()
    const silent = this.user ? 'left' : 'left without saying who it is'
    this.house.log(
      this.#who,
      reason === null ? silent : `was ${this.user ? 'cut off' : 'refused'}: ${reason}`,
    )
    this.user = null
  }

  get #who(): string {
    return this.user?.name ?? this.#socket.from
  }
}

const denied = (operation: 'Publish' | 'Subscription', about: string): Refusal => ({
  what: `Permissions Violation for ${operation}`,
  about,
})

const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`

/**
 * A NATS server for one room or one machine: core publish and subscribe for members, compatible with
 * nats-server's clients. It stores nothing. It logs connections and refusals, never subjects or payloads.
 */
import { createServer, type Server, type Socket } from 'node:net'
import { createSecureContext, type SecureContext } from 'node:tls'
import type { Rng } from '../../protocol/core/session.js'
import { fingerprintOf, type Keys } from '../../wire/identity/card.js'
import { isSigningKey, verifyEd25519 } from '../../wire/base/ed25519.js'
import { Failure } from '../../wire/base/failure.js'
import { nkeyText, parseNkey } from '../../wire/base/nkey.js'
import { approverPermissions, EVERYTHING, permissionsOf } from '../transport/subjects.js'
import { isLoopback } from '../transport/transport.js'
import { Connection, type House, type Subscription, type User } from './connection.js'
import { LIMITS, type Limits } from '../transport/limits.js'
import { type Connect, ProtocolError, type Publish } from './parser.js'

export type RelayOptions = {
  readonly host: string
  /** 0 for any free port. */
  readonly port: number
  /** The users who may connect; null: anybody with an NKey, with every permission. */
  readonly users: readonly User[] | null
  /** PEM texts. */
  readonly tls: { readonly cert: string; readonly key: string } | null
  readonly rng: Rng
  /** One line for each connection that comes, goes or is refused. */
  readonly log: (line: string) => void
  readonly limits?: Partial<Limits>
}

/**
 * Starts a relay.
 * @throws Failure `E_TLS` (configuration) for clear text beyond this machine, `E_TLS_FILES` (usage),
 *   `E_LISTEN` (network), `E_RELAY_OPEN` (usage) for strangers beyond this machine
 */
export async function openRelay(options: RelayOptions): Promise<Relay> {
  const { host, port, users, tls } = options
  if (!isLoopback(host)) checkExposed(users, tls)
  const relay = new Relay(options, tls && secureContext(tls))
  await relay.listen(host, port)
  return relay
}

export class Relay implements House {
  readonly limits: Limits
  readonly #server: Server
  readonly #users: ReadonlyMap<string, User> | null
  readonly #connections = new Set<Connection>()
  #turn = 0
  /** Number of authenticated connections so far. */
  admitted = 0

  constructor(
    readonly options: RelayOptions,
    readonly secure: SecureContext | null,
  ) {
    this.limits = { ...LIMITS, ...options.limits }
    this.#users = options.users && new Map(options.users.map((user) => [user.nkey, user]))
    this.#server = createServer({ pauseOnConnect: true }, (socket) => this.#accept(socket))
  }

  /** The port it listens on. */
  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address ? address.port : 0
  }

  listen(host: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.on('error', (cause: NodeJS.ErrnoException) => reject(cannotListen(host, port, cause)))
      this.#server.listen({ host, port }, resolve)
    })
  }

  /** Closes every connection; resolves once all sockets are closed. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    for (const connection of this.#connections) connection.end(null)
    await closed
  }

  greeting(nonce: string): string {
    return JSON.stringify({
      server_id: 'mpc-relay',
      server_name: 'mpc-relay',
      // Clients read the server's features from this version: the core alone.
      version: '2.0.0',
      proto: 1,
      host: this.options.host,
      port: this.port,
      headers: false,
      auth_required: true,
      tls_required: this.secure !== null,
      max_payload: this.limits.payload,
      nonce,
    })
  }

  admit({ nkey, signature }: Connect, nonce: string): User {
    const publicKey = parseNkey(nkey)
    const user = this.#users ? this.#users.get(nkey) : anybody(nkey)
    // A key of low order accepts signatures that anybody can make.
    const isKey = publicKey !== null && isSigningKey(publicKey)
    if (!isKey || !user || !verifyEd25519(publicKey, Buffer.from(nonce), signature)) {
      throw new ProtocolError('Authorization Violation')
    }
    const users = [...this.#connections].flatMap(({ user }) => user?.nkey ?? [])
    const own = users.filter((other) => other === nkey).length
    if (own >= this.limits.userConnections || users.length >= this.limits.connections) {
      throw new ProtocolError('maximum connections exceeded')
    }
    this.admitted += 1
    return user
  }

  route(message: Publish, from: Connection): void {
    const queues = new Map<string, Subscription[]>()
    for (const connection of this.#connections) {
      if (connection === from && !from.echo) continue
      for (const subscription of connection.matching(message.subject)) {
        const { queue } = subscription
        if (queue === null) connection.deliver(subscription, message)
        else queues.set(queue, [...(queues.get(queue) ?? []), subscription])
      }
    }
    // One member of each queue group, in turn.
    this.#turn += 1
    for (const waiting of queues.values()) {
      const next = waiting[this.#turn % waiting.length] as Subscription
      next.connection.deliver(next, message)
    }
  }

  log(who: string, what: string): void {
    this.options.log(`${who} ${what}`)
  }

  closed(connection: Connection): void {
    this.#connections.delete(connection)
  }

  #accept(socket: Socket): void {
    const nonce = Buffer.from(this.options.rng(32)).toString('base64url')
    const connection = new Connection(socket, this, nonce)
    this.#connections.add(connection)
    const strangers = [...this.#connections].filter(({ isStranger }) => isStranger)
    if (strangers.length > this.limits.strangers) oldestOfMost(strangers)?.makeRoom()
  }
}

/** The oldest stranger of the address that has the most: a flood pushes out only its own connections. */
function oldestOfMost(strangers: readonly Connection[]): Connection | undefined {
  const byAddress = new Map<string, Connection[]>()
  for (const each of strangers) byAddress.set(each.address, [...(byAddress.get(each.address) ?? []), each])
  const [most] = [...byAddress.values()].sort((a, b) => b.length - a.length)
  return most?.[0]
}

/** A member as a user, with a member's permissions. */
export function userOf(keys: Keys): User {
  return { nkey: nkeyText(keys.nkey), name: keys.name, permissions: permissionsOf(fingerprintOf(keys)) }
}

/** Somebody who approves requests and holds no share. */
export const approverUser = (keys: Keys): User => ({
  ...userOf(keys),
  permissions: approverPermissions(fingerprintOf(keys)),
})

/** Any user, named by the first characters of its NKey. */
const anybody = (nkey: string): User => ({ nkey, name: nkey.slice(0, 8), permissions: EVERYTHING })

function checkExposed(users: RelayOptions['users'], tls: RelayOptions['tls']): void {
  if (users === null) {
    throw new Failure(
      'usage',
      'E_RELAY_OPEN',
      'a relay that other machines reach needs to know who may connect',
      {
        hint: 'name the ceremony with --definition FILE',
      },
    )
  }
  if (tls === null) {
    throw new Failure('configuration', 'E_TLS', 'a relay that other machines reach needs TLS', {
      hint: 'give --self-signed, or --tls-cert FILE and --tls-key FILE; or listen on 127.0.0.1',
    })
  }
}

function secureContext({ cert, key }: { cert: string; key: string }): SecureContext {
  try {
    return createSecureContext({ cert, key, minVersion: 'TLSv1.2' })
  } catch (cause) {
    throw new Failure('usage', 'E_TLS_FILES', 'the certificate and the key do not make a TLS server', {
      hint: '--tls-cert and --tls-key name PEM files that belong together',
      cause,
    })
  }
}

const cannotListen = (host: string, port: number, cause: NodeJS.ErrnoException): Failure =>
  new Failure('network', 'E_LISTEN', `cannot listen on ${host}:${port} (${cause.code ?? 'unknown'})`, {
    hint: 'another server may have it: name another with --listen HOST:PORT',
    cause,
  })

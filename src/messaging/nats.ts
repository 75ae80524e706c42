/**
 * Transport over a NATS server. The only importer of the NATS client: its errors, status events and codecs end here.
 * The client drops what is published while disconnected and reports a refused publish only in its status stream.
 */
import { checkServerIdentity, type PeerCertificate } from 'node:tls'
import type { Auth, ConnectionOptions, NatsConnection, NatsError } from 'nats'
import type { SigningKey } from '../wire/ed25519.js'
import { Failure } from '../wire/failure.js'
import { nkeyText } from '../wire/nkey.js'
import { visible } from '../wire/text.js'
import { isLoopback, Listeners, type Transport } from './transport.js'

export type NatsOptions = {
  /** `nats://host:port` or `tls://host:port`, several separated by commas. */
  readonly url: string
  /** PEM text, and the text of a NATS credentials file. */
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
  readonly creds?: string | undefined
  /** The identity's NATS key, which answers the server's challenge where there are no creds. */
  readonly nkey: SigningKey
  /** Allows clear text to a server that is not on this machine. */
  readonly insecure?: boolean
}

const CONNECT_WITHIN = 5000

/** A connection, within 5 seconds. @throws Failure `network`, or `configuration` for a remote server without TLS */
export async function connectNats(options: NatsOptions): Promise<Transport> {
  const named = options.url.split(',').map((server) => checkServer(server.trim(), options))
  const servers = named.map(({ hostname, port }) => `${hostname}:${port}`)
  const { connect } = await import('nats')
  const refused: { last: NatsError | null } = { last: null }
  let connection: NatsConnection
  try {
    connection = await connect({
      servers,
      name: 'mpc',
      noEcho: true,
      timeout: CONNECT_WITHIN,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 500,
      pingInterval: 10_000,
      maxPingOut: 2,
      ignoreClusterUpdates: true,
      ...(named.some(({ tls }) => tls) && tlsOptions(options, named)),
      ...(await authentication(options)),
    })
  } catch (cause) {
    throw connectFailure(cause, servers)
  }
  return transportOver(connection, refused, servers)
}

function transportOver(
  nc: NatsConnection,
  refused: { last: NatsError | null },
  servers: readonly string[],
): Transport {
  let connected = true
  const losses = new Listeners<[]>()
  const reconnects = new Listeners<[]>()
  const failures = new Listeners<[Failure]>()
  const transport: Transport & { connected: boolean } = {
    connected,
    onDisconnect: (listener) => losses.add(listener),
    onReconnect: (listener) => reconnects.add(listener),
    onFailure: (listener) => failures.add(listener),
    publish: (subject, bytes) => {
      if (!nc.isClosed()) nc.publish(subject, bytes)
    },
    subscribe: (subject, receive) => {
      const subscription = nc.subscribe(subject, {
        callback: (error, message) => {
          if (error) failures.tell(permissionFailure(error))
          else receive(message.subject, message.data)
        },
      })
      return () => subscription.unsubscribe()
    },
    flush: () => (nc.isClosed() || !connected ? Promise.resolve() : nc.flush()),
    close: async () => {
      if (nc.isClosed()) return
      if (connected) await nc.drain().catch(() => nc.close())
      else await nc.close()
    },
  }
  const watch = async (): Promise<void> => {
    for await (const status of nc.status()) {
      if (status.type === 'disconnect') {
        // Every attempt that fails is told again by the client; the connection is lost once.
        const wasConnected = connected
        transport.connected = connected = false
        if (wasConnected) losses.tell()
      } else if (status.type === 'reconnect') {
        transport.connected = connected = true
        reconnects.tell()
      } else if (status.type === 'error') {
        const error = { code: status.data, permissionContext: status.permissionContext } as NatsError
        refused.last = error
        if (error.code === 'PERMISSIONS_VIOLATION') failures.tell(permissionFailure(error))
      }
    }
  }
  void watch()
  void nc.closed().then((error) => {
    transport.connected = connected = false
    const cause = refused.last ?? error
    if (cause) failures.tell(connectFailure(cause, servers))
  })
  return transport
}

type Server = { readonly hostname: string; readonly port: string; readonly tls: boolean }

/** A server by its URL, if it may be used. */
function checkServer(text: string, options: NatsOptions): Server {
  let url: URL
  try {
    url = new URL(text.includes('://') ? text : `nats://${text}`)
  } catch (cause) {
    throw new Failure('usage', 'E_NATS_URL', `not the URL of a NATS server: ${visible(text)}`, { cause })
  }
  if (url.protocol !== 'nats:' && url.protocol !== 'tls:') {
    throw new Failure(
      'usage',
      'E_NATS_URL',
      `a NATS server is nats:// or tls://, not ${visible(url.protocol)}`,
    )
  }
  if (url.username !== '' || url.password !== '') {
    throw new Failure(
      'usage',
      'E_NATS_URL',
      'no credentials in a URL: use --nats-creds, or the identity answers',
      {},
    )
  }
  const tls = url.protocol === 'tls:' || options.ca !== undefined || options.cert !== undefined
  if (!tls && !isLoopback(url.hostname) && options.insecure !== true) {
    throw new Failure(
      'configuration',
      'E_TLS',
      `${visible(url.hostname)} is not this machine and would be reached in clear`,
      {
        hint: 'use tls://, or set nats.insecure: true in the configuration if the network itself is trusted',
      },
    )
  }
  return { hostname: url.hostname, port: url.port || '4222', tls }
}

/** Given whenever any server's URL asks for TLS: without them the client falls back to clear text. */
function tlsOptions(
  { ca, cert, key }: NatsOptions,
  servers: readonly Server[],
): Pick<ConnectionOptions, 'tls'> {
  // The first two reach node:tls, though the client's type does not list them. The client forgets the name of a server
  // that is named by its address, so the certificate is held against the names that were asked for.
  const tls = {
    minVersion: 'TLSv1.2',
    checkServerIdentity: (_: string, certificate: PeerCertificate) => {
      const problems = servers.map(({ hostname }) =>
        checkServerIdentity(hostname.replace(/^\[(.*)\]$/, '$1'), certificate),
      )
      return problems.includes(undefined) ? undefined : problems[0]
    },
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
  }
  return { tls }
}

async function authentication(options: NatsOptions): Promise<Pick<ConnectionOptions, 'authenticator'>> {
  if (options.creds !== undefined) {
    const { credsAuthenticator } = await import('nats')
    return { authenticator: credsAuthenticator(Buffer.from(options.creds)) }
  }
  const answer = (nonce?: string): Auth => ({
    nkey: nkeyText(options.nkey.publicKey),
    sig:
      nonce === undefined
        ? ''
        : Buffer.from(options.nkey.signBytes(Buffer.from(nonce))).toString('base64url'),
  })
  return { authenticator: answer }
}

function connectFailure(cause: unknown, servers: readonly string[]): Failure {
  const where = servers.join(', ')
  const code = (cause as { code?: unknown }).code
  if (cause instanceof Failure) return cause
  if (code === 'AUTHORIZATION_VIOLATION' || code === 'AUTHENTICATION_EXPIRED' || code === 'BAD_CREDS') {
    return new Failure(
      'network',
      'E_BROKER_AUTH',
      `the NATS server at ${where} does not know this identity`,
      {
        hint: 'give its administrator your card; `mpc nats config` makes the users section',
        cause,
      },
    )
  }
  return new Failure(
    'network',
    'E_BROKER',
    `cannot reach a NATS server at ${where} (${visible(typeof code === 'string' ? code : 'no answer')})`,
    {
      hint: 'start one, or name it with --nats URL or MPC_NATS_URL',
      cause,
    },
  )
}

function permissionFailure(error: NatsError): Failure {
  const context = error.permissionContext
  const what = context ? `${context.operation} ${visible(context.subject)}` : 'an operation'
  return new Failure(
    'network',
    'E_BROKER_PERMISSION',
    `the NATS server does not allow this identity to ${what}`,
    {
      hint: context
        ? `its user needs permissions { ${context.operation}: [${visible(context.subject)}] }, see \`mpc nats config\``
        : 'see `mpc nats config`',
      cause: error,
    },
  )
}

/**
 * Transport over a NATS server, the only importer of the NATS client. The client drops messages published
 * while it is disconnected, and reports a refused publish only in its status stream.
 */
import type { NatsConnection, NatsError } from 'nats'
import type { SigningKey } from '../../wire/base/ed25519.js'
import type { Failure } from '../../wire/base/failure.js'
import { type Login, loginOf } from './credentials.js'
import { trusting, whyNot } from './diagnosis.js'
import { broker, permissionFailure, refusal, tooLarge, type Trouble } from './refusals.js'
import { type FileText, type Server, type ServerOptions, serversIn, type Tls, tlsFor } from './servers.js'
import { type Answer, Listeners, type Transport } from './transport.js'

export type NatsOptions = ServerOptions & {
  /** A NATS credentials file. */
  readonly creds?: FileText | undefined
  /** The identity's NATS key, which answers the server's challenge if there are no `creds`. */
  readonly nkey: SigningKey | null
  /** The first token of the subjects for answers; the client's own by default. */
  readonly inbox?: string | undefined
  /** How long to retry a server that was reached and breaks the connection, in milliseconds; 0 by default. */
  readonly patience?: number
  /** Ends the retries. */
  readonly signal?: AbortSignal
  /** Called once, with the reason for the retries. */
  readonly retrying?: (why: Failure) => void
  readonly now?: () => number
}

/** Limit for the client's first try; with the diagnosis of its failure below 5 seconds. */
const FIRST_TRY = 2300
/** Each further try of a slow server gets this much more time. */
const LONGER = 1.5
const LONGEST_TRY = 10_000
const PAUSE = 300
/** How long an unreachable server is tried: about as long as a restart of it takes. */
const MOMENT = 3500

/**
 * Connects. A failure is diagnosed within 5 seconds. A server that was reached and breaks the connection is
 * retried for `patience`.
 * @throws Failure `network`; `E_NATS_URL`, `E_TLS_FILES`, `E_NATS_PIN` (usage); `E_BROKER_PIN` (authentication); `E_TLS`, `E_NATS_CREDS` (configuration)
 */
export async function connectNats(options: NatsOptions): Promise<Transport> {
  const { now = Date.now, patience = 0, signal, retrying } = options
  const servers = serversIn(options)
  let tls = tlsFor(servers, options)
  const login = loginOf(options.creds, options.nkey)
  const began = now()
  let reached = false
  const bear = async ({ failure, lasts }: Trouble): Promise<void> => {
    signal?.throwIfAborted()
    if (lasts === 'a while' && !reached && patience > 0) retrying?.(failure)
    reached ||= lasts === 'a while'
    // A server that was reached may be restarting.
    const span = reached ? patience : MOMENT
    if (lasts === 'for good' || now() - began >= span) throw failure
    await pause(signal)
  }
  if (options.pin !== undefined) tls = await trusting(servers, { ...options, tls, login, bear })
  for (let within = FIRST_TRY; ; within = Math.min(within * LONGER, LONGEST_TRY)) {
    const connection = await dial(servers, tls, login, { within, inbox: options.inbox })
    if (connection) return transportOver(connection, login, servers, now)
    // Probe by hand until it succeeds: the client only times out when its connection breaks early.
    let trouble: Trouble | null
    while ((trouble = await whyNot(servers, tls, login, options)) !== null) await bear(trouble)
    // The server may have come up in between, so another try follows in any case.
    await bear({ failure: breaks(servers), lasts: patience > MOMENT ? 'a while' : 'a moment' })
  }
}

/** One try of the client; null if it fails, and then `whyNot` finds the reason. */
async function dial(
  servers: readonly Server[],
  tls: Tls | null,
  login: Login,
  { within, inbox }: { readonly within: number; readonly inbox: string | undefined },
): Promise<NatsConnection | null> {
  const { connect } = await import('nats')
  try {
    return await connect({
      servers: servers.map(({ where }) => where),
      name: 'mpc',
      noEcho: true,
      timeout: within,
      ...(inbox !== undefined && { inboxPrefix: inbox }),
      maxReconnectAttempts: -1,
      reconnectTimeWait: 500,
      pingInterval: 10_000,
      maxPingOut: 2,
      ignoreClusterUpdates: true,
      authenticator: login.answer,
      // Without these, the client would fall back to clear text, or upgrade to TLS unasked.
      tls,
    })
  } catch {
    return null
  }
}

/** The failure if the client gives up and the probe finds no reason. */
const breaks = (servers: readonly Server[]): Failure =>
  broker(
    `the connection to the NATS server at ${placesOf(servers)} breaks`,
    'look at the network between here and there',
  )

const placesOf = (servers: readonly Server[]): string => servers.map(({ where }) => where).join(', ')

async function pause(signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve) => {
    const go = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', go)
      resolve()
    }
    const timer = setTimeout(go, PAUSE)
    signal?.addEventListener('abort', go)
  })
  signal?.throwIfAborted()
}

// ---------------------------------------------------------------------------------------------- a connection

/** How long a server may take to confirm a flush, in milliseconds. */
const FLUSH_WITHIN = 10_000
const LEAVE_WITHIN = 2000
/** How long the server may take to answer a question, in milliseconds. */
const ANSWER_WITHIN = 10_000
/** Subjects of questions and answers: what is refused there ends one question, and no ceremony. */
const OF_QUESTIONS = /^(?:\$JS\.|_INBOX|mpc\.v1\.work\.)/

function transportOver(
  nc: NatsConnection,
  login: Login,
  servers: readonly Server[],
  now: () => number,
): Transport {
  const where = placesOf(servers)
  const losses = new Listeners<[]>()
  const reconnects = new Listeners<[]>()
  const failures = new Listeners<[Failure]>()
  let connected = true
  let failed: Failure | null = null
  let most = nc.info?.max_payload ?? Infinity
  const fail = (failure: Failure): void => {
    failed ??= failure
    failures.tell(failure)
  }
  const transport: Transport & { connected: boolean } = {
    connected,
    get maxPayload() {
      most = nc.info?.max_payload ?? most
      return most
    },
    onDisconnect: (listener) => losses.add(listener),
    onReconnect: (listener) => reconnects.add(listener),
    onFailure: (listener) => {
      if (failed) listener(failed)
      return failures.add(listener)
    },
    publish: (subject, bytes) => {
      if (bytes.length > transport.maxPayload) return fail(tooLarge(transport.maxPayload, bytes.length))
      unlessClosed(nc, () => nc.publish(subject, bytes))
    },
    subscribe: (subject, receive) => {
      const callback = (error: NatsError | null, message: { subject: string; data: Uint8Array }): void => {
        if (error) fail(permissionFailure(error.permissionContext))
        else receive(message.subject, message.data)
      }
      const subscription = unlessClosed(nc, () => nc.subscribe(subject, { callback }))
      return () => unlessClosed(nc, () => subscription?.unsubscribe())
    },
    questions: nc.info?.jetstream ? { ask: (...question) => ask(nc, where, ...question) } : null,
    flush: async () => {
      if (nc.isClosed() || !connected) return false
      return within(FLUSH_WITHIN, nc.flush())
    },
    close: async () => {
      if (connected && !nc.isClosed()) await within(LEAVE_WITHIN, nc.drain())
      await nc.close().catch(() => {})
    },
  }
  const watch = async (): Promise<void> => {
    for await (const status of nc.status()) {
      if (status.type === 'disconnect') {
        // The client reports every failed attempt; the connection is lost only once.
        const wasConnected = connected
        transport.connected = connected = false
        if (wasConnected) losses.tell()
      } else if (status.type === 'reconnect') {
        transport.connected = connected = true
        reconnects.tell()
      } else if (status.type === 'error') {
        if (status.data === 'PERMISSIONS_VIOLATION') {
          const { permissionContext: context } = status
          if (!OF_QUESTIONS.test(context?.subject ?? '')) fail(permissionFailure(context))
        } else if (lastWords(nc).includes('subscriptions exceeded')) {
          fail(refusal(lastWords(nc), where, login, now()).failure)
        }
      }
    }
  }
  void watch()
  void nc.closed().then((error) => {
    transport.connected = connected = false
    if (error) fail(refusal(lastWords(nc) || error.message, where, login, now()).failure)
  })
  return transport
}

/** One question to the server. @throws Failure (network) */
async function ask(
  nc: NatsConnection,
  where: string,
  subject: string,
  bytes: Uint8Array,
  id?: string,
): Promise<Answer> {
  const { headers } = await import('nats')
  const marks = headers()
  if (id !== undefined) marks.set('Nats-Msg-Id', id)
  try {
    // A message of a stream comes under its own subject, by which the client's common inbox would not know it.
    const noMux = subject.startsWith('$JS.API.CONSUMER.MSG.NEXT.')
    const more = { noMux, ...(id !== undefined && { headers: marks }) }
    const said = await nc.request(subject, bytes, { timeout: ANSWER_WITHIN, ...more })
    const { data, reply = '', headers: about } = said
    return { bytes: data, subject: said.subject, reply, status: about?.code ?? 0 }
  } catch (error) {
    const { code, permissionContext } = error as NatsError
    if (permissionContext) {
      // What the user needs is all answers to it, and not this one.
      const all = permissionContext.subject.replace(/^(_INBOX[^.]*)\..*$/, '$1.>')
      throw permissionFailure({ ...permissionContext, subject: all })
    }
    // Nobody listens there: JetStream is off for this account.
    if (code === '503') return { bytes: new Uint8Array(), subject, reply: '', status: 503 }
    throw broker(`the NATS server at ${where} does not answer`, 'run the same command again', error)
  }
}

/** Ignores operations on a closed connection: its failure was reported when it closed. */
function unlessClosed<T>(nc: NatsConnection, act: () => T): T | undefined {
  try {
    return act()
  } catch (error) {
    if (nc.isClosed() || nc.isDraining()) return undefined
    throw error
  }
}

/** Whether `done` resolves within `span` milliseconds. */
async function within(span: number, done: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), span)
  })
  const inTime = done.then(
    () => true,
    () => false,
  )
  try {
    return await Promise.race([inTime, late])
  } finally {
    clearTimeout(timer)
  }
}

/** The last `-ERR` that is not about a subject. The client keeps its text, but reports a vague code. */
function lastWords(nc: NatsConnection): string {
  const { protocol } = nc as unknown as { protocol?: { lastError?: { message?: unknown } } }
  const text = protocol?.lastError?.message
  return typeof text === 'string' ? text : ''
}

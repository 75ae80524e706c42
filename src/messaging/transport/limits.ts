/**
 * The resources of a relay that one client may use. `mpc nats config` prints the same limits for
 * nats-server.
 */
export const LIMITS = {
  /** Subscriptions of one connection. */
  subscriptions: 64,
  /** Connections of one NKey: a member's processes, and those that a dead network has not closed yet. */
  userConnections: 4,
  /** Authenticated connections in all. */
  connections: 256,
  /** Connections that have not authenticated: a separate limit, so that they take no member's place. */
  strangers: 1024,
  /** Bytes on their way to one connection; then it is cut off. */
  pending: 1 << 24,
  /** Bytes of one message. */
  payload: 1 << 20,
  /** Bytes of one line of the protocol, `CONNECT` among them. */
  line: 4096,
  /** Milliseconds to prove an NKey; TLS counts. */
  authentication: 2000,
  /** Milliseconds between pings, and how many may stand unanswered. */
  ping: 30_000,
  pings: 2,
} as const

export type Limits = Readonly<Record<keyof typeof LIMITS, number>>

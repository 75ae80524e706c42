/** A relay's limits for one client. `mpc nats config` prints the same for nats-server. */
export const LIMITS = {
  /** Subscriptions of one connection. */
  subscriptions: 64,
  /** Connections of one NKey: a member's processes, and those that a dead network has not closed yet. */
  userConnections: 4,
  /** Authenticated connections in all. */
  connections: 256,
  /** Connections that have not authenticated: a separate limit, so that they take no member's place. */
  strangers: 1024,
  /** Bytes that may wait for one connection; above it, the connection is closed. */
  pending: 1 << 24,
  /** Bytes of one message. */
  payload: 1 << 20,
  /** Bytes of one protocol line, including `CONNECT`. */
  line: 4096,
  /** Milliseconds until the NKey must be proved, TLS handshake included. */
  authentication: 2000,
  /** Milliseconds between pings, and how many may be unanswered. */
  ping: 30_000,
  pings: 2,
} as const

export type Limits = Readonly<Record<keyof typeof LIMITS, number>>

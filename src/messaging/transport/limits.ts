/**
 * What one client may take of a relay (F-35). The nats-server configuration that `mpc nats config` prints
 * says the same.
 */
export const LIMITS = {
  /** Subscriptions of one connection. */
  subscriptions: 64,
  /** Connections of one NKey: a member's processes, and those that a dead network has not closed yet. */
  userConnections: 4,
  /** Connections of all that have said who they are. */
  connections: 256,
  /** Connections of those that have not: room of their own, so that they take none of the members'. */
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

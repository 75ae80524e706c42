/**
 * Types of letters and their slots: members, slots, kinds that members show each other, and waits.
 * `mailbox.ts` holds the letters; `await.ts` waits for them.
 */
import { bytes, codec, list, nullable, oneOf, record, uint } from '../../protocol/core/codec.js'
import { type Kind, KINDS, roundShape } from '../../wire/session/envelope.js'
import { hex } from '../../wire/base/text.js'

/** A member that may be heard here. */
export type Member = {
  readonly name: string
  readonly fingerprint: Uint8Array
  /** Ed25519 public key. */
  readonly signing: Uint8Array
}

/** The place of a letter. Each slot has at most one. */
export type Slot = {
  readonly kind: Kind
  readonly session: Uint8Array
  readonly round: string
  readonly from: Uint8Array
  readonly to: Uint8Array | null
}

export const NO_SESSION = new Uint8Array(32)
/** The sender in a want for the definition: anybody who has it. The one that asks knows no names yet. */
export const ANYBODY = new Uint8Array(32)

/** How long to wait for others, and what ends the wait early. */
export type Wait = {
  /** Milliseconds since 1970. */
  readonly deadline: number
  readonly signal: AbortSignal
  /** A name for people of what the wait is for. */
  readonly round: string
}

/** Kinds that go to all members of a session. Members show them to each other where they disagree. */
export const SHOWN: ReadonlySet<Kind> = new Set([
  'letter',
  'hello',
  'reveal',
  'encapsulate',
  'confirm',
  'ready',
  'prepared',
])

export const slotKey = ({ kind, session, round, from, to }: Slot): string =>
  `${kind} ${hex(session)} ${round} ${hex(from)} ${to ? hex(to) : '*'}`

/** The slots of one kind in a session, one for each of these members. */
export const slotsOf = (
  members: readonly Pick<Member, 'fingerprint'>[],
  kind: Kind,
  session: Uint8Array,
  round = '',
): Slot[] => members.map(({ fingerprint: from }) => ({ kind, session, round, from, to: null }))

/** How many primes the sender still has to make before it can go on. */
export const primesCodec = codec(record({ left: uint(64) }), 64)

/** The body of a `want`: slots in the session of its header. */
export const wantCodec = codec(
  list(record({ kind: oneOf(KINDS), round: roundShape, from: bytes(32), to: nullable(bytes(32)) }), 1, 256),
  1 << 16,
)

export const helloSlot = (start: number): { session: Uint8Array; round: string } => ({
  session: NO_SESSION,
  round: String(start),
})

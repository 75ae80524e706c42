/**
 * Where letters belong: who may write, in which place each stands, which kinds have one place each, and how long to wait
 * for one. Names only; `mailbox.ts` holds the letters, `waiting.ts` waits for them.
 */
import { bytes, codec, list, nullable, oneOf, record, uint } from '../../protocol/core/codec.js'
import { type Kind, KINDS, roundShape } from '../../wire/session/envelope.js'
import { hex } from '../../wire/base/text.js'

/** Somebody who may be heard here. */
export type Member = {
  readonly name: string
  readonly fingerprint: Uint8Array
  /** Ed25519. */
  readonly signing: Uint8Array
}

/** The place of one letter: there is at most one for it. */
export type Slot = {
  readonly kind: Kind
  readonly session: Uint8Array
  readonly round: string
  readonly from: Uint8Array
  readonly to: Uint8Array | null
}

export const NO_SESSION = new Uint8Array(32)
/** In a want of the definition: whoever has it. Who asks for it knows nobody's name yet. */
export const ANYBODY = new Uint8Array(32)

/** How long to wait for others, and what ends the wait sooner. */
export type Wait = {
  /** Milliseconds since 1970. */
  readonly deadline: number
  readonly signal: AbortSignal
  /** What is waited for, for people. */
  readonly round: string
}

/** Kinds that are said to all in a session, and that members show each other where they disagree. */
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

/** The places of one kind in a session, one of each of these members. */
export const slotsOf = (
  members: readonly Pick<Member, 'fingerprint'>[],
  kind: Kind,
  session: Uint8Array,
  round = '',
): Slot[] => members.map(({ fingerprint: from }) => ({ kind, session, round, from, to: null }))

/** How many primes its sender still makes before it can go on. */
export const primesCodec = codec(record({ left: uint(64) }), 64)

/** What a `want` names: slots of the session in its header. */
export const wantCodec = codec(
  list(record({ kind: oneOf(KINDS), round: roundShape, from: bytes(32), to: nullable(bytes(32)) }), 1, 256),
  1 << 16,
)

export const helloSlot = (start: number): { session: Uint8Array; round: string } => ({
  session: NO_SESSION,
  round: String(start),
})

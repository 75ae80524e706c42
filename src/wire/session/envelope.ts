/**
 * The envelope: a signed letter. The sender is who signed it; subjects are routing only. Broadcast bodies are in clear
 * inside; a body for one member is sealed before it gets here (`sealing.ts`).
 */
import { sha256 } from '../base/hash.js'
import {
  bytes,
  bytesUpTo,
  codec,
  nullable,
  type Of,
  oneOf,
  pattern,
  record,
  time,
  uint,
} from '../../protocol/core/codec.js'
import { type SigningKey, verifySignature } from '../base/ed25519.js'
import { SIGNED } from '../base/domain-tags.js'

/** Largest envelope; below every NATS server's default payload of 1 MiB. */
export const ENVELOPE_LIMIT = 1_000_000
/** Largest one that others can be shown inside another: of a protocol's letters none is larger. */
export const LARGEST_SHOWN = ENVELOPE_LIMIT - 2048

/** What a member says in a ceremony. `letter` is a protocol's; the others are of the opening and the ending. */
export const KINDS = [
  'letter',
  'hello',
  'reveal',
  'encapsulate',
  'confirm',
  'ready',
  'want',
  'working',
  'primes',
  'ping',
  'pong',
  'definition',
  'record',
  'abort',
  'evidence',
  'claim',
  'prepared',
  'receipt',
  'certificate',
  'activated',
  'done',
  'request',
  'list',
  'handover',
  'lost',
  'offer',
  'chosen',
  'order',
  'refusal',
  'passed',
  'cancel',
  'signature',
] as const
export type Kind = (typeof KINDS)[number]

/** Kinds of which each place holds one letter. All others may be said again and again, and are handed on. */
export const SLOTTED: ReadonlySet<Kind> = new Set([
  'letter',
  'hello',
  'reveal',
  'encapsulate',
  'confirm',
  'ready',
  'abort',
  'claim',
  'prepared',
  'receipt',
  'activated',
  'done',
])

/** Of these each place holds one letter too, the first; what comes after it says the same at another time. */
export const REPEATED: ReadonlySet<Kind> = new Set(['activated', 'done'])

/** A round's name, such as `commit.echo`. Accusations show it on screens, so its alphabet is plain. */
export const roundShape = pattern(/^[A-Za-z0-9.-]{0,64}$/, 'the name of a round')

const headerShape = record({
  v: uint(1, 1),
  kind: oneOf(KINDS),
  /** Definition id; on a key's request subject the key id. */
  definition: bytes(32),
  /** The sid, or before it the attempt id, or before that zeros. */
  session: bytes(32),
  round: roundShape,
  /** Fingerprint. */
  from: bytes(32),
  /** Fingerprint, or null for everybody. */
  to: nullable(bytes(32)),
  /** The sender's clock, milliseconds since 1970. */
  time: time(),
  /** SHA-256 of the key that seals the body, if it is sealed. */
  key: nullable(bytes(32)),
})
export type Header = Of<typeof headerShape>

const envelopeCodec = codec(
  record({ header: headerShape, body: bytesUpTo(ENVELOPE_LIMIT - 1024), signature: bytes(64) }),
  ENVELOPE_LIMIT,
  // The three fields, the header's nine, and their names.
  64,
)

export type Envelope = Of<ReturnType<typeof unsigned>> & {
  /** As it travelled. */
  readonly bytes: Uint8Array
}
const unsigned = () => record({ header: headerShape, body: bytesUpTo(0) })

export const encodeHeader = codec(headerShape).encode

/** The bytes of a signed envelope. */
export function sealEnvelope(key: SigningKey, header: Header, body: Uint8Array): Uint8Array {
  return envelopeCodec.encode({
    header,
    body,
    signature: key.sign(SIGNED.envelope, headerShape.form(header), sha256(body)),
  })
}

/** What the bytes say, before anybody has looked at the signature. @throws CodecError */
export function decodeEnvelope(encoded: Uint8Array): Envelope & { readonly signature: Uint8Array } {
  return { ...envelopeCodec.decode(encoded), bytes: encoded }
}

/** Whether the envelope was signed with the key of whom it names as its sender. */
export function verifyEnvelope(
  envelope: Envelope & { readonly signature: Uint8Array },
  publicKey: Uint8Array,
): boolean {
  const { header, body, signature } = envelope
  return verifySignature(publicKey, signature, SIGNED.envelope, headerShape.form(header), sha256(body))
}

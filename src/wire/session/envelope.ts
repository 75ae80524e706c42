/**
 * The envelope: a signed letter. The signature identifies the sender; subjects only route. Broadcast bodies
 * are in clear; a body for one member is already sealed (`sealing.ts`).
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
/** The largest envelope that fits inside another as evidence; no letter of a protocol is larger. */
export const LARGEST_SHOWN = ENVELOPE_LIMIT - 2048

/** Kinds of letters in a ceremony. `letter` belongs to a protocol; others open or end the ceremony. */
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
  'approval',
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
  'result',
] as const
export type Kind = (typeof KINDS)[number]

/** Kinds with one letter per place. All others may be sent repeatedly, and are delivered each time. */
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

/** Kinds whose first letter in a place counts; later ones differ only in their date. */
export const REPEATED: ReadonlySet<Kind> = new Set(['activated', 'done'])

/** A round's name, such as `commit.echo`. Accusations show it on screens, so its alphabet is plain. */
export const roundShape = pattern(/^[A-Za-z0-9.-]{0,64}$/, 'the name of a round')

const headerShape = record({
  v: uint(1, 1),
  kind: oneOf(KINDS),
  /** Definition id; on a key's request subject the key id. */
  definition: bytes(32),
  /** The session id; before it exists, the attempt id; before that, zeros. */
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
  /** The encoded envelope as it was received. */
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

/** Decodes an envelope without checking its signature. @throws CodecError */
export function decodeEnvelope(encoded: Uint8Array): Envelope & { readonly signature: Uint8Array } {
  return { ...envelopeCodec.decode(encoded), bytes: encoded }
}

/** Whether the envelope is signed under this key, the named sender's. */
export function verifyEnvelope(
  envelope: Envelope & { readonly signature: Uint8Array },
  publicKey: Uint8Array,
): boolean {
  const { header, body, signature } = envelope
  return verifySignature(publicKey, signature, SIGNED.envelope, headerShape.form(header), sha256(body))
}

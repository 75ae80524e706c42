/**
 * The forms of the opening letters of a ceremony, the ids derived from them, and the words. Verifiers of
 * transcripts recompute them with the same functions.
 */
import {
  attempt,
  bytes,
  codec,
  decode,
  list,
  type Of,
  record,
  text,
  uint,
} from '../../protocol/core/codec.js'
import { digest } from '../../protocol/core/session.js'
import { signatureShape } from '../ceremony/definition.js'
import { MOST_MEMBERS } from '../ceremony/key-definition.js'
import { encodeHeader, type Envelope } from './envelope.js'
import { wordsOf } from '../base/safety-words.js'

const X25519_LENGTH = 32
export const MLKEM_LENGTH = 1184
export const MLKEM_CIPHERTEXT = 1088

/**
 * The version of everything that programs must have in common to meet: the letters, their order, and every
 * hash and proof in them. Raise it with each change of any of these; otherwise the first letter that the
 * other version cannot follow accuses its sender.
 */
export const PROTOCOL = 2

const helloShape = record({
  /** `PROTOCOL`, signed with the rest, and part of the attempt's id. */
  protocol: uint(PROTOCOL, PROTOCOL),
  /** A number that the home keeps for each definition and only raises. */
  start: uint(1_000_000_000, 1),
  program: text(64),
  commitment: bytes(32),
  /** The sender's own signature over the definition id. */
  accepted: bytes(64),
  /** Signatures of other members that it holds. */
  others: list(signatureShape, 0, 2 * MOST_MEMBERS),
})
export type Hello = Of<typeof helloShape>
export const helloCodec = codec(helloShape, 1 << 15)

/** The protocol number in a hello of any version, to compare with `PROTOCOL`; null if it has none. */
export function protocolIn(hello: Uint8Array): number | null {
  const said = attempt(() => decode(hello))
  const number = said instanceof Map ? (said as ReadonlyMap<string, unknown>).get('protocol') : null
  return typeof number === 'number' ? number : null
}

const revealShape = record({ x25519: bytes(X25519_LENGTH), mlkem: bytes(MLKEM_LENGTH), nonce: bytes(32) })
export type Reveal = Of<typeof revealShape>
export const revealCodec = codec(revealShape, 4096)

/** One entry for every other participant, in the order of the participants. */
export const encapsulateCodec = codec(
  list(record({ to: bytes(32), ciphertext: bytes(MLKEM_CIPHERTEXT) }), 1, 63),
  1 << 17,
)
export const confirmCodec = codec(list(record({ to: bytes(32), tag: bytes(32) }), 1, 63), 1 << 14)

/** The commitment in a hello. */
export const helloCommitment = (
  definition: Uint8Array,
  member: Uint8Array,
  start: number,
  { x25519, mlkem, nonce }: Reveal,
): Uint8Array => digest('mpc/hello-commit/v1', definition, member, start, x25519, mlkem, nonce)

/** Identifies a set of hellos: headers and bodies, without signatures, in the participants' order. */
export const attemptId = (
  definition: Uint8Array,
  hellos: readonly Pick<Envelope, 'header' | 'body'>[],
): Uint8Array =>
  digest(
    'mpc/attempt/v1',
    definition,
    hellos.map(({ header, body }) => [encodeHeader(header), body]),
  )

/** The session id: the `ssid` of every proof. Reveals in the order of the participants. */
export const sessionId = (attempt: Uint8Array, reveals: readonly Reveal[]): Uint8Array =>
  digest(
    'mpc/sid/v1',
    attempt,
    reveals.map(({ x25519, mlkem, nonce }) => [x25519, mlkem, nonce]),
  )

/**
 * Six words to read to each other. They depend on committed values only: anything chosen after the reveals
 * would let a man in the middle search for a collision.
 */
export const sessionWords = (sid: Uint8Array): string[] => wordsOf(digest('mpc/words/v1', sid).subarray(0, 6))

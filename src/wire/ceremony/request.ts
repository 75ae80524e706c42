/**
 * A signature request as its asker signs it, and the letters about it on the key's request subject. The full
 * payload travels; each signer decodes and hashes it for itself.
 */
import { signedRecord } from '../base/signed-record.js'
import type { SigningKeys } from '../identity/roster.js'
import {
  bytes,
  attempt,
  bytesUpTo,
  codec,
  CodecError,
  equalBytes,
  list,
  nullable,
  type Of,
  oneOf,
  record,
  text,
  time,
} from '../../protocol/core/codec.js'
import { type Order, payloadType } from './definition.js'
import { type SigningKey } from '../base/ed25519.js'
import { sha256 } from '../base/hash.js'
import { format } from '../base/realm.js'
import { SIGNED } from '../base/domain-tags.js'
import type { Card } from '../identity/card.js'
import { cardIn, LONGEST_CARD } from '../identity/card-text.js'
import { signaturesShape } from './signature.js'
import { hex } from '../base/text.js'

/** Leaves room for the envelope below the server's limit. */
export const PAYLOAD_LIMIT = 700_000
/** How long a request may last at most, in milliseconds. */
export const LONGEST_LIFE = 24 * 3_600_000

const fields = {
  format: format('mpc/request/v1'),
  key_id: bytes(32),
  /** Digest of the record of the signing epoch. */
  record: bytes(32),
  type: payloadType,
  payload: bytesUpTo(PAYLOAD_LIMIT),
  path: nullable(text(128)),
  /** SHA-256 of the policy in force at the asker, which approvals name; null: none. */
  policy: nullable(bytes(32)),
  /** Why, in the asker's words. */
  reason: text(500),
  /** Fingerprints; null: the first custodians that offer. */
  signers: nullable(list(bytes(32), 2, 64)),
  /** Milliseconds since 1970. */
  created: time(),
  expires: time(),
  nonce: bytes(32),
  /** Fingerprint. */
  asker: bytes(32),
}
const requests = signedRecord(
  fields,
  { signature: bytes(64) },
  { tag: SIGNED.request, limit: PAYLOAD_LIMIT + 16_384 },
)
/** A request of somebody without a seat holds the asker's card, as a line: nobody would know the asker's key without. */
const guestRequests = signedRecord(
  { ...fields, format: format('mpc/guest-request/v1'), card: text(LONGEST_CARD) },
  { signature: bytes(64) },
  { tag: SIGNED.request, limit: PAYLOAD_LIMIT + 16_384 },
)

export type RequestFields = Omit<Of<typeof requests.shape>, 'signature'>
export type Request = Omit<RequestFields, 'format'> & {
  /** The asker's, where it has no seat; null for a custodian. */
  readonly card: Card | null
  /** 32 bytes that identify the request. */
  readonly id: Uint8Array
  readonly payloadSha256: Uint8Array
  /** The encoded request. */
  readonly encoded: Uint8Array
}

/** @param card the asker's, if it has no seat */
export function makeRequest(fields: RequestFields, key: SigningKey, card: Card | null = null): Request {
  if (card === null) {
    return whole(fields, requests.encode({ ...fields, signature: requests.sign(key, fields) }))
  }
  const ofGuest = { ...fields, format: 'mpc/guest-request/v1', card: card.line } as const
  const signature = guestRequests.sign(key, ofGuest)
  return wholeOfGuest(ofGuest, card, guestRequests.encode({ ...ofGuest, signature }))
}

/** Whether somebody may ask who has no seat, by fingerprint. */
export type Guests = (asker: Uint8Array) => boolean
/** For a request that was let in before: the policy judges its asker anew before anything is signed. */
export const ANY_GUEST: Guests = () => true
const NO_GUEST: Guests = () => false

/**
 * @param signing the asker's key, by fingerprint; null if there is no such member
 * @param guests those who may ask without a seat; their requests prove them by their cards
 * @throws CodecError
 */
export function parseRequest(encoded: Uint8Array, signing: SigningKeys, guests: Guests = NO_GUEST): Request {
  const ofGuest = attempt(() => guestRequests.decode(encoded))
  if (ofGuest) return parseOfGuest(ofGuest, encoded, guests)
  const { signature, ...fields } = requests.decode(encoded)
  const key = signing(fields.asker)
  if (key === null || !requests.isSigned(fields, signature, key)) {
    throw new CodecError('signature', 'not that of a member')
  }
  checkRules(fields)
  return whole(fields, encoded)
}

function parseOfGuest(
  { signature, ...fields }: Of<typeof guestRequests.shape>,
  encoded: Uint8Array,
  guests: Guests,
): Request {
  if (!guests(fields.asker)) throw new CodecError('asker', 'nobody who may ask')
  const card = cardIn(fields.card)
  if (!equalBytes(card.fingerprint, fields.asker)) throw new CodecError('card', 'not that of the asker')
  if (!guestRequests.isSigned(fields, signature, card.signing)) {
    throw new CodecError('signature', 'not that of the asker')
  }
  checkRules(fields)
  return wholeOfGuest(fields, card, encoded)
}

function checkRules({ created, expires, signers }: Omit<RequestFields, 'format'>): void {
  if (expires <= created) throw new CodecError('expires', 'not after created')
  if (signers && new Set(signers.map(hex)).size !== signers.length) {
    throw new CodecError('signers', 'a signer is named twice')
  }
}

const whole = (fields: RequestFields, encoded: Uint8Array): Request => ({
  ...fields,
  card: null,
  id: requests.digest('mpc/request-id/v1', fields),
  payloadSha256: sha256(fields.payload),
  encoded,
})

const wholeOfGuest = (
  fields: Omit<Of<typeof guestRequests.shape>, 'signature'>,
  card: Card,
  encoded: Uint8Array,
): Request => ({
  ...fields,
  card,
  id: guestRequests.digest('mpc/request-id/v1', fields),
  payloadSha256: sha256(fields.payload),
  encoded,
})

/**
 * The order for these signers.
 * @param policy digest of the policy in force
 * @param rebinds digests of the rebinds that seat them
 */
export function orderFor(
  request: Request,
  signers: Order['signers'],
  number: number,
  { policy, rebinds }: Pick<Order, 'policy' | 'rebinds'> = { policy: null, rebinds: [] },
): Order {
  return {
    kind: 'sign',
    request: request.id,
    key_id: request.key_id,
    record: request.record,
    type: request.type,
    payload_sha256: request.payloadSha256,
    path: request.path,
    signers,
    rebinds,
    policy,
    expires: request.expires,
    number,
  }
}

/** Asks for everything known, and announces the epoch in use here by its record digest. */
export const listCodec = codec(bytes(32), 64)
/** Offers to sign this request. */
export const offerCodec = codec(record({ request: bytes(32) }), 256)
/** The asker still waits for this request; or, as a `cancel`, no longer. */
export const askingCodec = codec(record({ request: bytes(32) }), 256)
/** The signers chosen among those that offered. */
export const chosenCodec = codec(record({ request: bytes(32), signers: list(bytes(32), 2, 64) }), 4096)
/** Refuses to sign this request. */
export const refusalCodec = codec(record({ request: bytes(32), reason: text(200) }), 1024)
/** Why a co-signer passes a request over. */
export const PASSED_OVER = [
  'payload',
  'type',
  'policy',
  'awaits',
  'attended',
  'epoch',
  'clock',
  'seat',
  'unfit',
] as const
export type PassedOver = (typeof PASSED_OVER)[number]
/** Passes this request over; another process of the same member still may sign it. */
export const passedCodec = codec(record({ request: bytes(32), why: oneOf(PASSED_OVER) }), 256)
/** The finished signatures, which anybody can verify. */
export const signedCodec = codec(record({ request: bytes(32), signatures: signaturesShape }), 1 << 13)

/** The result of a request that waits. The signatures prove themselves; the certificate says who made them. */
const resultShape = record({
  request: bytes(32),
  signatures: signaturesShape,
  /** Under which it was signed. */
  order: bytesUpTo(1 << 14),
  /** Null where a receipt is missing. */
  certificate: nullable(bytesUpTo(1 << 17)),
})
export const resultCodec = codec(resultShape, (1 << 17) + (1 << 15))
export type RequestResult = Of<typeof resultShape>

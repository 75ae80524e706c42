/**
 * A statement about a signature request: an identity that the key's policy names approves or refuses it. It needs no
 * share and holds the speaker's card, so anybody can check it. It speaks of one payload, one epoch and one policy, and
 * says nothing about others. Whether the speaker has a say is for the policy to decide.
 */
import {
  bytes,
  CodecError,
  equalBytes,
  nullable,
  type Of,
  oneOf,
  text,
  time,
} from '../../protocol/core/codec.js'
import { SIGNED } from '../base/domain-tags.js'
import type { SigningKey } from '../base/ed25519.js'
import { format } from '../base/realm.js'
import { signedRecord } from '../base/signed-record.js'
import type { Card } from '../identity/card.js'
import { cardIn, LONGEST_CARD } from '../identity/card-text.js'
import { payloadType } from './definition.js'
import type { Request } from './request.js'

/** Bytes of an encoded statement. The card of a post-quantum identity takes half of them. */
export const APPROVAL_LIMIT = 8192

const fields = {
  format: format('mpc/approval/v1'),
  key_id: bytes(32),
  /** The request's ID. */
  request: bytes(32),
  /** Digest of the record of the signing epoch. */
  record: bytes(32),
  payload_sha256: bytes(32),
  type: payloadType,
  path: nullable(text(128)),
  /** SHA-256 of the policy; null if the key has none. */
  policy: nullable(bytes(32)),
  verdict: oneOf(['approve', 'refuse']),
  /** In the speaker's words. */
  reason: text(200),
  /** The speaker's clock, milliseconds since 1970. */
  at: time(),
  expires: time(),
  /** The speaker's fingerprint. */
  by: bytes(32),
  /** The speaker's card, as a line. */
  card: text(LONGEST_CARD),
}
const approvals = signedRecord(
  fields,
  { signature: bytes(64) },
  { tag: SIGNED.approval, limit: APPROVAL_LIMIT },
)

type Fields = Omit<Of<typeof approvals.shape>, 'signature'>

/** A statement whose card and signature were checked; only `parseApproval` makes one. */
export type ApprovalStatement = Omit<Fields, 'card'> & {
  readonly card: Card
  /** The encoded statement. */
  readonly encoded: Uint8Array
}

/** What a statement is about. */
export type About = Pick<Request, 'id' | 'key_id' | 'record' | 'type' | 'path' | 'payloadSha256'> & {
  /** SHA-256 of the policy; null if the key has none. */
  readonly policy: Uint8Array | null
}

/** The speaker's part of a statement. Times are milliseconds since 1970. */
export type Said = Pick<Fields, 'verdict' | 'reason' | 'at' | 'expires'>

/** The encoded statement. @throws CodecError for a text that is too long, or an end before its beginning */
export function makeApproval(
  about: About,
  { verdict, reason, at, expires }: Said,
  { card, signing }: { readonly card: Card; readonly signing: SigningKey },
): Uint8Array {
  const statement: Fields = {
    format: 'mpc/approval/v1',
    key_id: about.key_id,
    request: about.id,
    record: about.record,
    payload_sha256: about.payloadSha256,
    type: about.type,
    path: about.path,
    policy: about.policy,
    verdict,
    reason,
    at,
    expires,
    by: card.fingerprint,
    card: card.line,
  }
  const encoded = approvals.encode({ ...statement, signature: approvals.sign(signing, statement) })
  return parseApproval(encoded).encoded
}

/** @throws CodecError unless it is canonical, its card is the speaker's, and the speaker has signed all of it */
export function parseApproval(encoded: Uint8Array): ApprovalStatement {
  const { signature, ...statement } = approvals.decode(encoded)
  const card = cardIn(statement.card)
  if (!equalBytes(card.fingerprint, statement.by)) throw new CodecError('card', 'not that of the speaker')
  if (statement.expires <= statement.at) throw new CodecError('expires', 'not after its date')
  if (!approvals.isSigned(statement, signature, card.signing)) {
    throw new CodecError('signature', 'not that of the speaker')
  }
  return { ...statement, card, encoded }
}

/** The request and the speaker that a statement names; nothing else in it was checked. @throws CodecError */
export const namedIn = (encoded: Uint8Array): Pick<ApprovalStatement, 'request' | 'by'> =>
  approvals.decode(encoded)

/** Whether a statement speaks of exactly this. */
export function isAbout(statement: ApprovalStatement, about: About): boolean {
  const { policy } = about
  return (
    equalBytes(statement.request, about.id) &&
    equalBytes(statement.key_id, about.key_id) &&
    equalBytes(statement.record, about.record) &&
    equalBytes(statement.payload_sha256, about.payloadSha256) &&
    statement.type === about.type &&
    statement.path === about.path &&
    (policy === null
      ? statement.policy === null
      : statement.policy !== null && equalBytes(statement.policy, policy))
  )
}

/** Whether a statement replaces another of its speaker: the newer one does, and of two with one date the refusal. */
export function replaces(one: ApprovalStatement, other: ApprovalStatement): boolean {
  if (one.at !== other.at) return one.at > other.at
  return one.verdict === 'refuse' && other.verdict === 'approve'
}

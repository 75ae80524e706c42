/**
 * A custodian's statement about its own share: it has moved to an epoch, it has destroyed its share of a
 * replaced epoch, or it holds none of an epoch because its home was restored from an older copy. The identity
 * in the seat signs it, and it holds no secret. Nobody can prove that no copy of a share is left: a statement
 * is a custodian's word, but nobody else can give it.
 */
import { signedRecord } from '../base/signed-record.js'
import {
  bytes,
  CodecError,
  equalBytes,
  nullable,
  type Of,
  oneOf,
  time,
  uint,
} from '../../protocol/core/codec.js'
import type { Card } from '../identity/card.js'
import type { SigningKey } from '../base/ed25519.js'
import { Failure, wellFormed } from '../base/failure.js'
import { format } from '../base/realm.js'
import type { Rebind } from './rebind.js'
import { type KeyRecord, recordDigest } from './record.js'
import { SIGNED } from '../base/domain-tags.js'

const fields = {
  format: format('mpc/share-statement/v1'),
  said: oneOf(['activated', 'deleted', 'lost']),
  key_id: bytes(32),
  /** Record digest of the share's epoch. */
  epoch: bytes(32),
  /** The seat in that record. */
  index: uint(64, 1),
  /** If `deleted`, the record digest of the epoch in use at that time; otherwise null. */
  replaced_by: nullable(bytes(32)),
  /** The signer's fingerprint. */
  by: bytes(32),
  /** The signer's clock, milliseconds since 1970. */
  time: time(),
}
type Fields = { readonly [K in keyof typeof fields]: Of<(typeof fields)[K]> }
const statements = signedRecord(
  fields,
  { signature: bytes(64) },
  { tag: ({ said }) => SIGNED[said], limit: 1024, check },
)

export type Statement = Of<typeof statements.shape>

function check<S extends Pick<Fields, 'said' | 'epoch' | 'replaced_by'>>(statement: S): S {
  const { said, epoch, replaced_by: after } = statement
  if ((said === 'deleted') !== (after !== null) || (after !== null && equalBytes(after, epoch))) {
    throw new CodecError('replaced_by', 'another epoch, for what was destroyed alone')
  }
  return statement
}

/** The author of a statement, and its seat. */
export type Speaker = { readonly card: Card; readonly index: number; readonly signing: SigningKey }

/** "I hold my share of this epoch, it works, and I use no other." @param now milliseconds since 1970 */
export const sayActivated = (r: KeyRecord, speaker: Speaker, now: number): Uint8Array =>
  say('activated', r, null, speaker, now)

/** "I have destroyed my share of this epoch." @param replacedBy record digest of the epoch in use */
export const sayDeleted = (r: KeyRecord, replacedBy: Uint8Array, speaker: Speaker, now: number): Uint8Array =>
  say('deleted', r, replacedBy, speaker, now)

/** "I hold no share of this epoch, whatever I said before: my home is older than it." */
export const sayLost = (r: KeyRecord, speaker: Speaker, now: number): Uint8Array =>
  say('lost', r, null, speaker, now)

function say(
  said: Statement['said'],
  r: KeyRecord,
  replacedBy: Uint8Array | null,
  { card, index, signing }: Speaker,
  now: number,
): Uint8Array {
  const statement = {
    format: 'mpc/share-statement/v1' as const,
    said,
    key_id: r.key_id,
    epoch: recordDigest(r),
    index,
    replaced_by: replacedBy,
    by: card.fingerprint,
    time: now,
  }
  return statements.encode(check({ ...statement, signature: statements.sign(signing, statement) }))
}

/**
 * Parses a statement about a share of this record.
 * @param rebinds those that put new identities into seats of the record
 * @throws Failure (verification) `E_STATEMENT` if it is malformed, of another epoch, or not signed by the
 *   identity it names; `E_STATEMENT_SEAT` if that identity does not sit in its seat
 */
export function parseStatement(
  encoded: Uint8Array,
  r: KeyRecord,
  rebinds: readonly Rebind[] = [],
): Statement {
  const statement = decodeStatement(encoded)
  const { key_id: keyId, epoch, index, by, signature } = statement
  if (!equalBytes(keyId, r.key_id)) throw refuse('it is of another key')
  if (!equalBytes(epoch, recordDigest(r))) throw refuse('it is of another epoch')
  const seat = r.members.find((member) => member.index === index)
  const cards = [seat?.card, ...rebinds.filter((rebind) => rebind.index === index).map(({ card }) => card)]
  const signer = cards.find((card) => card !== undefined && equalBytes(card.fingerprint, by))
  if (!signer) {
    throw new Failure(
      'verification',
      'E_STATEMENT_SEAT',
      'the author of this statement has no seat in the epoch',
      {
        hint: 'if a custodian has a new identity, accept it first: mpc identity import NEW.card --rebind FILE --fingerprint FP',
      },
    )
  }
  if (!statements.isSigned(statement, signature, signer.signing))
    throw refuse(`it is not signed by ${signer.name}`)
  return statement
}

/** As `parseStatement`, but null for a signer without a seat. @throws Failure `E_STATEMENT` (verification) */
export function seatedStatement(
  encoded: Uint8Array,
  r: KeyRecord,
  rebinds: readonly Rebind[] = [],
): Statement | null {
  try {
    return parseStatement(encoded, r, rebinds)
  } catch (error) {
    if (error instanceof Failure && error.code === 'E_STATEMENT_SEAT') return null
    throw error
  }
}

const decodeStatement = (encoded: Uint8Array): Statement =>
  wellFormed(() => statements.decode(encoded), refuse)

/**
 * The epoch a statement claims to be about; nothing else in it was checked.
 * @throws Failure `E_STATEMENT` (verification) if it is not a statement
 */
export const statementEpoch = (encoded: Uint8Array): Uint8Array => decodeStatement(encoded).epoch

const refuse = (problem: string, cause?: unknown): Failure =>
  new Failure(
    'verification',
    'E_STATEMENT',
    `this is not a custodian's statement about its share: ${problem}`,
    {
      hint: 'ask the person who gave it to you to run `mpc share statements --key KEY -o FILE` again',
      cause,
    },
  )

/**
 * The rebind: puts a custodian's new identity into its seat. It proves that its maker knows the seat's share
 * and holds the new identity. Each other custodian must find out whether this is still the same person, and
 * accept it. The record stays as it is.
 */
import { signedRecord } from '../base/signed-record.js'
import {
  bytes,
  bytesUpTo,
  codec,
  CodecError,
  mapped,
  nullable,
  type Of,
  record,
  text,
  time,
  uint,
} from '../../protocol/core/codec.js'
import { curveOf } from '../../protocol/group/scheme.js'
import { proveKnowledge, verifyKnowledge } from '../../protocol/group/schnorr.js'
import type { Secret } from '../../protocol/core/secret.js'
import { digest, type Rng } from '../../protocol/core/session.js'
import { type Card, checkDistinct, parseCard } from '../identity/card.js'
import type { SigningKey } from '../base/ed25519.js'
import { Failure, wellFormed } from '../base/failure.js'
import { format } from '../base/realm.js'
import { type KeyRecord, recordDigest } from './record.js'
import { SIGNED } from '../base/domain-tags.js'
import { hex, nameShape } from '../base/text.js'

const cardShape = mapped(text(8192), parseCard, (card: Card) => card.line)
const provenFields = {
  format: format('mpc/rebind/v1'),
  key_id: bytes(32),
  /** Record digest. */
  epoch: bytes(32),
  /** The seat: its index, and the fingerprint that the record gives it. */
  index: uint(64, 1),
  old: bytes(32),
  /** The identity that takes the seat. */
  card: cardShape,
  /**
   * The identity that handed the share on to a new machine: the one in the record, or one that took the seat
   * since. Null after a loss. Both identities sign this field, so nobody in between can remove or replace it.
   */
  handed_by: nullable(cardShape),
  /** The maker's clock, for people only: it decides nothing. Milliseconds since 1970. */
  created: time(),
}
const unsignedFields = {
  ...provenFields,
  /** Proof of knowledge of the seat's share, bound to everything above. */
  proof: record({ R: bytesUpTo(33, 32), z: bytes(32) }),
}
const provenShape = record(provenFields)
/** The part that the share's machine makes. */
const handedFields = {
  ...unsignedFields,
  /** Signature of the identity that handed the share on; null if none did. */
  handed_signature: nullable(bytes(64)),
}
/** A rebind inside something larger; the reader must check it against the record (`checkRebind`). */
const signed = signedRecord(
  unsignedFields,
  {
    handed_signature: nullable(bytes(64)),
    /** Signature of the new identity, so that nobody gets a seat without consent. */
    signature: bytes(64),
  },
  { tag: SIGNED.rebind, limit: 1 << 14 },
)
export const rebindShape = signed.shape

export type Rebind = Of<typeof rebindShape>

/** A rebind by itself. */
export const encodeRebind = signed.encode

/**
 * 32 bytes that identify the rebind in orders. They cover the signatures too: signing twice makes two
 * rebinds, and a member that holds the other one notices before the first round.
 */
export const rebindDigest = (rebind: Rebind): Uint8Array =>
  digest('mpc/rebind-digest/v1', rebindShape.form(rebind))

/** The contents of a rebind, and the secret that proves it. */
export type Seat = {
  readonly index: number
  readonly share: Secret
  /** The new identity's card. */
  readonly card: Card
  /** The identity that hands the share on; null after a loss. */
  readonly from: { readonly card: Card; readonly signing: SigningKey } | null
  /** Milliseconds since 1970. */
  readonly created: number
}

/** @param next the new identity's key */
export function makeRebind(r: KeyRecord, seat: Seat, next: SigningKey, rng: Rng): Uint8Array {
  const handed = handOn(r, seat, rng)
  return signed.encode({ ...handed, signature: signed.sign(next, handed) })
}

function handOn(
  r: KeyRecord,
  { index, share, card, from, created }: Seat,
  rng: Rng,
): Omit<Rebind, 'signature'> {
  const member = r.members[index - 1]
  if (member === undefined) throw new RangeError('no member of this key')
  const proven = {
    format: 'mpc/rebind/v1' as const,
    key_id: r.key_id,
    epoch: recordDigest(r),
    index,
    old: member.card.fingerprint,
    card,
    handed_by: from && from.card,
    created,
  }
  const proof = proveKnowledge(curveOf(r.scheme), proofContext(proven), share, rng)
  const unsigned = { ...proven, proof }
  return {
    ...unsigned,
    handed_signature: from && signed.sign(from.signing, unsigned),
  }
}

/**
 * Parses a rebind and checks it against the record of this epoch.
 * @throws Failure (authentication) `E_REBIND` if it is malformed, of another epoch or seat, or not signed by
 *   the new identity; `E_REBIND_PROOF` without a proof that its maker knew the seat's share; `E_REBIND_CARD`
 *   if the new card cannot take the seat
 */
export function parseRebind(encoded: Uint8Array, r: KeyRecord): Rebind {
  return checkRebind(decodeRebind(encoded), r)
}

/** Checks a decoded rebind against the record. @throws Failure as `parseRebind` does */
export function checkRebind(rebind: Rebind, r: KeyRecord): Rebind {
  const { card, proof, signature, handed_by: from, handed_signature: handed } = rebind
  const member = r.members[rebind.index - 1]
  if (hex(rebind.key_id) !== hex(r.key_id)) throw refuse('E_REBIND', 'it is of another key')
  if (hex(rebind.epoch) !== hex(recordDigest(r))) throw refuse('E_REBIND', 'it is of another epoch')
  if (member === undefined || hex(rebind.old) !== hex(member.card.fingerprint)) {
    throw refuse('E_REBIND', 'the record has another identity in that seat')
  }
  const problem = cardProblem(card, r, rebind.index)
  if (problem !== null) throw refuse('E_REBIND_CARD', problem)
  if (!verifyKnowledge(curveOf(r.scheme), proofContext(rebind), member.public_share, proof)) {
    throw refuse('E_REBIND_PROOF', `it does not prove that its maker knew the share of ${member.card.name}`)
  }
  if (!signed.isSigned(rebind, signature, card.signing)) {
    throw refuse('E_REBIND', 'it is not signed by the new identity')
  }
  if ((from === null) !== (handed === null))
    throw refuse(
      'E_REBIND',
      'it names the identity that handed the share on without its signature, or the reverse',
    )
  if (from === null || handed === null) return rebind
  const others = r.members.filter(({ index }) => index !== rebind.index).map((each) => each.card)
  if ([card, ...others].some(({ fingerprint }) => hex(fingerprint) === hex(from.fingerprint))) {
    throw refuse('E_REBIND', `${from.name} did not have the seat before`)
  }
  if (!signed.isSigned(rebind, handed, from.signing)) {
    throw refuse('E_REBIND', `it is not signed by ${from.name}, as it says`)
  }
  return rebind
}

const refuse = (code: `E_${string}`, problem: string, cause?: unknown): Failure =>
  new Failure('authentication', code, `this is not a rebind for this key: ${problem}`, {
    hint: 'ask the person, not the file: `mpc backup restore` and `mpc share import` make it where the share comes in',
    cause,
  })

const malformed = (problem: string, cause: unknown): Failure => refuse('E_REBIND', problem, cause)

const decodeRebind = (encoded: Uint8Array): Rebind => wellFormed(() => signed.decode(encoded), malformed)

/** The key that a rebind claims; checks nothing else. @throws Failure `E_REBIND` for a malformed one */
export const rebindKey = (encoded: Uint8Array): Uint8Array => decodeRebind(encoded).key_id

/** Why a card cannot take a seat: its keys are the old ones, or its name or a key is another member's. */
function cardProblem(card: Card, r: KeyRecord, index: number): string | null {
  const old = r.members[index - 1]?.card as Card
  if (hex(card.signing) === hex(old.signing) || hex(card.nkey) === hex(old.nkey))
    return 'its keys are the old ones'
  try {
    checkDistinct(r.members.map((member) => (member.index === index ? card : member.card)))
    return null
  } catch (cause) {
    if (cause instanceof CodecError) return cause.problem
    throw cause
  }
}

const proofContext = (fields: Of<typeof provenShape>): Uint8Array =>
  digest('mpc/rebind-proof/v1', provenShape.form(fields))

// ------------------------------------------------------------------------ before the new identity has signed

const offerCodec = codec(
  record({
    format: format('mpc/rebind-offer/v1'),
    /** The key's name in the home that the share comes from. */
    key: nameShape,
    rebind: record(handedFields),
  }),
  1 << 14,
)

/**
 * A rebind without the new identity's signature, made where the share is; the new identity completes it
 * elsewhere.
 * @param key the key's name in this home
 * @throws Failure `E_REBIND_CARD` (authentication) if the card cannot take the seat
 */
export function offerRebind(r: KeyRecord, seat: Seat, key: string, rng: Rng): Uint8Array {
  const problem = cardProblem(seat.card, r, seat.index)
  if (problem !== null) throw refuse('E_REBIND_CARD', problem)
  return offerCodec.encode({ format: 'mpc/rebind-offer/v1', key, rebind: handOn(r, seat, rng) })
}

/**
 * Completes an offer and checks the rebind against this record.
 * @param card the new identity's; the offer must name it
 * @param next its key
 * @throws Failure (authentication) as `parseRebind`
 */
export function completeRebind(
  encoded: Uint8Array,
  r: KeyRecord,
  card: Card,
  next: SigningKey,
): { readonly key: string; readonly index: number; readonly rebind: Uint8Array } {
  const { key, rebind: offered } = wellFormed(() => offerCodec.decode(encoded), malformed)
  if (offered.card.line !== card.line) throw refuse('E_REBIND', 'it was made for another card')
  const whole = signed.encode({ ...offered, signature: signed.sign(next, offered) })
  return { key, index: parseRebind(whole, r).index, rebind: whole }
}

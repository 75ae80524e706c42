/**
 * The rebind statement: a custodian with a new identity takes its seat again. It shows that whoever made it
 * knows the share of that seat and holds the new identity; that this is still the same person is for each
 * other custodian to find out and to accept for itself. The record stays as it is.
 */
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
import { type SigningKey, verifySignature } from '../base/ed25519.js'
import { Failure } from '../base/failure.js'
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
  /** Who is to sit there. */
  card: cardShape,
  /**
   * Who handed the share on, to a new machine: the identity in the record, or one that took the seat since. Null after a
   * loss. Both identities sign which of the two it is, so nobody on the way cuts it off or puts another there.
   */
  handed_by: nullable(cardShape),
  /** By the clock where it was made, for people: it decides nothing. Milliseconds since 1970. */
  created: time(),
}
const unsignedFields = {
  ...provenFields,
  /** Proof of knowledge of the seat's share, bound to everything above. */
  proof: record({ R: bytesUpTo(33, 32), z: bytes(32) }),
}
const provenShape = record(provenFields)
const unsignedShape = record(unsignedFields)
/** What can be made where the share is. */
const handedFields = {
  ...unsignedFields,
  /** By who handed the share on; null where nobody did. */
  handed_signature: nullable(bytes(64)),
}
/** A rebind inside something larger; whoever reads that holds it against the record (`checkRebind`). */
export const rebindShape = record({
  ...handedFields,
  /** By the new identity, so that nobody is put into a seat unasked. */
  signature: bytes(64),
})
const rebindCodec = codec(rebindShape, 1 << 14)

export type Rebind = Of<typeof rebindShape>

/** As it travels by itself. */
export const encodeRebind = rebindCodec.encode

/**
 * 32 bytes that name it, as orders do. Of the signatures too: who signs twice has made two rebinds, and whoever holds the
 * one and not the other is told so before the first round, not by transcripts that differ after the last.
 */
export const rebindDigest = (rebind: Rebind): Uint8Array =>
  digest('mpc/rebind-digest/v1', rebindShape.form(rebind))

/** What a rebind says, and the secret that it is proved by. */
export type Seat = {
  readonly index: number
  readonly share: Secret
  /** The new identity's. */
  readonly card: Card
  /** Who hands the share on; null after a loss. */
  readonly from: { readonly card: Card; readonly signing: SigningKey } | null
  /** Milliseconds since 1970. */
  readonly created: number
}

/** @param next the new identity's key */
export function makeRebind(r: KeyRecord, seat: Seat, next: SigningKey, rng: Rng): Uint8Array {
  const handed = handOn(r, seat, rng)
  return rebindCodec.encode({ ...handed, signature: next.sign(SIGNED.rebind, unsignedShape.form(handed)) })
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
    handed_signature: from && from.signing.sign(SIGNED.rebind, unsignedShape.form(unsigned)),
  }
}

/**
 * The statement, if it holds for the record of this epoch.
 * @throws Failure (authentication) `E_REBIND` if it is not whole, of another epoch or seat, or not signed by
 *   the new identity; `E_REBIND_PROOF` if whoever made it did not show that it knew the seat's share;
 *   `E_REBIND_CARD` if the new card cannot sit there
 */
export function parseRebind(encoded: Uint8Array, r: KeyRecord): Rebind {
  return checkRebind(decodeRebind(encoded), r)
}

/** A rebind that was read already, held against the record. @throws Failure as `parseRebind` does */
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
  const form = unsignedShape.form(rebind)
  if (!verifySignature(card.signing, signature, SIGNED.rebind, form)) {
    throw refuse('E_REBIND', 'it is not signed by the new identity')
  }
  if ((from === null) !== (handed === null))
    throw refuse(
      'E_REBIND',
      'it names who handed the share on without a signature of that one, or the reverse',
    )
  if (from === null || handed === null) return rebind
  const others = r.members.filter(({ index }) => index !== rebind.index).map((each) => each.card)
  if ([card, ...others].some(({ fingerprint }) => hex(fingerprint) === hex(from.fingerprint))) {
    throw refuse('E_REBIND', `${from.name} is not who had the seat before`)
  }
  if (!verifySignature(from.signing, handed, SIGNED.rebind, form)) {
    throw refuse('E_REBIND', `it is not signed by ${from.name}, as it says`)
  }
  return rebind
}

const refuse = (code: `E_${string}`, problem: string, cause?: unknown): Failure =>
  new Failure('authentication', code, `this is not a rebind for this key: ${problem}`, {
    hint: 'ask the person, not the file: `mpc backup restore` and `mpc share import` make it where the share comes in',
    cause,
  })

function decodeRebind(encoded: Uint8Array): Rebind {
  try {
    return rebindCodec.decode(encoded)
  } catch (cause) {
    if (cause instanceof CodecError) throw refuse('E_REBIND', cause.message, cause)
    throw cause
  }
}

/** The key that a statement says it is for; nothing else in it was checked. @throws Failure `E_REBIND` if it is none */
export const rebindKey = (encoded: Uint8Array): Uint8Array => decodeRebind(encoded).key_id

/** Why a card cannot take a seat: it is the old identity, or, for its name or keys, another member's. */
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

// ------------------------------------------------------------------------------------- before the new identity has signed

const offerCodec = codec(
  record({
    format: format('mpc/rebind-offer/v1'),
    /** What the key is called where the share comes from. */
    key: nameShape,
    rebind: record(handedFields),
  }),
  1 << 14,
)

/**
 * A rebind as far as it can be made where the share is: the new identity, elsewhere, completes it.
 * @param key what it is called here
 * @throws Failure `E_REBIND_CARD` (authentication) if the card cannot sit there
 */
export function offerRebind(r: KeyRecord, seat: Seat, key: string, rng: Rng): Uint8Array {
  const problem = cardProblem(seat.card, r, seat.index)
  if (problem !== null) throw refuse('E_REBIND_CARD', problem)
  return offerCodec.encode({ format: 'mpc/rebind-offer/v1', key, rebind: handOn(r, seat, rng) })
}

/**
 * The whole rebind of an offer, once it holds for this record.
 * @param card the new identity's, for whom it must be made
 * @param next its key
 * @throws Failure (authentication) as `parseRebind`
 */
export function completeRebind(
  encoded: Uint8Array,
  r: KeyRecord,
  card: Card,
  next: SigningKey,
): { readonly key: string; readonly index: number; readonly rebind: Uint8Array } {
  try {
    const { key, rebind: offered } = offerCodec.decode(encoded)
    if (offered.card.line !== card.line) throw refuse('E_REBIND', 'it was made for another card')
    const signature = next.sign(SIGNED.rebind, unsignedShape.form(offered))
    const whole = rebindCodec.encode({ ...offered, signature })
    return { key, index: parseRebind(whole, r).index, rebind: whole }
  } catch (cause) {
    if (cause instanceof CodecError) throw refuse('E_REBIND', cause.message, cause)
    throw cause
  }
}

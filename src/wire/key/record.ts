/**
 * The public record of one epoch of a key. Its digest identifies the epoch; the number is for people. Names
 * of keys are local, so the record has none.
 */
import {
  bytes,
  bytesUpTo,
  codec,
  CodecError,
  equalBytes,
  list,
  mapped,
  nullable,
  type Of,
  oneOf,
  record,
  type Shape,
  text,
  tuple,
  uint,
} from '../../protocol/core/codec.js'
import { type AuxData, auxDataCodec } from '../../protocol/cggmp24/auxiliary/data.js'
import { type Level, PRODUCTION, TEST_ONLY } from '../../protocol/cggmp24/integers/level.js'
import { needsAuxiliary } from '../../protocol/engines/engine.js'
import { byEngine, engineField } from '../../protocol/engines/registry.js'
import { checkPublicShares } from '../../protocol/sharing/key-share.js'
import { isDerivable, publicKeyOf, SCHEMES } from '../../protocol/group/scheme.js'
import { digest, type PartyId } from '../../protocol/core/session.js'
import { type Card, checkDistinct, parseCard } from '../identity/card.js'
import { Failure, wellFormed } from '../base/failure.js'
import { format, isRehearsal } from '../base/realm.js'
import { hex } from '../base/text.js'
import { namedPolicyShape } from './named-policy.js'

const cardShape: Shape<Card> = mapped(text(8192), parseCard, (card) => card.line)

/** Former identities in one record. */
export const MOST_FORMER = 256

/** An identity whose seat another one has taken, and the one that had the seat when that epoch ended. */
const formerShape = mapped(
  tuple(bytes(32), bytes(32)),
  ([identity, successor]) => ({ identity, successor }),
  ({ identity, successor }) => [identity, successor] as const,
)
export type Former = Of<typeof formerShape>

const fieldsShape = record({
  format: format('mpc/key-record/v1'),
  /** Definition id of the ceremony that made the key; never changes. */
  key_id: bytes(32),
  scheme: oneOf(SCHEMES),
  ...engineField,
  threshold: uint(64, 2),
  /** The key's point: 32 bytes on ed25519, 33 on secp256k1; for taproot the untweaked point. */
  group_point: bytesUpTo(33, 32),
  chain_code: nullable(bytes(32)),
  members: list(record({ card: cardShape, index: uint(64, 1), public_share: bytesUpTo(33, 32) }), 2, 64),
  /** From 1. */
  epoch: uint(1_000_000, 1),
  /** Record digest of the parent epoch. */
  parent: nullable(bytes(32)),
  /** The ceremony that made this epoch. */
  definition: bytes(32),
  /** In force when this epoch was made; null: none. Later ones are certified by themselves. */
  policy: nullable(namedPolicyShape),
  /** Identities that had seats in epochs before, until another one of the same person took them; in order. */
  former: list(formerShape, 0, MOST_FORMER),
  /** The engine's public auxiliary data (`auxiliaryOf`); null for FROST. */
  auxiliary: nullable(bytesUpTo(1 << 18)),
})

export type KeyRecord = Of<typeof fieldsShape>
const recordShape: Shape<KeyRecord> = byEngine(mapped(fieldsShape, check, (r) => r))
const recordCodec = codec(recordShape, 1 << 19)

export const encodeRecord = recordCodec.encode

/** @throws Failure `E_RECORD` (verification) if it is malformed, or its public shares do not fit its key */
export const parseRecord = (encoded: Uint8Array): KeyRecord =>
  wellFormed(
    () => recordCodec.decode(encoded),
    (problem, cause) =>
      new Failure('verification', 'E_RECORD', `this is not the public record of a key: ${problem}`, {
        cause,
      }),
  )

/** 32 bytes that identify the epoch. */
export const recordDigest = (r: KeyRecord): Uint8Array => digest('mpc/record-digest/v1', recordShape.form(r))

/** The key that signatures verify under. */
export const recordPublicKey = (r: KeyRecord): Uint8Array => publicKeyOf(r.scheme, r.group_point)

/** The security level of keys. Rehearsals use a fast one, because their keys are worthless. */
export const levelOfKeys = (): Level => (isRehearsal() ? TEST_ONLY : PRODUCTION)

/**
 * The engine's auxiliary data of every member; null for a scheme without. Each call checks them, which takes
 * a moment.
 * @throws CodecError if they are malformed, of another level, or not of exactly the members
 */
export function auxiliaryOf(r: KeyRecord): AuxData | null {
  if (r.auxiliary === null) return null
  const data = auxDataCodec.decode(r.auxiliary)
  if (data.level !== levelOfKeys()) throw new CodecError('auxiliary', `of level ${data.level.name}`)
  if (data.parties.size !== r.members.length) throw new CodecError('auxiliary', 'not of each member')
  return data
}

export const publicShares = (r: KeyRecord): ReadonlyMap<PartyId, Uint8Array> =>
  new Map(r.members.map((member) => [member.index, member.public_share]))

function check(r: KeyRecord): KeyRecord {
  if (r.members.some((member, i) => member.index !== i + 1)) throw new CodecError('members', 'not in order')
  checkDistinct(r.members.map((member) => member.card))
  if ((r.parent === null) !== (r.epoch === 1)) throw new CodecError('parent', 'does not fit the epoch')
  if (r.epoch === 1 && r.policy && r.policy.number !== 1)
    throw new CodecError('policy', 'not the first of a new key')
  checkFormer(r)
  if ((r.chain_code !== null) !== isDerivable(r.scheme))
    throw new CodecError('chain_code', 'does not fit the scheme')
  if ((r.auxiliary !== null) !== needsAuxiliary(r.scheme))
    throw new CodecError('auxiliary', 'does not fit the scheme')
  checkPublicShares({
    scheme: r.scheme,
    threshold: r.threshold,
    groupPoint: r.group_point,
    publicShares: new Map(r.members.map((member) => [member.index, member.public_share])),
  })
  return r
}

/** Checks that each stands there once, and that the list has one form. */
function checkFormer({ former, epoch }: KeyRecord): void {
  if (epoch === 1 && former.length > 0) throw new CodecError('former', 'not of a new key')
  const identities = former.map(({ identity }) => hex(identity))
  if (identities.some((each, i) => i > 0 && each <= (identities[i - 1] as string)))
    throw new CodecError('former', 'not in order')
  if (former.some(({ identity, successor }) => equalBytes(identity, successor)))
    throw new CodecError('former', 'its own successor')
}

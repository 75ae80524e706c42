/**
 * The manifest: the public half of the split of one custodian's share. A piece without it proves nothing,
 * since anybody can make k - 1 pieces and a vector that fit the public share. The custodian's identity signs
 * it, and it proves that its maker knew the share. The pieces are in `piece.ts`.
 */
import { signedRecord } from '../base/signed-record.js'
import {
  attempt,
  bytes,
  bytesUpTo,
  codec,
  CodecError,
  list,
  nullable,
  type Of,
  oneOf,
  record,
  text,
  time,
  uint,
  variants,
} from '../../protocol/core/codec.js'
import { curveOf, SCHEMES } from '../../protocol/group/scheme.js'
import { proveKnowledge, verifyKnowledge } from '../../protocol/group/schnorr.js'
import type { Secret } from '../../protocol/core/secret.js'
import { digest, type Rng } from '../../protocol/core/session.js'
import { type Card, isAgeRecipient } from '../identity/card.js'
import type { SigningKey } from '../base/ed25519.js'
import { type BlobPlace, sealBlob } from './blob.js'
import { Failure, wellFormed } from '../base/failure.js'
import { sha256 } from '../base/hash.js'
import { format } from '../base/realm.js'
import { namedPolicyShape } from '../key/named-policy.js'
import { type KeyRecord, recordDigest } from '../key/record.js'
import { SIGNED } from '../base/domain-tags.js'
import { hex, nameShape } from '../base/text.js'
import { wordsOf } from '../base/safety-words.js'

const MOST_HOLDERS = 64

/** The recipient of a piece: an identity, an age recipient, or anybody with a passphrase. */
export type Recipient =
  | { readonly kind: 'card'; readonly fingerprint: Uint8Array }
  | { readonly kind: 'age'; readonly recipient: string }
  | { readonly kind: 'passphrase' }

const recipientShape = variants<Recipient>('kind', {
  card: record({ kind: oneOf(['card']), fingerprint: bytes(32) }),
  age: record({ kind: oneOf(['age']), recipient: text(2048) }),
  passphrase: record({ kind: oneOf(['passphrase']) }),
})
const holderShape = record({ index: uint(MOST_HOLDERS, 1), name: nameShape, to: recipientShape })
export type EscrowHolder = Of<typeof holderShape>

const coreFields = {
  format: format('mpc/escrow-manifest/v1'),
  key_id: bytes(32),
  /** The custodian's local name for the key, for people. */
  key: nameShape,
  scheme: oneOf(SCHEMES),
  /** Digest of the record of the epoch whose share is split. */
  epoch: bytes(32),
  /** The custodian whose share is split: its index in the record, and the identity that signs. */
  custodian: record({ index: uint(64, 1), fingerprint: bytes(32) }),
  /** Number of pieces that restore the share. */
  threshold: uint(MOST_HOLDERS, 2),
  /** By index, 1 to m. */
  holders: list(holderShape, 2, MOST_HOLDERS),
  /** Feldman's commitment to the split: `threshold` points, of which the first is the public share. */
  vector: list(bytesUpTo(33, 32), 2, MOST_HOLDERS),
  salt: bytes(32),
  /** The policy of the key in force when it was split; null: none. Restoring brings its name, and not the policy. */
  policy: nullable(namedPolicyShape),
  /** Milliseconds since 1970. */
  created: time(),
}
const provenFields = {
  ...coreFields,
  /** SHA-256 of the blob in each piece; null if the scheme has none. */
  blob_sha256: nullable(bytes(32)),
}
const unsignedFields = {
  ...provenFields,
  /** Proof of knowledge of the share, bound to everything above. */
  proof: record({ R: bytesUpTo(33, 32), z: bytes(32) }),
}
const coreShape = record(coreFields)
const provenShape = record(provenFields)
const signed = signedRecord(
  unsignedFields,
  { signature: bytes(64) },
  { tag: SIGNED.manifest, limit: 1 << 18, check },
)

export type ManifestFields = Of<typeof coreShape>
export type Manifest = Of<typeof signed.shape>

export const encodeManifest = signed.encode

/** 32 bytes that identify a manifest, independent of its signature. */
export const manifestDigest = (manifest: Manifest): Uint8Array =>
  signed.digest('mpc/manifest-digest/v1', manifest)

/** 16 words (128 bits) of the digest, for holders to compare. */
export const manifestWords = (manifest: Manifest): string[] =>
  wordsOf(manifestDigest(manifest).subarray(0, 16))

/**
 * The manifest of a split, and the blob whose hash it contains.
 * @param share x_i, whose public share is the vector's first point
 * @param auxiliary the engine's auxiliary data, or null
 */
export function makeManifest(
  fields: ManifestFields,
  share: Secret,
  auxiliary: Uint8Array | null,
  signing: SigningKey,
  rng: Rng,
): { readonly manifest: Manifest; readonly blob: Uint8Array | null } {
  const blob = auxiliary && sealBlob(blobPlace(fields), share, auxiliary, rng)
  const proven = { ...fields, blob_sha256: blob && sha256(blob) }
  const proof = proveKnowledge(curveOf(fields.scheme), proofContext(proven), share, rng)
  const unsigned = { ...proven, proof }
  return { manifest: check({ ...unsigned, signature: signed.sign(signing, unsigned) }), blob }
}

/** @throws Failure `E_MANIFEST` (verification) if it is malformed; `checkManifest` checks its author */
export const parseManifest = (encoded: Uint8Array): Manifest =>
  wellFormed(
    () => signed.decode(encoded),
    (problem, cause) => refuse('E_MANIFEST', `this is not the manifest of a backup: ${problem}`, cause),
  )

/**
 * Checks a manifest against the key's record.
 * @param seat the card now in the custodian's seat, if a rebind put another there than the record's
 * @returns the custodian
 * @throws Failure (verification) `E_MANIFEST_RECORD` for another key, epoch or member, `E_MANIFEST_SIGNER`
 *   for another identity, `E_MANIFEST_VECTOR` if its vector begins with another share, `E_MANIFEST_PROOF`
 *   without a proof that its maker knew the share, `E_MANIFEST_SIGNATURE` without the custodian's signature
 */
export function checkManifest(manifest: Manifest, r: KeyRecord, seat?: Card): Card {
  const member = r.members[manifest.custodian.index - 1]
  if (hex(manifest.key_id) !== hex(r.key_id) || manifest.scheme !== r.scheme) {
    throw refuse('E_MANIFEST_RECORD', 'the manifest is of another key than the record')
  }
  if (hex(manifest.epoch) !== hex(recordDigest(r))) {
    throw refuse('E_MANIFEST_RECORD', 'the manifest is of another epoch than the record')
  }
  if (member === undefined) throw refuse('E_MANIFEST_RECORD', 'the record has no such custodian')
  const card = seat ?? member.card
  const whose = `the manifest of ${card.name}`
  if (hex(manifest.custodian.fingerprint) !== hex(card.fingerprint)) {
    throw refuse('E_MANIFEST_SIGNER', `${whose} names another identity than holds the seat`)
  }
  if (hex(manifest.vector[0] as Uint8Array) !== hex(member.public_share)) {
    throw refuse('E_MANIFEST_VECTOR', `${whose} does not begin with the public share in the record`)
  }
  const { proof, signature } = manifest
  if (!verifyKnowledge(curveOf(r.scheme), proofContext(manifest), member.public_share, proof)) {
    throw refuse('E_MANIFEST_PROOF', `${whose} does not prove that its maker knew the share`)
  }
  if (!signed.isSigned(manifest, signature, card.signing)) {
    throw refuse('E_MANIFEST_SIGNATURE', `${whose} is not signed by ${card.name}`)
  }
  return card
}

/** The manifest's fields to which its blob is bound. */
export const blobPlace = (fields: ManifestFields): BlobPlace => ({
  key_id: fields.key_id,
  epoch: fields.epoch,
  custodian: fields.custodian.fingerprint,
  salt: fields.salt,
  manifest: coreCodec.encode(fields),
})
const coreCodec = codec(coreShape)

const proofContext = (fields: Of<typeof provenShape>): Uint8Array =>
  digest('mpc/escrow-proof/v1', provenShape.form(fields))

function check<M extends Of<typeof coreShape>>(manifest: M): M {
  const { holders, threshold, vector, scheme } = manifest
  if (holders.some(({ index }, i) => index !== i + 1)) throw new CodecError('holders', 'not in order')
  if (threshold > holders.length) throw new CodecError('threshold', 'more than there are holders')
  // A longer vector would need more pieces than the threshold says, a shorter one fewer.
  if (vector.length !== threshold)
    throw new CodecError('vector', 'not as many points as pieces restore the share')
  const curve = curveOf(scheme)
  if (attempt(() => vector.map((point) => curve.parsePoint(point))) === null) {
    throw new CodecError('vector', 'holds something that is not a point of the group')
  }
  const distinct = (all: readonly string[]) => new Set(all).size === all.length
  if (!distinct(holders.map(({ name }) => name))) throw new CodecError('holders', 'two holders have one name')
  if (!distinct(holders.flatMap(({ to }) => (to.kind === 'passphrase' ? [] : [recipientText(to)])))) {
    throw new CodecError('holders', 'one holder is named twice')
  }
  if (holders.some(({ to }) => to.kind === 'age' && !isAgeRecipient(to.recipient))) {
    throw new CodecError('holders', 'not an age recipient')
  }
  return manifest
}

const recipientText = (to: Exclude<Recipient, { kind: 'passphrase' }>): string =>
  to.kind === 'card' ? hex(to.fingerprint) : to.recipient

const refuse = (code: `E_${string}`, message: string, cause?: unknown): Failure =>
  new Failure('verification', code, message, {
    hint: 'do not rely on this backup: ask the custodian, in person, to split the share anew',
    cause,
  })

/**
 * The result of a ceremony, and its participants' receipts. All receipts over one result are the certificate:
 * transferable, final, and valid after any expiry.
 */
import {
  bytes,
  bytesUpTo,
  codec,
  list,
  nullable,
  type Of,
  record,
  type Value,
} from '../../protocol/core/codec.js'
import { curveOf, type Scheme } from '../../protocol/group/scheme.js'
import { proveKnowledge, verifyKnowledge } from '../../protocol/group/schnorr.js'
import type { Secret } from '../../protocol/core/secret.js'
import { digest, type PartyId, type Rng } from '../../protocol/core/session.js'
import { type SigningKey, verifySignature } from '../base/ed25519.js'
import { Failure, wellFormed } from '../base/failure.js'
import { format } from '../base/realm.js'
import { SIGNED } from '../base/domain-tags.js'
import { hex } from '../base/text.js'

/** A run and its result. */
export type Ran = {
  readonly definition: Uint8Array
  readonly sid: Uint8Array
  /** Transcript head. */
  readonly head: Uint8Array
}

/** The 32 bytes that receipts cover. @param outcome the encoded record, or the signature */
export const resultDigest = (ran: Ran, outcome: Value): Uint8Array =>
  digest('mpc/result/v1', ran.definition, ran.sid, outcome, ran.head)

export const receiptShape = record({
  fingerprint: bytes(32),
  /** Proof of knowledge of the share, bound to the result and the index; null for one without a share. */
  proof: nullable(record({ R: bytesUpTo(33, 32), z: bytes(32) })),
  signature: bytes(64),
})
export type Receipt = Of<typeof receiptShape>
export const receiptCodec = codec(receiptShape, 1024)

const proofContext = (result: Uint8Array, index: PartyId): Uint8Array =>
  digest('mpc/receipt-proof/v1', result, index)

/** Proves that this member holds the share that the record gives its index. */
export function proveShare(
  scheme: Scheme,
  result: Uint8Array,
  index: PartyId,
  share: Secret,
  rng: Rng,
): Receipt['proof'] {
  return proveKnowledge(curveOf(scheme), proofContext(result, index), share, rng)
}

const signedFields = (ran: Ran, result: Uint8Array, proof: Receipt['proof']): Value[] => [
  ran.definition,
  ran.sid,
  result,
  proof && [proof.R, proof.z],
]

export function makeReceipt(
  key: SigningKey,
  fingerprint: Uint8Array,
  ran: Ran,
  result: Uint8Array,
  proof: Receipt['proof'],
): Receipt {
  return { fingerprint, proof, signature: key.sign(SIGNED.receipt, ...signedFields(ran, result, proof)) }
}

/** A participant whose receipt is needed, and its share in the record; null if it holds none. */
export type Holder = {
  readonly fingerprint: Uint8Array
  readonly signing: Uint8Array
  readonly share: {
    readonly scheme: Scheme
    readonly index: PartyId
    readonly publicShare: Uint8Array
  } | null
}

/** Whether this is the holder's receipt for the result, with a proof if the holder has a share. */
export function verifyReceipt(receipt: Receipt, holder: Holder, ran: Ran, result: Uint8Array): boolean {
  const { proof, signature } = receipt
  if (hex(receipt.fingerprint) !== hex(holder.fingerprint) || (proof === null) !== (holder.share === null))
    return false
  if (!verifySignature(holder.signing, signature, SIGNED.receipt, ...signedFields(ran, result, proof)))
    return false
  if (proof === null || holder.share === null) return true
  const { scheme, index, publicShare } = holder.share
  return verifyKnowledge(curveOf(scheme), proofContext(result, index), publicShare, proof)
}

// ------------------------------------------------------------------------------------------- the certificate

const certificateShape = record({
  format: format('mpc/certificate/v1'),
  definition: bytes(32),
  sid: bytes(32),
  head: bytes(32),
  result: bytes(32),
  /** In the order of the participants. */
  receipts: list(receiptShape, 1, 64),
})
export type Certificate = Of<typeof certificateShape>
const certificateCodec = codec(certificateShape, 1 << 17)

export function makeCertificate(ran: Ran, result: Uint8Array, receipts: readonly Receipt[]): Uint8Array {
  return certificateCodec.encode({ format: 'mpc/certificate/v1', ...ran, result, receipts })
}

const refuse = (problem: string, cause?: unknown) =>
  new Failure('verification', 'E_CERTIFICATE', `this is not the certificate of this ceremony: ${problem}`, {
    cause,
  })

/** A certificate before verification. @throws Failure `E_CERTIFICATE` (verification) */
export const decodeCertificate = (encoded: Uint8Array): Certificate =>
  wellFormed(() => certificateCodec.decode(encoded), refuse)

/**
 * Parses a complete certificate: the receipts of exactly these holders, in their order, over the outcome they
 * hold. For weaker checks see `certified-record.ts`.
 * @throws Failure `E_CERTIFICATE` (verification)
 */
export function parseCertificate(
  encoded: Uint8Array,
  holders: readonly Holder[],
  outcome: Value,
): Certificate {
  const certificate = decodeCertificate(encoded)
  if (hex(resultDigest(certificate, outcome)) !== hex(certificate.result))
    throw refuse('it is over another result')
  if (certificate.receipts.length !== holders.length) throw refuse('it lacks receipts')
  holders.forEach((holder, i) => {
    if (!verifyReceipt(certificate.receipts[i] as Receipt, holder, certificate, certificate.result)) {
      throw refuse('a receipt in it does not verify')
    }
  })
  return certificate
}

/**
 * Checks a certificate against its record alone, without the definition. There are two questions, with a
 * function each.
 *
 * `requireHeld`, here: each custodian in the record has given its receipt, with a proof that it holds its
 * share. So these people have the key, and nobody else in the record. This is enough for a record that is
 * handed on, a piece, or a share on its way.
 *
 * `parseCertificate`: every participant has given a receipt, including dealers who got no share and are not
 * in the record. Without theirs, such a dealer may have voted for another ceremony from the same epoch. So a
 * home that knows the definition requires it to activate a result, and before it gives up its own epoch.
 */
import { Failure } from '../base/failure.js'
import { encodeRecord, type KeyRecord } from '../key/record.js'
import { decodeCertificate, type Holder, resultDigest, verifyReceipt } from './certificate.js'
import { hex } from '../base/text.js'

/** A public record as it is passed on. */
export type PublicRecord = {
  readonly record: KeyRecord
  /** A checked certificate of this record; null if none was given. */
  readonly certificate: Uint8Array | null
}

/**
 * Checks that each custodian in a record holds its share, by its receipt.
 * @throws Failure `E_CERTIFICATE` (verification) unless the certificate is over this record, and holds a
 *   receipt of each of its custodians
 */
export function requireHeld(certificate: Uint8Array, r: KeyRecord): void {
  const refuse = (problem: string) =>
    new Failure('verification', 'E_CERTIFICATE', `this does not certify the record: ${problem}`, {
      hint: 'ask a custodian for both: `mpc key show NAME --export`',
    })
  const ran = decodeCertificate(certificate)
  if (hex(ran.definition) !== hex(r.definition)) throw refuse('it is of another ceremony')
  if (hex(resultDigest(ran, encodeRecord(r))) !== hex(ran.result)) throw refuse('it is over another result')
  for (const { card, index, public_share: publicShare } of r.members) {
    const { fingerprint, signing } = card
    const holder: Holder = { fingerprint, signing, share: { scheme: r.scheme, index, publicShare } }
    const receipts = ran.receipts.filter((receipt) => hex(receipt.fingerprint) === hex(fingerprint))
    if (!receipts.some((receipt) => verifyReceipt(receipt, holder, ran, ran.result))) {
      throw refuse(`the receipt of ${card.name} is missing, or does not verify`)
    }
  }
}

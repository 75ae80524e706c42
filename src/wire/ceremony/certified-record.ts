/**
 * A certificate held against its record alone, by somebody who does not know the ceremony. There are two questions, and two
 * functions that answer them.
 *
 * `requireHeld`, here: each custodian in the record has given its receipt, and with it the proof that it holds its share. So
 * these people have the key, and no others in it: enough for a record that is handed on, a piece, a share on its way.
 *
 * `parseCertificate`: everybody who took part has given a receipt, also the dealers who got no share and stand nowhere in
 * the record. Without theirs such a dealer may have voted for another ceremony from the same epoch. So a home that knows
 * the definition asks for it: to make a result active, and before its own epoch counts no more.
 */
import { Failure } from '../base/failure.js'
import { encodeRecord, type KeyRecord } from '../key/record.js'
import { decodeCertificate, type Holder, resultDigest, verifyReceipt } from './certificate.js'
import { hex } from '../base/text.js'

/** A record as people hand it on. */
export type PublicRecord = {
  readonly record: KeyRecord
  /** Over this record, and checked; null where nobody gave one. */
  readonly certificate: Uint8Array | null
}

/**
 * That each custodian in a record holds its share, by its receipt.
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

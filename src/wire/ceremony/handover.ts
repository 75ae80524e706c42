/**
 * A home's knowledge of how a key moved to its newest epoch, as one file for members who were absent: the
 * records from an epoch they may hold to the newest, its certificate, and the custodians' statements about
 * their shares. All of it is public, and the reader checks all of it.
 */
import { bytesUpTo, codec, equalBytes, list, mapped, record } from '../../protocol/core/codec.js'
import { requireHeld } from './certified-record.js'
import { Failure, wellFormed } from '../base/failure.js'
import { format } from '../base/realm.js'
import { encodeRecord, type KeyRecord, parseRecord, recordDigest } from '../key/record.js'
import { statementEpoch } from '../key/attestation.js'

export const MOST_EPOCHS = 64
const MOST_STATEMENTS = 2 * MOST_EPOCHS * 64

const handoverCodec = codec(
  record({
    format: format('mpc/share-handover/v1'),
    /** Each the parent of the next. */
    records: list(
      mapped<Uint8Array, KeyRecord>(bytesUpTo(1 << 19), parseRecord, encodeRecord),
      1,
      MOST_EPOCHS,
    ),
    /** The certificate of the last record. */
    certificate: bytesUpTo(1 << 17),
    statements: list(bytesUpTo(1024), 0, MOST_STATEMENTS),
  }),
  1 << 26,
  1 << 16,
)

export type Handover = {
  readonly records: readonly [KeyRecord, ...KeyRecord[]]
  readonly certificate: Uint8Array
  /** Statements as their authors made them; each is checked against the record that it names. */
  readonly statements: readonly Uint8Array[]
}

export const encodeHandover = (handover: Handover): Uint8Array =>
  handoverCodec.encode({ format: 'mpc/share-handover/v1', ...handover })

/**
 * @throws Failure (verification) `E_STATEMENT` unless the records are one key's epochs, one after the other;
 *   `E_CERTIFICATE` unless the last is certified
 */
export function parseHandover(encoded: Uint8Array): Handover {
  const refuse = (problem: string, cause?: unknown) =>
    new Failure(
      'verification',
      'E_STATEMENT',
      `this is no record of how a key changed its epoch: ${problem}`,
      {
        hint: '`mpc share statements --key KEY -o FILE` writes it, in the home of a custodian of the newest epoch',
        cause,
      },
    )
  const held = wellFormed(() => handoverCodec.decode(encoded), refuse)
  const { records, certificate, statements } = held
  records.forEach((r, i) => {
    const before = records[i - 1]
    if (before && !succeeds(r, before))
      throw refuse(`epoch ${r.epoch} does not follow on epoch ${before.epoch}`)
  })
  requireHeld(certificate, records.at(-1) as KeyRecord)
  return { records: records as readonly [KeyRecord, ...KeyRecord[]], certificate, statements }
}

/** Whether one epoch of a key came right after another: the same key, dealt anew. */
const succeeds = (r: KeyRecord, before: KeyRecord): boolean =>
  r.parent !== null &&
  equalBytes(r.parent, recordDigest(before)) &&
  equalBytes(r.key_id, before.key_id) &&
  equalBytes(r.group_point, before.group_point) &&
  r.scheme === before.scheme &&
  r.epoch === before.epoch + 1

/** The handover since an epoch; null unless that precedes the newest. @param epoch record digest */
export function handoverSince(
  { records, certificate, statements }: Handover,
  epoch: Uint8Array,
): Handover | null {
  const digests = records.map(recordDigest)
  const from = digests.findIndex((digest) => equalBytes(digest, epoch))
  const [first, ...others] = records.slice(from)
  if (from === -1 || !first || others.length === 0) return null
  const isAbout = (encoded: Uint8Array): boolean =>
    digests.slice(from).some((digest) => equalBytes(digest, statementEpoch(encoded)))
  return { records: [first, ...others], certificate, statements: statements.filter(isAbout) }
}

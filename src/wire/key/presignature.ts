/**
 * A presignature made ahead, as its signers keep it: what is public of it, with the certificate of the run that made
 * it, and one signer's secret numbers.
 */
import { bytes, bytesUpTo, codec, encode, list, type Of, record, uint } from '../../protocol/core/codec.js'
import { MOST_ENTRIES } from '../../protocol/core/entries.js'
import { format } from '../base/realm.js'

const point = bytes(33)

const publicShape = record({
  format: format('mpc/presignature/v1'),
  /** The encoded definition of the run. */
  definition: bytesUpTo(1 << 14),
  /** The IDs of all presignatures of the run, in the order of their entries: the receipts cover them. */
  ids: list(bytes(32), 1, MOST_ENTRIES),
  /** The number of this one's entry, from 1. */
  entry: uint(MOST_ENTRIES, 1),
  /** The nonce's point, before it is re-randomised. */
  Gamma: point,
  /** Of each signer, in the order of the record. */
  points: list(record({ Delta: point, S: point }), 2, 64),
  /** The receipts of all signers. */
  certificate: bytesUpTo(1 << 17),
})
export const publicPresignatureCodec = codec(publicShape, 1 << 18)
export type PresignatureFile = Of<typeof publicShape>

/** What the receipts of a run cover. @param ids of its presignatures, in the order of their entries */
export const presignaturesOutcome = (ids: readonly Uint8Array[]): Uint8Array =>
  encode(['mpc/presignatures/v1', [...ids]])

/** One signer's secret numbers, and the ID of the presignature whose they are. */
export const secretPresignatureCodec = codec(
  record({ format: format('mpc/presignature-secret/v1'), id: bytes(32), k: bytes(32), chi: bytes(32) }),
  256,
)

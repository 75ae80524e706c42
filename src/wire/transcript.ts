/**
 * The public transcript: everything in a run that all participants saw, byte for byte the same at each of them. No
 * local times, no retries, no sealed letters. Its head is fixed before the first receipt and stands in the result.
 */
import { sha256 } from './hash.js'
import { bytesUpTo, codec, list, nullable, type Of, record } from '../protocol/codec.js'
import { digest } from '../protocol/session.js'
import { ENVELOPE_LIMIT, roundShape } from './envelope.js'
import { format } from './realm.js'
import { receiptShape } from './result.js'

const envelopes = list(bytesUpTo(ENVELOPE_LIMIT), 1, 64)

/** What all participants saw before the ending, in the order of the participants. */
const seenShape = {
  /** The encoded definition. */
  definition: bytesUpTo(1 << 19),
  /** For a signing: the encoded record of the key, which holds the signers' cards. */
  record: nullable(bytesUpTo(1 << 19)),
  hellos: envelopes,
  reveals: envelopes,
  encapsulations: envelopes,
  confirms: envelopes,
  rounds: list(record({ round: roundShape, letters: envelopes }), 0, 64),
}
export type Seen = Of<ReturnType<typeof seenRecord>>
const seenRecord = () => record(seenShape)

const transcriptShape = record({
  format: format('mpc/transcript/v1'),
  ...seenShape,
  /** For a signing: what was signed; the definition holds its SHA-256. */
  payload: nullable(bytesUpTo(1 << 20)),
  /** The encoded record that was made, or the signature. */
  outcome: bytesUpTo(1 << 19),
  receipts: list(receiptShape, 0, 64),
})
export type Transcript = Of<typeof transcriptShape>
export const transcriptCodec = codec(transcriptShape, 1 << 26)

/**
 * A signing that failed, as far as it got: letters of those rounds that everybody spoke in. What one of its files holds
 * is its author's choice, so that it proves something only where the letters in it do.
 */
const failedShape = record({
  format: format('mpc/failed-signing/v1'),
  ...seenShape,
  payload: bytesUpTo(1 << 20),
})
export type FailedSigning = Of<typeof failedShape>
export const failedCodec = codec(failedShape, 1 << 26)

/** 32 bytes that stand for all of it. */
export function transcriptHead(seen: Seen): Uint8Array {
  const all = (list: readonly Uint8Array[]) => list.map(sha256)
  return digest(
    'mpc/transcript-head/v1',
    sha256(seen.definition),
    seen.record && sha256(seen.record),
    all(seen.hellos),
    all(seen.reveals),
    all(seen.encapsulations),
    all(seen.confirms),
    seen.rounds.map(({ round, letters }) => [round, all(letters)]),
  )
}

/**
 * The public transcript: everything that all participants saw in a run, byte for byte the same at each of
 * them. It has no local times, no retries and no sealed letters. Its head is fixed before the first receipt,
 * and the result covers it.
 */
import { sha256 } from '../base/hash.js'
import { bytesUpTo, codec, list, nullable, type Of, record } from '../../protocol/core/codec.js'
import { digest } from '../../protocol/core/session.js'
import { ENVELOPE_LIMIT, roundShape } from './envelope.js'
import { format } from '../base/realm.js'
import { receiptShape } from '../ceremony/certificate.js'

const MOST_ROUNDS = 64
const envelopes = list(bytesUpTo(ENVELOPE_LIMIT), 1, 64)

/** The letters before the ending that all participants saw, in the participants' order. */
const seenShape = {
  /** The encoded definition. */
  definition: bytesUpTo(1 << 19),
  /** For a signing: the signed payload; the definition contains its SHA-256. */
  record: nullable(bytesUpTo(1 << 19)),
  hellos: envelopes,
  reveals: envelopes,
  encapsulations: envelopes,
  confirms: envelopes,
  rounds: list(record({ round: roundShape, letters: envelopes }), 0, MOST_ROUNDS),
}
export type Seen = Of<ReturnType<typeof seenRecord>>
const seenRecord = () => record(seenShape)

const transcriptShape = record({
  format: format('mpc/transcript/v1'),
  ...seenShape,
  /** For a signing: what was signed; the definition holds its SHA-256. */
  payload: nullable(bytesUpTo(1 << 20)),
  /** The encoded new record, or the signature. */
  outcome: bytesUpTo(1 << 19),
  receipts: list(receiptShape, 0, 64),
})
export type Transcript = Of<typeof transcriptShape>
export const transcriptCodec = codec(transcriptShape, 1 << 26)

/**
 * A failed run, as far as it got: the letters of the rounds that everybody completed, and claims (`claim.ts`)
 * about letters to one member. The file's author chooses its contents, so it proves only what the letters in
 * it prove.
 */
const failedShape = record({
  format: format('mpc/failed-run/v1'),
  ...seenShape,
  /** For a signing: the payload. */
  payload: nullable(bytesUpTo(1 << 20)),
  /** Signed envelopes. */
  claims: list(bytesUpTo(ENVELOPE_LIMIT), 0, 64),
})
export type FailedRun = Of<typeof failedShape>
export const failedCodec = codec(failedShape, 1 << 26)

/** Letters of one member that convict it by themselves, under the definition that names the member. */
const lettersShape = record({
  format: format('mpc/evidence/v1'),
  definition: seenShape.definition,
  record: seenShape.record,
  letters: list(bytesUpTo(ENVELOPE_LIMIT), 1, 256),
})
export type Letters = Of<typeof lettersShape>
export const lettersCodec = codec(lettersShape, 1 << 26)

/** The most parts of a transcript: the four of the opening, and the rounds. */
export const MOST_PARTS = 4 + MOST_ROUNDS

/** A digest of the letters of one part. @param part a round's name, or the name of a part of the opening */
export const partDigest = (part: string, letters: readonly Uint8Array[]): Uint8Array =>
  digest('mpc/transcript-part/v1', part, letters.map(sha256))

/** The digest of each part: hellos, reveals, encapsulations, confirms, then each round in order. */
export const transcriptParts = (seen: Seen): Uint8Array[] => [
  partDigest('hello', seen.hellos),
  partDigest('reveal', seen.reveals),
  partDigest('encapsulate', seen.encapsulations),
  partDigest('confirm', seen.confirms),
  ...seen.rounds.map(({ round, letters }) => partDigest(round, letters)),
]

/** 32 bytes that commit to the whole transcript. */
export const transcriptHead = (seen: Seen): Uint8Array =>
  digest(
    'mpc/transcript-head/v1',
    sha256(seen.definition),
    seen.record && sha256(seen.record),
    seen.rounds.map(({ round }) => round),
    transcriptParts(seen),
  )

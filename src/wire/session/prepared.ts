/**
 * The letter a participant sends before anybody votes: its result, and a digest of each part of what it saw.
 * If results differ, the parts show the round in which participants saw different letters, or that they saw
 * the same.
 */
import { bytes, codec, list, type Of, record } from '../../protocol/core/codec.js'
import { MOST_PARTS } from './transcript.js'

const preparedShape = record({
  /** Digest of the result. */
  result: bytes(32),
  /** `transcriptParts` of the run. */
  parts: list(bytes(32), 4, MOST_PARTS),
})
export type Prepared = Of<typeof preparedShape>
export const preparedCodec = codec(preparedShape, 4096)

/**
 * What a participant declares before anybody votes: its result, and what it saw that led there. Where results differ the
 * parts say in which round its author saw something else, or that it did not.
 */
import { bytes, codec, list, type Of, record } from '../../protocol/core/codec.js'
import { MOST_PARTS } from './transcript.js'

const preparedShape = record({
  /** Digest of the result. */
  result: bytes(32),
  /** `transcriptParts` of what led to it. */
  parts: list(bytes(32), 4, MOST_PARTS),
})
export type Prepared = Of<typeof preparedShape>
export const preparedCodec = codec(preparedShape, 4096)

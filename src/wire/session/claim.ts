/**
 * A claim that a letter sealed to its author is invalid, with the means to check it: the signed letter, and
 * the key whose hash is in its signed header. Either the letter is invalid and its sender is guilty, or it is
 * valid and the claim's author is.
 *
 * The key opens this letter and nothing else, so no secret of an honest member leaks: an honest member claims
 * only letters that a cheat sent, and a cheat that claims an honest letter reveals only what it could reveal
 * anyway. A claim ends its author's part, so no share of this run is ever used.
 */
import { bytes, bytesUpTo, codec, nullable, type Of, record, uint } from '../../protocol/core/codec.js'
import { MOST_ENTRIES } from '../../protocol/core/entries.js'
import { ENVELOPE_LIMIT, LARGEST_SHOWN } from './envelope.js'

const claimShape = record({
  letter: bytesUpTo(LARGEST_SHOWN),
  key: bytes(32),
  /** The number of the invalid entry in the letter, from 1; null for the whole letter. */
  entry: nullable(uint(MOST_ENTRIES, 1)),
})
export type Claim = Of<typeof claimShape>
export const claimCodec = codec(claimShape, ENVELOPE_LIMIT)

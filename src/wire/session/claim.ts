/**
 * A claim: a member says that a letter sealed to it is invalid, and gives everybody the means to check: the
 * letter as its sender signed it, and the key whose hash stands in the signed header. Either the sender of an
 * invalid letter is guilty, or the member that claims this of a valid one.
 *
 * The key opens this letter and nothing else, so no secret of an honest member leaks: an honest member claims
 * only letters that a cheat sent, and a cheat that claims an honest letter reveals only what it could reveal
 * anyway. A claim ends its author's part, so no share dealt in this run is ever used; the next run draws
 * everything anew.
 */
import { bytes, bytesUpTo, codec, type Of, record } from '../../protocol/core/codec.js'
import { ENVELOPE_LIMIT, LARGEST_SHOWN } from './envelope.js'

const claimShape = record({ letter: bytesUpTo(LARGEST_SHOWN), key: bytes(32) })
export type Claim = Of<typeof claimShape>
export const claimCodec = codec(claimShape, ENVELOPE_LIMIT)

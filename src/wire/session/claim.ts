/**
 * A claim: a member's word that a letter to it alone does not hold, with what lets everybody see for themselves: the letter
 * as its sender signed it, and the key whose hash stands in the signed header. One of the two is guilty: the sender of a
 * letter that does not hold, or whoever claims it of one that does.
 *
 * The key opens this letter and nothing else. Nobody learns a secret that it was to keep: an honest member claims only what
 * a cheat sent it, and who claims of an honest one's letter tells what it could tell anyhow. Whoever claims has ended its
 * part, so no share that was dealt in this run is ever used; the next run draws everything anew.
 */
import { bytes, bytesUpTo, codec, type Of, record } from '../../protocol/core/codec.js'
import { ENVELOPE_LIMIT, LARGEST_SHOWN } from './envelope.js'

const claimShape = record({ letter: bytesUpTo(LARGEST_SHOWN), key: bytes(32) })
export type Claim = Of<typeof claimShape>
export const claimCodec = codec(claimShape, ENVELOPE_LIMIT)

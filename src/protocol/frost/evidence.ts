/**
 * The verdict on a failed FROST signature. All its letters are broadcasts, so each share of the signature can
 * be checked against the nonce commitments that all signers have echoed.
 */
import type { Accusation } from '../core/abort.js'
import { agreed, type Judging, lettersOf, verdictOf } from '../core/evidence.js'
import type { Rounds } from '../core/rounds.js'
import { type PublicShares, requireQuorum } from '../sharing/key-share.js'
import { demand } from '../core/round.js'
import type { Session } from '../core/session.js'
import { nonceChecks, noncesLetter, publicKeyFor, shareChecks, shareLetter } from './sign.js'

/** The signing key from the agreed record, and the shift of its path. */
export type FrostPublicKey = { readonly share: PublicShares; readonly shift: bigint }

/**
 * Names the signers that provably broke the signing of `message`.
 * @throws RangeError if the session's parties cannot have signed with this key
 */
export function judgeFrost(
  session: Session,
  key: FrostPublicKey,
  message: Uint8Array,
  rounds: Rounds,
): Judging<readonly Accusation[]> {
  requireQuorum(session.parties, key.share)
  return verdictOf(() => {
    const at = publicKeyFor(key.share, key.shift)
    const nonces = agreed(session, rounds, 'nonces', noncesLetter)
    if (nonces === null) return
    demand('nonces', nonces, nonceChecks(at.suite))
    demand('share', lettersOf(session, rounds, 'share', shareLetter), shareChecks(at, nonces, message))
  })
}

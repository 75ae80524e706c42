/** Presignatures made ahead, several in one run; only the engine of ECDSA has them. */
import { judgeFailure } from '../cggmp24/evidence.js'
import { presign } from '../cggmp24/presign/presign.js'
import type { Presignature } from '../cggmp24/presign/presignature.js'
import type { Accusation } from '../core/abort.js'
import { inStep } from '../core/entries.js'
import { judgeEntries } from '../core/entries-evidence.js'
import type { Dispute, Judging } from '../core/evidence.js'
import type { Protocol } from '../core/round.js'
import type { Rounds } from '../core/rounds.js'
import type { NonceRng, Session } from '../core/session.js'
import type { PublicSigningKey, SigningKey } from './engine.js'

/**
 * Makes `count` presignatures for no message yet, in one run of the session's parties; exactly as many as must sign.
 * @param count 1 to 64
 * @returns them in the order of their entries; the caller disposes of them
 * @throws RangeError for a key of another engine
 * @throws ProtocolAbort naming everybody who broke the protocol, each with the number of the entry
 */
export function* presignMany(
  session: Session,
  { share, auxiliary, epoch }: SigningKey,
  count: number,
  nonces: NonceRng,
): Protocol<readonly Presignature[]> {
  if (auxiliary === null) throw noPresignatures()
  const { level, parties: aux } = auxiliary.data
  const key = { share, level, aux, epoch, shift: 0n, auxSecret: auxiliary.secret }
  const begin = Array.from({ length: count }, () => (entry: Session) => presign(entry, key, null, nonces))
  return yield* inStep(session, begin)
}

/**
 * Names the signers that provably broke a run of `presignMany`.
 * @throws RangeError if the session's parties cannot have presigned with this key
 */
export function judgePresigning(
  session: Session,
  { share, auxiliary, epoch }: PublicSigningKey,
  count: number,
  rounds: Rounds,
  disputes: readonly Dispute[],
): Judging<readonly Accusation[]> {
  if (auxiliary === null) throw noPresignatures()
  const { level, parties: aux } = auxiliary
  const key = { share, level, aux, epoch, shift: 0n }
  return judgeEntries(session, count, rounds, disputes, (_, own, letters, about) =>
    judgeFailure(own, key, null, letters, about),
  )
}

const noPresignatures = (): RangeError => new RangeError('the keys of this engine have no presignatures')

/** A request as this identity makes it, now. */
import type { Asked } from '../../payload/registry/target.js'
import { equalBytes } from '../../protocol/core/codec.js'
import { makeRequest, type Request } from '../../wire/ceremony/request.js'
import type { Key } from '../keys/key.js'
import type { World } from '../world.js'
import type { InForce } from '../policy/policy-in-force.js'

export type Wish = Asked & {
  readonly reason: string
  /** Fingerprints; null: the first custodians that offer. */
  readonly signers: readonly Uint8Array[] | null
}

/** @param lives milliseconds @param policy in force here; null: the key has none */
export function requestNow(
  { clock, rng, card, identity }: Pick<World, 'clock' | 'rng' | 'card' | 'identity'>,
  key: Pick<Key, 'record' | 'seated' | 'digest'>,
  policy: InForce | null,
  { type, payload, path, reason, signers }: Wish,
  lives: number,
): Request {
  const now = clock.now()
  const isSeated = key.seated.members.some((member) => equalBytes(member.card.fingerprint, card.fingerprint))
  return makeRequest(
    {
      format: 'mpc/request/v1',
      key_id: key.record.key_id,
      record: key.digest,
      type,
      payload,
      path,
      policy: policy && policy.sha256,
      reason,
      signers: signers && [...signers],
      created: now,
      expires: now + lives,
      nonce: rng(32),
      asker: card.fingerprint,
    },
    identity.signing,
    isSeated ? null : card,
  )
}

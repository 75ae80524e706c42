/** The definition of a policy change, made from the key's active epoch and the policy in force in this home. */
import { isRehearsal } from '../../wire/base/realm.js'
import type { PolicyDefinition } from '../../wire/ceremony/policy-definition.js'
import type { Key } from '../keys/key.js'
import type { PolicyInForce } from '../policy/policy-in-force.js'
import { type At, timesOf, whole } from './build.js'

export type PolicyPlan = {
  /** The bytes of the new policy. */
  readonly policy: Uint8Array
  /** Definition IDs of the unresolved ceremonies that this one replaces, at least one; null for none. */
  readonly supersedes: readonly Uint8Array[] | null
  /** As in a key generation's plan. */
  readonly notBefore: string | null
  readonly expires: string | null
}

/** @param before in force; null: none. @throws Failure `E_PLAN` (usage) */
export const buildPolicy = (
  plan: PolicyPlan,
  { name, record, digest, rebinds }: Key,
  before: PolicyInForce | null,
  { now, rng }: At,
): PolicyDefinition =>
  whole({
    kind: 'policy',
    key: name,
    key_id: record.key_id,
    parent: digest,
    parent_record: record,
    rebinds: rebinds.map(({ rebind }) => rebind),
    number: (before?.number ?? 0) + 1,
    previous: before && before.sha256,
    policy: plan.policy,
    supersedes: plan.supersedes,
    ...timesOf(plan, now),
    nonce: rng(32),
    rehearsal: isRehearsal(),
  })

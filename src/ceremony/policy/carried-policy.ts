/** The policy in a reshare: it stays what it is, and says how many old custodians must sign. */
import type { Policy } from '../../policy/language.js'
import type { Home } from '../../storage/home/home.js'
import { Failure } from '../../wire/base/failure.js'
import { policyOf, type ReshareDefinition } from '../../wire/ceremony/key-definition.js'
import { agreedPolicy } from './agreed-policy.js'
import { type Guarded, isSame } from './policy-chain.js'
import { inWords } from './policy-differs.js'
import { policyInForce } from './policy-in-force.js'

/** How many of the old custodians a policy asks for, at most all of them; null if it does not say. */
export const approvalsFor = ({ reshareApprovals }: Policy, old: number): number | null =>
  reshareApprovals === null ? null : Math.min(reshareApprovals, old)

/**
 * Checks that a definition asks for as many old custodians as the policy that it carries.
 * @throws Failure `E_POLICY_RESHARE` (refused); as `agreedPolicy`
 */
export async function requireApprovals(definition: ReshareDefinition): Promise<void> {
  const policy = await agreedPolicy(definition)
  const needed = policy && approvalsFor(policy, definition.parent_record.members.length)
  const asked = definition.approvals ?? 0
  if (needed === null || asked >= needed) return
  throw new Failure(
    'refused',
    'E_POLICY_RESHARE',
    `by the policy of the key, reshare: { approvals: ${policy?.reshareApprovals} }, at least ${needed} old custodians sign a reshare, and this definition asks for ${asked}`,
    { hint: 'nothing was begun; a definition that `mpc ceremony new reshare` makes asks for as many' },
  )
}

/**
 * Checks that an old custodian's own policy is the one that the reshare carries on.
 * @throws Failure `E_POLICY_DIFFERS` (conflict); as `policyInForce`
 */
export async function requireCarried(home: Home, key: Guarded, definition: ReshareDefinition): Promise<void> {
  const own = await policyInForce(home, key)
  const carried = policyOf(definition)
  if (isSame(carried, own && { number: own.number, sha256: own.sha256 })) return
  const isBehind = (own?.number ?? 0) < (carried?.number ?? 0)
  throw new Failure(
    'conflict',
    'E_POLICY_DIFFERS',
    `this carries ${inWords(carried)} of ${key.name}, and this home applies ${inWords(own)}`,
    {
      hint: isBehind
        ? `its author writes the newer one, \`mpc policy show ${key.name} --chain -o FILE\`, and here: \`mpc policy import --key ${key.name} FILE\``
        : 'ask for a definition that was made since the policy changed: `mpc ceremony new`',
    },
  )
}

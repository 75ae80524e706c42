/**
 * The policy that this home applies to a key. The record of the epoch in use names the one that was in force when that
 * epoch was made; the state of the key counts those that came after. Their certificates count too where the state is
 * behind: it was put back from a copy, or a crash came before it was written. A policy that is missing or damaged is a
 * failure: it never means that there is none, nor that an earlier one is in force.
 */
import type { Policy } from '../../policy/language.js'
import { equalBytes } from '../../protocol/core/codec.js'
import { readStateAlone } from '../../storage/home/epochs.js'
import type { Home } from '../../storage/home/home.js'
import { lastCertified, policyPath } from '../../storage/home/policies.js'
import { Failure } from '../../wire/base/failure.js'
import type { NamedPolicy } from '../../wire/key/named-policy.js'
import { type ChainedPolicy, chainHere, type Guarded } from './policy-chain.js'
import { policyChanged } from './policy-differs.js'

export type PolicyInForce = NamedPolicy & {
  /** The file. */
  readonly bytes: Uint8Array
  readonly policy: Policy
}

/** What approvals and requests are held against. */
export type InForce = Pick<PolicyInForce, 'sha256' | 'policy'>

/**
 * @returns null only for a key without a policy
 * @throws Failure (conflict) `E_POLICY_MISSING` if a file of it is not here, `E_POLICY_CHAIN` if one is not what the
 *   record or its certificate says
 */
export async function policyInForce(home: Home, key: Guarded): Promise<PolicyInForce | null> {
  const number = await numberInForce(home, key)
  const last = (await chainHere(home, key, number)).at(-1)
  if (!last) return null
  const { sha256, bytes } = last
  return { number, sha256, bytes, policy: await understood(home, key.name, last) }
}

/** Its number, by the record, the state and the certificates here; 0 for a key without a policy. */
export async function numberInForce(home: Home, { name, record }: Guarded): Promise<number> {
  const state = await readStateAlone(home, name)
  return Math.max(state?.policy ?? 0, record.policy?.number ?? 0, await lastCertified(home, name))
}

/** The rules of a policy that was agreed on, which an older program may not know. A key without one needs no parser. */
async function understood(home: Home, name: string, { number, bytes }: ChainedPolicy): Promise<Policy> {
  const { parsePolicy } = await import('../../policy/parse.js')
  return parsePolicy(bytes, policyPath(home, name, number, 'yaml')).catch((cause: unknown) => {
    if (!(cause instanceof Failure)) throw cause
    throw new Failure(
      'conflict',
      'E_POLICY_CHAIN',
      `this program does not understand policy ${number} of ${name}: ${cause.message}`,
      {
        hint: 'nothing is signed; use the version of mpc that the other custodians use',
        cause,
      },
    )
  })
}

/**
 * Checks, as late as possible, that the policy under which something was agreed is still in force.
 * @throws Failure as `policyInForce`; `E_POLICY_DIFFERS` (conflict)
 */
export async function requireInForce(home: Home, key: Guarded, sha256: Uint8Array | null): Promise<void> {
  const own = await policyInForce(home, key)
  if (!equalBytes(own?.sha256 ?? NONE, sha256 ?? NONE)) throw policyChanged(key.name)
}

const NONE = new Uint8Array()

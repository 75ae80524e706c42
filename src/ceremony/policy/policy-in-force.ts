/**
 * The policy that this home applies to a key. The record of the epoch in use names the one that was in force when that
 * epoch was made; the state of the key counts those that came after. A policy that is missing or damaged is a failure:
 * it never means that there is none.
 */
import type { Policy } from '../../policy/language.js'
import { parsePolicy } from '../../policy/parse.js'
import { equalBytes } from '../../protocol/core/codec.js'
import { readStateAlone } from '../../storage/home/epochs.js'
import type { Home } from '../../storage/home/home.js'
import { policyPath, readPolicyFile } from '../../storage/home/policies.js'
import { Failure } from '../../wire/base/failure.js'
import { sha256 } from '../../wire/base/hash.js'
import type { NamedPolicy } from '../../wire/key/named-policy.js'
import type { KeyRecord } from '../../wire/key/record.js'
import { policyChanged } from './policy-differs.js'

export type PolicyInForce = NamedPolicy & {
  /** The file. */
  readonly bytes: Uint8Array
  readonly policy: Policy
}

/** An epoch of a key of this home. */
type Of = { readonly name: string; readonly record: KeyRecord }

/**
 * @returns null only for a key without a policy
 * @throws Failure (conflict) `E_POLICY_MISSING` if a file of it is not here, `E_POLICY_CHAIN` if one is not what the
 *   record or its certificate says
 */
export async function policyInForce(home: Home, { name, record }: Of): Promise<PolicyInForce | null> {
  const state = await readStateAlone(home, name)
  const first = record.policy
  const number = Math.max(state?.policy ?? 0, first?.number ?? 0)
  if (number === 0) return null
  if (first === null || number !== first.number) {
    throw chain(name, `policy ${number} is not one that the record names`)
  }
  const bytes = await readPolicyFile(home, name, number, 'yaml')
  if (bytes === null) throw missing(name, number)
  if (!equalBytes(sha256(bytes), first.sha256)) {
    throw chain(name, `${policyPath(home, name, number, 'yaml')} is not the policy that the record names`)
  }
  return { ...first, bytes, policy: await understood(home, name, number, bytes) }
}

/** The rules of a policy that was agreed on, which an older program may not know. */
function understood(home: Home, name: string, number: number, bytes: Uint8Array): Promise<Policy> {
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
export async function requireInForce(home: Home, key: Of, sha256: Uint8Array | null): Promise<void> {
  const own = await policyInForce(home, key)
  if (!equalBytes(own?.sha256 ?? NONE, sha256 ?? NONE)) throw policyChanged(key.name)
}

const NONE = new Uint8Array()

const missing = (name: string, number: number): Failure =>
  new Failure('conflict', 'E_POLICY_MISSING', `${name} has a policy, and number ${number} is not here`, {
    hint: 'nothing is signed without it; put back the policies folder of the key from a copy of this home',
  })

const chain = (name: string, what: string): Failure =>
  new Failure('conflict', 'E_POLICY_CHAIN', `the policies of ${name} here do not hold together: ${what}`, {
    hint: 'nothing is signed; put back the policies folder of the key from a copy of this home',
  })

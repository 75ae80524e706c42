/**
 * The policies of the epoch in use, from the one that its record names to the last that a ceremony brought. Each is
 * proved: the first by the record, each later one by a certificate of all custodians of the epoch over the digest of the
 * one before.
 */
import { equalBytes } from '../../protocol/core/codec.js'
import type { Home } from '../../storage/home/home.js'
import { policyPath, readPolicyFile } from '../../storage/home/policies.js'
import { Failure } from '../../wire/base/failure.js'
import { sha256 } from '../../wire/base/hash.js'
import { policyBefore, policyIn } from '../../wire/ceremony/policy-definition.js'
import { parseLink, type PolicyLink } from '../../wire/ceremony/policy-link.js'
import type { NamedPolicy } from '../../wire/key/named-policy.js'
import { rebindDigest } from '../../wire/key/rebind.js'
import type { Key } from '../keys/key.js'
import { noSeat } from '../keys/rebinds.js'

/** What the policies of a key need of it. */
export type Guarded = Pick<Key, 'name' | 'record' | 'digest' | 'everyRebind'>

/** One policy of a chain. */
export type ChainedPolicy = NamedPolicy & {
  readonly bytes: Uint8Array
  /** Null for the one that the record names. */
  readonly link: PolicyLink | null
}

/**
 * The policies in this home up to this number, the first of which the record names.
 * @throws Failure (conflict) `E_POLICY_MISSING`, `E_POLICY_CHAIN`
 */
export async function chainHere(home: Home, key: Guarded, number: number): Promise<readonly ChainedPolicy[]> {
  const { name, record } = key
  const chain: ChainedPolicy[] = []
  for (let at = record.policy?.number ?? 1; at <= number; at++) {
    const bytes = await readPolicyFile(home, name, at, 'yaml')
    if (bytes === null) throw missing(name, at)
    const isFirst = record.policy?.number === at
    const held = isFirst ? null : await readPolicyFile(home, name, at, 'cbor')
    if (!isFirst && held === null) throw missing(name, at)
    try {
      chain.push(follows(key, chain.at(-1) ?? null, { number: at, bytes, link: held && parseLink(held) }))
    } catch (cause) {
      if (!(cause instanceof Failure)) throw cause
      throw damaged(name, `${policyPath(home, name, at, isFirst ? 'yaml' : 'cbor')}: ${cause.message}`, cause)
    }
  }
  return chain
}

/**
 * Checks that a policy is the next one of a chain.
 * @param before the one before in this chain; null for the first
 * @throws Failure `E_POLICY_FILE` (verification), `E_NO_SEAT` (authentication)
 */
export function follows(
  key: Guarded,
  before: NamedPolicy | null,
  { number, bytes, link }: Omit<ChainedPolicy, 'sha256'>,
): ChainedPolicy {
  const named = { number, sha256: sha256(bytes) }
  if (link === null) {
    const { policy } = key.record
    if (before !== null || !isSame(named, policy)) throw refuse('it is not the policy that the record names')
    return { ...named, bytes, link }
  }
  const { definition } = link
  if (!equalBytes(definition.parent, key.digest)) throw refuse('it is of another epoch or key')
  if (!isSame(named, policyIn(definition))) throw refuse('the certificate is over another policy')
  if (!isSame(policyBefore(definition), before)) throw refuse('it does not follow on the one before')
  requireAcceptedSeats(key, definition)
  return { ...named, bytes, link }
}

/** Requires that each identity that agreed in another's seat was accepted here at some time. */
function requireAcceptedSeats({ everyRebind }: Guarded, { rebinds }: PolicyLink['definition']): void {
  const isAccepted = (digest: Uint8Array) => everyRebind.some((each) => equalBytes(each.digest, digest))
  const strange = rebinds.find((rebind) => !isAccepted(rebindDigest(rebind)))
  if (!strange) return
  throw noSeat(
    `${strange.card.name} agreed to this policy in a seat that it has by a rebind that was not accepted here`,
  )
}

export const isSame = (a: NamedPolicy | null, b: NamedPolicy | null): boolean =>
  a === null || b === null ? a === b : a.number === b.number && equalBytes(a.sha256, b.sha256)

const refuse = (problem: string): Failure =>
  new Failure('verification', 'E_POLICY_FILE', problem, {
    hint: 'ask another custodian for the file again: `mpc policy show KEY --chain -o FILE`',
  })

const bring = (name: string): string =>
  `nothing is signed without it; another custodian writes it: \`mpc policy show ${name} --chain -o FILE\`, and here: \`mpc policy import --key ${name} FILE\``

const missing = (name: string, number: number): Failure =>
  new Failure('conflict', 'E_POLICY_MISSING', `${name} has a policy, and number ${number} is not here`, {
    hint: bring(name),
  })

const damaged = (name: string, what: string, cause: unknown): Failure =>
  new Failure('conflict', 'E_POLICY_CHAIN', `the policies of ${name} here do not hold together: ${what}`, {
    hint: bring(name),
    cause,
  })

/**
 * The definition of a policy change: all custodians of an epoch agree on the policy that replaces the one in
 * force. It changes neither epoch nor shares.
 */
import {
  bytes,
  bytesUpTo,
  CodecError,
  encode,
  equalBytes,
  mapped,
  nullable,
  type Of,
  oneOf,
  record,
  time,
  uint,
} from '../../protocol/core/codec.js'
import { sha256 } from '../base/hash.js'
import { rehearsalFlag } from '../base/realm.js'
import { nameShape } from '../base/text.js'
import { MOST_POLICIES, type NamedPolicy } from '../key/named-policy.js'
import type { Holder } from './certificate.js'
import { checkParent, parentFields, seatedBefore, supersedes, voteBase } from './parent-epoch.js'

/** The most bytes of a policy. */
export const POLICY_LIMIT = 65_536

const fields = record({
  kind: oneOf(['policy']),
  /** The key's name at the author. */
  key: nameShape,
  key_id: bytes(32),
  ...parentFields,
  number: uint(MOST_POLICIES, 1),
  /** Digest of the policy that it replaces; null: there was none. */
  previous: nullable(bytes(32)),
  /** The policy file's bytes. */
  policy: bytesUpTo(POLICY_LIMIT, 1),
  supersedes,
  /** Milliseconds since 1970. */
  not_before: time(),
  expires: time(),
  nonce: bytes(32),
  rehearsal: rehearsalFlag,
})
export const policyShape = mapped(fields, check, (d) => d)
export type PolicyDefinition = Of<typeof policyShape>

/** The policy that it brings. */
export const policyIn = ({ number, policy }: Pick<PolicyDefinition, 'number' | 'policy'>): NamedPolicy => ({
  number,
  sha256: sha256(policy),
})

/** The policy that it replaces; null: none. */
export const policyBefore = ({
  number,
  previous,
}: Pick<PolicyDefinition, 'number' | 'previous'>): NamedPolicy | null =>
  previous && { number: number - 1, sha256: previous }

/** What its voters vote from. */
export const policyBase = (definition: PolicyDefinition): Uint8Array =>
  voteBase(definition.parent, policyBefore(definition))

/** The outcome that the receipts cover. */
export function policyOutcome(definition: PolicyDefinition): Uint8Array {
  const { key_id, parent, number, previous, policy } = definition
  return encode(['mpc/policy-outcome/v1', key_id, parent, number, previous, sha256(policy)])
}

/** The custodians who must all sign receipts, each with its share. */
export function policyVoters(definition: PolicyDefinition): Holder[] {
  const { scheme, members } = seatedBefore(definition)
  return members.map(({ card: { fingerprint, signing }, index, public_share: publicShare }) => ({
    fingerprint,
    signing,
    share: { scheme, index, publicShare },
  }))
}

function check(definition: Of<typeof fields>): Of<typeof fields> {
  const { key_id, parent_record: old, number, previous, policy, not_before, expires } = definition
  checkParent(definition)
  if (!equalBytes(key_id, old.key_id)) throw new CodecError('key_id', "not the record's")
  if ((previous === null) !== (number === 1)) throw new CodecError('previous', 'not as the number has it')
  const first = old.policy?.number ?? 0
  if (number <= first) throw new CodecError('number', `the epoch began with number ${first}`)
  const isSecond = number === first + 1
  if (isSecond && old.policy && previous && !equalBytes(previous, old.policy.sha256)) {
    throw new CodecError('previous', 'not the policy that the record names')
  }
  if (previous && equalBytes(previous, sha256(policy))) throw new CodecError('policy', 'the same as before')
  if (expires <= not_before) throw new CodecError('expires', 'not after not_before')
  return definition
}

/**
 * The decision of this custodian about one request, by the policy in force. Asking, picking, signing, explaining and
 * the screens all come here, so that none of them can differ from another.
 */
import type { Target } from '../../payload/registry/target.js'
import { type Decision, evaluate } from '../../policy/evaluate.js'
import type { Approval, Asked, Spent } from '../../policy/inputs.js'
import type { Request } from '../../wire/ceremony/request.js'
import { hex } from '../../wire/base/text.js'
import type { Key, Seats } from '../keys/key.js'
import { formerIn } from '../keys/former.js'
import type { PolicyInForce } from './policy-in-force.js'

/** A payload that somebody asks this key to sign, decoded. */
export type Proposal = Pick<Request, 'type' | 'payload' | 'asker'> & {
  readonly key: Seats
  readonly policy: Pick<PolicyInForce, 'policy'>
  readonly target: Target
  /** Fingerprints of the custodians who sign it. */
  readonly signers: readonly Uint8Array[]
}

/** What this home knows beside the proposal. Times are milliseconds since 1970. */
export type Known = {
  readonly approvals: readonly Approval[]
  /** By the ledger, for every window that the policy names. */
  readonly spent: readonly Spent[]
  readonly firstSeen: number
  readonly now: number
}

/** The request as the policy sees it. @param firstSeen milliseconds since 1970 */
export const askedIn = (
  { key, target, type, payload, asker, signers }: Proposal,
  firstSeen: number,
): Asked => ({
  type,
  size: payload.length,
  paths: target.entries.map(({ path }) => path),
  foreignInputs: target.foreignInputs !== null,
  asker: hex(asker),
  signers: signers.map(hex),
  custodians: key.seated.members.map(({ card }) => hex(card.fingerprint)),
  former: formerIn(key).map(hex),
  firstSeen,
})

export const judge = (proposal: Proposal, { approvals, spent, firstSeen, now }: Known): Decision =>
  evaluate({
    request: askedIn(proposal, firstSeen),
    view: proposal.target.decoded.view,
    policy: proposal.policy.policy,
    spent,
    approvals,
    now,
  })

/**
 * The signers of a request as far as they are known: those that it names; else its asker and this member, and to
 * make up the threshold others as they sit in the record. The decision before the first round has the real ones.
 */
export function likelySigners(
  { record, seated }: Pick<Key, 'record' | 'seated'>,
  { asker, signers }: Pick<Request, 'asker' | 'signers'>,
  self: Uint8Array,
): readonly Uint8Array[] {
  if (signers) return signers
  const custodians = seated.members.map(({ card }) => card.fingerprint)
  const first = [asker, self].map(hex)
  const isFirst = (fingerprint: Uint8Array): boolean => first.includes(hex(fingerprint))
  const sorted = [...custodians.filter(isFirst), ...custodians.filter((each) => !isFirst(each))]
  return sorted.slice(0, record.threshold)
}

/** Refusals that end a request: without those who refuse, a demand of the policy cannot be met any more. */
import { custodiansAmong, filled } from '../../policy/approvals.js'
import type { Asked } from '../../policy/inputs.js'
import type { Demands, Policy } from '../../policy/language.js'
import { Failure } from '../../wire/base/failure.js'
import { hex, visible } from '../../wire/base/text.js'
import type { ApprovalStatement } from '../../wire/ceremony/approval.js'

export type Judged = {
  readonly policy: Policy
  readonly request: Asked
  /** Of the rules that fit, added up. */
  readonly demands: Pick<Demands, 'approvals' | 'custodians'>
  /** The last word of each speaker about the request under this policy. */
  readonly statements: readonly ApprovalStatement[]
}

/**
 * The failure that names who has refused and why, if an approval of theirs is needed; null if the others are enough, or
 * nobody has refused.
 */
export function endedByRefusal(judged: Judged): Failure | null {
  const refusals = judged.statements.filter(({ verdict }) => verdict === 'refuse')
  const refused = new Set(refusals.map(({ by }) => hex(by)))
  const left = everybody(judged).filter((each) => !refused.has(each))
  const most = places(judged, left)
  if (most === demanded(judged)) return null
  const needed = refusals.filter(({ by }) => places(judged, [...left, hex(by)]) > most)
  const [first] = needed
  if (!first) return null
  const words = needed.map(
    ({ card, reason }) => `${card.name} refuses this request${reason === '' ? '' : `: ${visible(reason)}`}`,
  )
  return new Failure('refused', 'E_PEER_REFUSED', words.join('; '), {
    party: first.card.name,
    hint: 'the policy lets it be signed only with their approval: ask why, and ask anew',
  })
}

/** All who may approve: not the asker, nor former identities. */
const everybody = ({ policy, request: { asker, custodians, former } }: Judged): readonly string[] =>
  [...new Set([...custodians, ...[...policy.titles.values()].flat()])].filter(
    (each) => each !== asker && !former.includes(each),
  )

/** How many approvals and custodians the policy demands, in all. */
const demanded = ({ demands }: Judged): number =>
  demands.approvals.reduce((sum, { of }) => sum + of, demands.custodians)

/** How much of that there is if all of these approve. */
function places({ policy, request, demands }: Judged, approvers: readonly string[]): number {
  const { custodians } = request
  const approvals = filled(demands.approvals, approvers, { policy, custodians })
  const here = Math.min(custodiansAmong(approvers, request), demands.custodians)
  return approvals.reduce((sum, each) => sum + each, here)
}

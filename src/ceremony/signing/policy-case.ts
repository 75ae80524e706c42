/** One request before this custodian's policy: what is known of it here, and the decision about it at any moment. */
import type { Decision } from '../../policy/evaluate.js'
import type { Spent } from '../../policy/inputs.js'
import { spendingOf, windowsOf } from '../../policy/limits.js'
import { Ledger, type Wanted } from '../../storage/ledger/ledger.js'
import { firstSeen, recordSeen } from '../../storage/home/first-seen.js'
import { RequestClaims } from '../../storage/home/request-claims.js'
import type { Failure } from '../../wire/base/failure.js'
import { endedByRefusal } from '../requests/needed-refusals.js'
import type { TakenUp } from '../requests/signing-run.js'
import { askedIn, judge } from '../policy/judge.js'
import type { PolicyInForce } from '../policy/policy-in-force.js'
import type { Verdict } from '../policy/refusals.js'

export type Case = {
  readonly ledger: Ledger
  /** What the ledger is asked to record. */
  readonly wanted: Wanted
  /** The decision now, with these sums of the ledger. */
  readonly decide: (spent: readonly Spent[]) => Decision
  readonly verdict: (decision: Decision) => Verdict
  /** Why what the decision needs cannot come any more: somebody whose approval is needed has refused; null: it can. */
  readonly refusal: (decision: Decision) => Failure | null
  /** Records the request here once, if this decision delays it; the delay runs from when it was first recorded. */
  readonly record: (decision: Decision) => Promise<void>
}

/** @param signers fingerprints of the custodians who sign it */
export async function caseOf(
  {
    world,
    key,
    board,
    request,
    target,
    policy,
  }: Omit<TakenUp, 'isUnattended'> & { readonly policy: PolicyInForce },
  signers: readonly Uint8Array[],
): Promise<Case> {
  const { home, clock } = world
  const { view } = target.decoded
  let seen = (await firstSeen(home, request.id)) ?? clock.now()
  const proposal = { ...request, key, policy, target, signers }
  const decide = (spent: readonly Spent[]): Decision =>
    judge(proposal, { spent, approvals: board.approvals(request), firstSeen: seen, now: clock.now() })
  const ledger = new Ledger(home, request.key_id, clock)
  const windows = windowsOf(policy.policy)
  let isRecorded = false
  const record = async ({ outcome, demands }: Decision): Promise<void> => {
    if (isRecorded || outcome === 'deny' || demands.delay === 0) return
    await new RequestClaims(home, request.id).keepRequest(request.encoded)
    seen = await recordSeen(home, request.id, seen)
    isRecorded = true
  }
  const wanted = {
    request: request.id,
    payload: request.payloadSha256,
    policy: policy.sha256,
    spending: spendingOf(view),
    windows,
  }
  const refusal = ({ demands }: Decision): Failure | null =>
    endedByRefusal({
      policy: policy.policy,
      request: askedIn(proposal, seen),
      demands,
      statements: board.statements(request),
    })
  return { ledger, wanted, decide, verdict: (decision) => ({ policy, view, decision }), refusal, record }
}

/** The decision about a payload that nobody has asked for yet: for its asker, and for `mpc policy explain`. */
import type { Clock } from '../../messaging/channel/clock.js'
import type { Target } from '../../payload/registry/target.js'
import { windowsOf } from '../../policy/limits.js'
import type { Home } from '../../storage/home/home.js'
import { Ledger } from '../../storage/ledger/ledger.js'
import type { Card } from '../../wire/identity/card.js'
import type { Key } from '../keys/key.js'
import { judge, likelySigners } from './judge.js'
import type { PolicyInForce } from './policy-in-force.js'
import { denied, type Verdict, wantsPerson } from './refusals.js'

/** A payload as somebody might ask for it. Fingerprints; signers null: whoever comes. */
export type Outlook = {
  readonly type: string
  readonly payload: Uint8Array
  readonly target: Target
  readonly asker: Uint8Array
  readonly signers: readonly Uint8Array[] | null
}

/**
 * @throws Failure (refused) `E_POLICY_DENIES`; `E_ATTENDED` if a script asks by the policy alone. Needs that are not met
 *   yet refuse nothing: the asker waits for them
 */
export function requireAskable(key: string, verdict: Verdict, isUnattended: boolean): void {
  const { outcome, demands } = verdict.decision
  if (outcome === 'deny') throw denied(key, verdict)
  if (isUnattended && !demands.unattended) throw wantsPerson(key, verdict)
}

export async function outlook(
  { home, clock, card }: { readonly home: Home; readonly clock: Clock; readonly card: Card },
  key: Key,
  policy: PolicyInForce,
  asked: Outlook,
): Promise<Verdict> {
  const now = clock.now()
  const spent = await new Ledger(home, key.record.key_id, clock).spent(windowsOf(policy.policy))
  const signers = likelySigners(key, asked, card.fingerprint)
  const decision = judge({ ...asked, key, policy, signers }, { spent, approvals: [], firstSeen: now, now })
  return { policy, decision, view: asked.target.decoded.view }
}

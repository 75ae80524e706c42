/** The decision about a payload that nobody has asked for yet: for its asker, and for `mpc policy explain`. */
import type { Clock } from '../../messaging/channel/clock.js'
import type { Target } from '../../payload/registry/target.js'
import type { Decision } from '../../policy/evaluate.js'
import { windowsOf } from '../../policy/limits.js'
import type { Home } from '../../storage/home/home.js'
import { Ledger } from '../../storage/ledger/ledger.js'
import type { Card } from '../../wire/identity/card.js'
import type { Key, Seats } from '../keys/key.js'
import { judge, type Known, likelySigners } from './judge.js'
import type { InForce, PolicyInForce } from './policy-in-force.js'
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
  const spent = await new Ledger(home, key.record.key_id, clock).spent(windowsOf(policy.policy))
  const decision = foresee({ key, policy, asked, self: card, spent, now: clock.now() })
  return { policy, decision, view: asked.target.decoded.view }
}

/**
 * For an asker without a share, which has no ledger of the key: whether the policy lets it ask for this at all.
 * @param now milliseconds since 1970
 * @throws Failure `E_POLICY_DENIES` (refused)
 */
export function requireAskableAway(
  { key, policy }: { readonly key: KnownName; readonly policy: InForce },
  asked: Outlook,
  self: Card,
  now: number,
): void {
  const spent = windowsOf(policy.policy).map((window) => ({ ...window, amount: 0n }))
  const decision = foresee({ key, policy, asked, self, spent, now })
  const { view } = asked.target.decoded
  if (decision.outcome === 'deny') throw denied(key.name, { policy, decision, view })
}

type KnownName = Seats & Pick<Key, 'name'>

type Foreseen = {
  readonly key: Seats
  readonly policy: InForce
  readonly asked: Outlook
  readonly self: Card
  readonly spent: Known['spent']
  readonly now: number
}

const foresee = ({ key, policy, asked, self, spent, now }: Foreseen): Decision => {
  const signers = likelySigners(key, asked, self.fingerprint)
  return judge({ ...asked, key, policy, signers }, { spent, approvals: [], firstSeen: now, now })
}

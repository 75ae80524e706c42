/** What a policy answers where it does not allow a signature, as failures. */
import type { View } from '../../payload/decoder.js'
import type { Decision } from '../../policy/evaluate.js'
import { denialsInWords, needsInWords } from '../../policy/explain.js'
import { Failure } from '../../wire/base/failure.js'
import type { PolicyInForce } from './policy-in-force.js'

/** A decision about a payload under a policy. */
export type Verdict = {
  readonly policy: PolicyInForce
  readonly decision: Decision
  readonly view: View
}

/**
 * @throws Failure `E_POLICY_DENIES` (refused) with the rule; `E_POLICY_NEEDS` (absent) with what is missing
 */
export function requireAllowed(key: string, verdict: Verdict): void {
  if (verdict.decision.outcome === 'deny') throw denied(key, verdict)
  if (verdict.decision.outcome === 'needs') throw stillNeeds(key, verdict)
}

/** `E_POLICY_DENIES` (refused): it names the rule. */
export const denied = (
  key: string,
  {
    policy,
    decision,
    view,
  }: Omit<Verdict, 'policy'> & {
    readonly policy: Pick<PolicyInForce, 'policy'> & { readonly number?: number }
  },
): Failure =>
  new Failure(
    'refused',
    'E_POLICY_DENIES',
    `${policy.number === undefined ? 'the policy' : `policy ${policy.number}`} of ${key} does not allow it: ${denialsInWords(decision, view, policy.policy).join(' ')}`,
    {
      hint: `\`mpc policy show ${key}\` shows its rules, and \`mpc policy explain\` what they say of a payload`,
    },
  )

/** `E_POLICY_NEEDS` (absent): what is still missing, and from whom. */
export const stillNeeds = (key: string, { policy, decision }: Verdict): Failure =>
  new Failure(
    'absent',
    'E_POLICY_NEEDS',
    `policy ${policy.number} of ${key} still wants ${needsInWords(decision).join('; ')}`,
    {
      hint: 'those who are named approve it with `mpc approve`; --timeout says how long this command waits for them',
    },
  )

/** `E_ATTENDED` (refused): a script asked for what the policy wants a person for. */
export const wantsPerson = (key: string, { policy, decision }: Verdict): Failure =>
  new Failure(
    'refused',
    'E_ATTENDED',
    `policy ${policy.number} of ${key} lets nothing be signed unattended by ${rulesOf(decision)}`,
    { hint: 'a person approves it at a terminal, or the script names the payload: --approve sha256:HEX' },
  )

/** `E_ATTENDED` (refused): a script leaves to a policy what has none. */
export const noPolicy = (key: string): Failure =>
  new Failure(
    'refused',
    'E_ATTENDED',
    `${key} has no policy, so nothing of it is signed by --approve policy`,
    {
      hint: `name the payload: --approve sha256:HEX; or give ${key} a policy: \`mpc ceremony new policy\``,
    },
  )

/** The rules that allow a payload. */
export const rulesOf = ({ rules }: Decision): string => {
  const names = rules.map((name) => `"${name}"`)
  return `${names.length === 1 ? 'the rule' : 'the rules'} ${names.join(' and ')}`
}

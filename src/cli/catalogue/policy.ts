/** Errors of the rules of a policy. */
import { entry, type Entry } from './entry.js'

export const ruleCodes: Readonly<Record<string, Entry>> = {
  E_POLICY_DENIES: entry(
    'The policy of the key does not let this be signed. The error names the rule, or says that none allows it.',
    'Read the rules with `mpc policy show KEY`; `mpc policy explain` says what they make of a payload.',
  ),
  E_POLICY_NEEDS: entry(
    'The policy wants something first that did not come in time: approvals, more custodians, or a delay.',
    'The people whom the error names run `mpc approve`. --timeout says how long a command waits for them.',
  ),
  E_ATTENDED: entry(
    'A script left the approval to the policy, and the rules that allow this want a person.',
    'Approve it at a terminal, or name the payload: --approve sha256:HEX.',
  ),
}

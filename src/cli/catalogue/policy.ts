/** Errors of policies: their files, and what they say of a payload. */
import { entry, type Entry } from './entry.js'

export const policyCodes: Readonly<Record<string, Entry>> = {
  E_POLICY: entry(
    'The policy has mistakes.',
    'Correct them at the lines and columns in the error. `mpc policy check FILE` names them all.',
  ),
  E_POLICY_MISSING: entry(
    'The key has a policy, and its file is not in this home. Nothing is signed without it.',
    'Another custodian writes it: `mpc policy show KEY --chain -o FILE`. Here: `mpc policy import --key KEY FILE`.',
  ),
  E_POLICY_CHAIN: entry(
    'A policy in this home is damaged, is not the one that the custodians agreed on, or is not understood.',
    'Take it from another custodian: `mpc policy import --key KEY FILE`; or use the version of mpc that the others use.',
  ),
  E_POLICY_DIFFERS: entry(
    'Two custodians do not apply the same policy to the key, or it has changed meanwhile.',
    'The newer one counts. `mpc policy show KEY --chain -o FILE` writes it; `mpc policy import --key KEY FILE` takes it in.',
  ),
  E_POLICY_FILE: entry(
    'The file does not prove the policies of this key.',
    'Ask a custodian for it again: `mpc policy show KEY --chain -o FILE`.',
  ),
  E_POLICY_OLDER: entry(
    'The file has older policies than the one in force here.',
    'Use the file of a custodian who is up to date.',
  ),
  E_POLICY_RESHARE: entry(
    'The policy of the key asks for more old custodians to sign a reshare than this definition does.',
    'Make the definition again with `mpc ceremony new reshare`, which asks for as many.',
  ),
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

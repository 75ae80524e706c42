/** Two custodians of a key who do not apply the same policy to it. */
import { Failure } from '../../wire/base/failure.js'
import { hex } from '../../wire/base/text.js'
import type { NamedPolicy } from '../../wire/key/named-policy.js'

/**
 * @param own in force here; null: none
 * @param theirs digest of the other's; null: it has none
 */
export function policyDiffers(
  key: string,
  own: NamedPolicy | null,
  { party, sha256 }: { readonly party: string; readonly sha256: Uint8Array | null },
): Failure {
  const here = inWords(own)
  const there = sha256 ? `policy ${short(sha256)}` : 'no policy'
  return new Failure(
    'conflict',
    'E_POLICY_DIFFERS',
    `${party} applies ${there} to ${key}, and this home applies ${here}`,
    {
      party,
      hint: `nothing was signed; whoever has the newer one writes it, \`mpc policy show ${key} --chain -o FILE\`, and the other takes it in: \`mpc policy import --key ${key} FILE\``,
    },
  )
}

/** The policy of a key has been changed here since a command began. */
export const policyChanged = (key: string): Failure =>
  new Failure('conflict', 'E_POLICY_DIFFERS', `the policy of ${key} was changed here meanwhile`, {
    hint: 'nothing was signed; run the same command again',
  })

/** `policy 2, 3f2a90c4d1e85b67`, or that there is none. */
export const inWords = (policy: NamedPolicy | null): string =>
  policy ? `policy ${policy.number}, ${short(policy.sha256)}` : 'no policy'

/** Enough of a digest to tell two apart on a screen. */
export const short = (sha256: Uint8Array): string => hex(sha256).slice(0, 16)

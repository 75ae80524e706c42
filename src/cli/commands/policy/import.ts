import { findKey } from '../../../ceremony/epochs/find-key.js'
import { importPolicies } from '../../../ceremony/policy/policy-file.js'
import { policyInForce } from '../../../ceremony/policy/policy-in-force.js'
import { hex } from '../../../wire/base/text.js'
import { takeUpWaiting } from '../../args/take-up.js'
import type { Context } from '../../runtime/context.js'
import { readNamed } from '../../runtime/read-input.js'
import type { Result } from '../../runtime/result.js'

export type Options = { readonly key: string }

/** `mpc policy import --key KEY FILE`: takes in what `mpc policy show KEY --chain` wrote elsewhere. */
export async function run(
  context: Context,
  { key: name }: Options,
  [path]: readonly string[],
): Promise<Result> {
  const home = await context.home()
  await takeUpWaiting(context)
  const key = await findKey(home, name)
  const added = await importPolicies(home, key, await readNamed(path as string, 'FILE'))
  const own = await policyInForce(home, key)
  return {
    data: {
      key: key.name,
      policy: own && { number: own.number, sha256: hex(own.sha256) },
      added,
    },
    text: [
      own
        ? `Policy ${own.number} of ${key.name} is in force, sha256 ${hex(own.sha256)}.`
        : `${key.name} has no policy.`,
      added.length === 0 ? 'It was here before.' : `New here: ${added.join(', ')}.`,
    ],
    next: `mpc policy show ${key.name}`,
  }
}

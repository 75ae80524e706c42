import { findKey } from '../../../ceremony/epochs/find-key.js'
import { type FormerTitle, formerTitles } from '../../../ceremony/policy/former-titles.js'
import { exportPolicies } from '../../../ceremony/policy/policy-file.js'
import { policyInForce } from '../../../ceremony/policy/policy-in-force.js'
import { Failure } from '../../../wire/base/failure.js'
import { hex, isPrintable, visible } from '../../../wire/base/text.js'
import type { Context } from '../../runtime/context.js'
import { writeNew } from '../../runtime/read-input.js'
import type { Result } from '../../runtime/result.js'
import { fields } from '../../terminal/style.js'
import { SEMANTICS } from '../../views/policy-rules.js'

export type Options = { readonly out?: string; readonly chain?: true }

/** `mpc policy show KEY`: the policy that this home applies to a key, and how it is read. */
export async function run(context: Context, options: Options, [name]: readonly string[]): Promise<Result> {
  const home = await context.home()
  const key = await findKey(home, name as string)
  const own = await policyInForce(home, key)
  if (options.chain && options.out === undefined) {
    throw new Failure('usage', 'E_USAGE', '--chain is for a file: give -o FILE', {
      hint: `mpc policy show ${key.name} --chain -o FILE`,
    })
  }
  if (own === null) {
    return {
      data: { key: key.name, policy: null, former: [], file: null },
      text: [`${key.name} has no policy: each custodian decides alone.`],
    }
  }
  const yaml = Buffer.from(own.bytes).toString('utf8')
  const former = formerTitles(key, own.policy)
  const about = { key: key.name, policy: { number: own.number, sha256: hex(own.sha256), yaml }, former }
  if (options.out !== undefined) {
    const file = await writeNew(options.out, options.chain ? await exportPolicies(home, key) : own.bytes)
    return { data: { ...about, file }, text: [file] }
  }
  return {
    data: { ...about, file: null },
    text: [
      ...fields([
        ['key', key.name],
        ['policy', String(own.number)],
        ['sha256', hex(own.sha256)],
      ]),
      '',
      ...yaml
        .trimEnd()
        .split(/\r?\n/)
        .map((line) => (isPrintable(line) ? line : visible(line))),
      '',
      ...former.map(formerLine),
      ...SEMANTICS,
    ],
  }
}

function formerLine({ title, fingerprint, now }: FormerTitle): string {
  const whose = now === null ? 'of somebody who has left the key' : `that ${now} had before`
  const counts = 'It counts for nobody. Name the new one in the next policy.'
  return `Warning: the title ${title} names the identity ${fingerprint} ${whose}. ${counts}`
}

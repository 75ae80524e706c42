import { resolve } from 'node:path'
import { contactsIn } from '../../../ceremony/contacts/contacts.js'
import { findKey } from '../../../ceremony/epochs/find-key.js'
import { Failure } from '../../../wire/base/failure.js'
import { sha256 } from '../../../wire/base/hash.js'
import { hex } from '../../../wire/base/text.js'
import type { Context } from '../../runtime/context.js'
import { readInput } from '../../runtime/read-input.js'
import type { Result } from '../../runtime/result.js'
import {
  checkedData,
  checkedLines,
  checkPolicy,
  mistakenData,
  PolicyMistakes,
  type Size,
} from '../../views/policy-check.js'

export type Options = {
  readonly names?: true
  readonly key?: string
  readonly threshold?: number
  readonly custodians?: number
}

/** `mpc policy check FILE`: every mistake of a policy, or what it means; exit 2 for mistakes. */
export async function run(context: Context, options: Options, [path]: readonly string[]): Promise<Result> {
  const size = await sizeOf(context, options)
  const known = options.names ? (await contactsIn(await context.home())).known : null
  const file = await readInput(path as string, 'the policy')
  const about = {
    file: path === '-' ? null : resolve(path as string),
    policy_sha256: hex(sha256(file)),
    ...(size ?? { threshold: null, custodians: null }),
  }
  try {
    const checked = await checkPolicy(file, path as string, size, known)
    return { data: { ...about, ...checkedData(checked) }, text: checkedLines(checked) }
  } catch (error) {
    if (!(error instanceof PolicyMistakes)) throw error
    return { data: { ...about, ...mistakenData(error) }, text: [], failure: listed(path as string, error) }
  }
}

/** The same failure, with a line for each mistake. */
function listed(path: string, { mistakes, hint }: PolicyMistakes): Failure {
  const lines = mistakes.map(({ line, column, problem }) => `  ${path}:${line}:${column} ${problem}`)
  const count = `${mistakes.length} ${mistakes.length === 1 ? 'mistake' : 'mistakes'}`
  return new Failure('usage', 'E_POLICY', [`the policy has ${count}:`, ...lines].join('\n'), {
    ...(hint !== null && { hint }),
  })
}

/** How many custodians hold the key, and how many sign; null if nobody says so. */
async function sizeOf(context: Context, { key: name, threshold, custodians }: Options): Promise<Size | null> {
  if (name !== undefined) {
    if (threshold !== undefined || custodians !== undefined) {
      throw badSize(
        '--key says how many custodians there are',
        'leave out --threshold and --custodians, or --key',
      )
    }
    const { record } = await findKey(await context.home(), name)
    return { threshold: record.threshold, custodians: record.members.length }
  }
  if (threshold === undefined && custodians === undefined) return null
  if (threshold === undefined || custodians === undefined || threshold > custodians) {
    throw badSize(
      'how many custodians sign, and how many there are, go together',
      'give --threshold and --custodians, the first no more than the second',
    )
  }
  return { threshold, custodians }
}

const badSize = (problem: string, hint: string): Failure => new Failure('usage', 'E_USAGE', problem, { hint })

import { Failure } from '../../wire/failure.js'
import { visible } from '../../wire/text.js'
import { CATALOGUE } from '../catalogue/catalogue.js'
import type { Context } from '../context.js'
import { CONTRACT } from '../contract.js'
import { fields } from '../style.js'
import type { Result } from '../result.js'

export type Options = { readonly schema?: true }

/** `mpc explain [CODE] [--schema]`. */
export async function run(_context: Context, options: Options, [asked]: readonly string[]): Promise<Result> {
  if (options.schema) {
    return { data: { contract: CONTRACT }, text: JSON.stringify(CONTRACT, null, 2).split('\n') }
  }
  if (asked === undefined) {
    const codes = Object.entries(CATALOGUE).map(([code, { meaning, next }]) => ({ code, meaning, next }))
    return { data: { codes }, text: fields(codes.map(({ code, meaning }) => [code, meaning])) }
  }
  const code = asked.toUpperCase()
  const found = CATALOGUE[code]
  if (!found) {
    throw new Failure('usage', 'E_UNKNOWN_CODE', `there is no error code ${visible(asked)}`, {
      hint: '`mpc explain` lists them all',
    })
  }
  return { data: { code, ...found }, text: [code, `  ${found.meaning}`, `  ${found.next}`] }
}

import type { Context } from '../context.js'
import type { Result } from '../result.js'

export type Options = { readonly card?: readonly string[] }

/** `mpc transcript verify FILE`. */
export async function run(
  _context: Context,
  _options: Options,
  _operands: readonly string[],
): Promise<Result> {
  throw new Error('not built yet')
}

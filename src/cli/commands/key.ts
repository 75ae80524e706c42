import type { Context } from '../context.js'
import type { Result } from '../result.js'

export type Options = { readonly export?: true; readonly out?: string }

/** `mpc key list`. */
export async function runList(_context: Context): Promise<Result> {
  throw new Error('not built yet')
}

/** `mpc key show NAME`. */
export async function runShow(
  _context: Context,
  _options: Options,
  _operands: readonly string[],
): Promise<Result> {
  throw new Error('not built yet')
}

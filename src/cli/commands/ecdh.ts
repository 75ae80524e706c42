import type { Context } from '../context.js'
import type { Result } from '../result.js'

export type Options = { readonly definition?: string; readonly with?: readonly string[] }

/** `mpc ecdh handshake`. */
export async function run(_context: Context, _options: Options): Promise<Result> {
  throw new Error('not built yet')
}

import type { Context } from '../context.js'
import type { Result } from '../result.js'

export type Options = {
  readonly key?: string
  readonly publicKey?: string
  readonly scheme?: string
  readonly in: string
  readonly signature: string
}

/** `mpc verify`. */
export async function run(_context: Context, _options: Options): Promise<Result> {
  throw new Error('not built yet')
}

import type { PayloadType } from '../../wire/definition.js'
import type { Context } from '../context.js'
import type { Result } from '../result.js'

export type Options = {
  readonly key: string
  readonly in?: string
  readonly type?: PayloadType
  readonly signers?: readonly string[]
  readonly join?: string
  readonly next?: true
  readonly approve?: readonly string[]
  readonly approveFile?: string
  readonly reason?: string
  readonly linger?: number
}

/** `mpc sign`. */
export async function run(_context: Context, _options: Options): Promise<Result> {
  throw new Error('not built yet')
}

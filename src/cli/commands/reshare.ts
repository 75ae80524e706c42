import { planReshare, runReshare } from '../../ceremony/reshare.js'
import type { Context } from '../context.js'
import type { Result } from '../result.js'
import { type Options, takePart } from './keygen.js'

/** `mpc reshare` and `mpc refresh`: who deals, who gets a share and who only says yes run it. */
export const run = (context: Context, options: Options): Promise<Result> =>
  takePart(context, options, { planOf: planReshare, make: runReshare, doing: 'Dealing the key anew' })

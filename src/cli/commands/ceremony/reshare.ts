import { planReshare, runReshare } from '../../../ceremony/dkg/reshare.js'
import type { Context } from '../../runtime/context.js'
import type { Result } from '../../runtime/result.js'
import { type Options, takePart } from '../../args/take-part.js'
import { madeResult } from './keygen.js'

/** `mpc reshare` and `mpc refresh`: dealers, new custodians and watchers run it. */
export const run = async (context: Context, options: Options): Promise<Result> =>
  madeResult(
    context,
    await takePart(context, options, { planOf: planReshare, make: runReshare, doing: 'Dealing new shares' }),
  )

import { finishKeygen, planKeygen, runKeygen } from '../../ceremony/keygen.js'
import { Failure } from '../../wire/failure.js'
import { ceremonyNamed } from '../ceremony.js'
import type { Context } from '../context.js'
import { readNamed } from '../inputs.js'
import type { Result } from '../result.js'
import { inWorld } from '../seat.js'
import { madeResult } from './keygen.js'

export type Options = { readonly certificate?: string }

/** `mpc ceremony finish FILE`: ends a member's doubt, by a certificate that somebody brings or by asking the others. */
export async function run(context: Context, options: Options, operands: readonly string[]): Promise<Result> {
  const { file } = await ceremonyNamed(context, operands[0] as string)
  const home = await context.home()
  const card = await context.card()
  const plan = await planKeygen(home, card, file, context.now())
  if (!plan.begun) {
    throw new Failure('usage', 'E_NOTHING_TO_FINISH', 'this member has not voted in this ceremony', {
      hint: 'run `mpc keygen --definition FILE` to take part in it',
    })
  }
  if (options.certificate !== undefined) {
    const certificate = await readNamed(options.certificate, '--certificate', 1 << 20)
    return madeResult(context, await finishKeygen(home, plan, certificate))
  }
  const made = await inWorld(context, { card, waitingFor: 'Joining', ceremony: file.id }, (world) =>
    runKeygen(world, plan),
  )
  return madeResult(context, made)
}

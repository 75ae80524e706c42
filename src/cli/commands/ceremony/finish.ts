import { planKeygen, runKeygen } from '../../../ceremony/dkg/keygen.js'
import { finish } from '../../../ceremony/dkg/run.js'
import type { MadeKey, MakingPlan } from '../../../ceremony/dkg/plan.js'
import { planReshare, runReshare } from '../../../ceremony/dkg/reshare.js'
import type { World } from '../../../ceremony/world.js'
import { equalBytes } from '../../../protocol/core/codec.js'
import { isReshare } from '../../../wire/ceremony/key-definition.js'
import { Failure } from '../../../wire/base/failure.js'
import { ceremonyNamed } from '../../args/ceremony.js'
import type { Context } from '../../runtime/context.js'
import { readNamed } from '../../runtime/read-input.js'
import type { Result } from '../../runtime/result.js'
import { inWorld } from '../../runtime/world.js'
import { madeResult } from './keygen.js'
import { takeUpWaiting } from '../../args/take-up.js'

export type Options = { readonly certificate?: string; readonly linger?: number }

/** `mpc ceremony finish FILE`: ends a member's doubt, with a certificate or by asking the others. */
export async function run(context: Context, options: Options, operands: readonly string[]): Promise<Result> {
  const { file } = await ceremonyNamed(context, operands[0] as string)
  const taken = (await takeUpWaiting(context)).find(({ record }) => equalBytes(record.definition, file.id))
  const home = await context.home()
  const card = await context.card()
  const ended = isReshare(file.definition)
    ? end(context, options, await planReshare(home, card, file, context.now()), runReshare)
    : end(context, options, await planKeygen(home, card, file, context.now()), runKeygen)
  return ended.catch((error: unknown) => {
    // The result is active already; only the others are not told.
    if (taken && error instanceof Failure && error.kind === 'network') return madeResult(context, taken)
    throw error
  })
}

async function end<P extends MakingPlan>(
  context: Context,
  options: Options,
  plan: P,
  make: (world: World, plan: P) => Promise<MadeKey>,
): Promise<Result> {
  if (!plan.begun) {
    throw new Failure('usage', 'E_NOTHING_TO_FINISH', 'this member has not voted in this ceremony', {
      hint: `to take part, run \`mpc ${plan.definition.kind} --definition FILE\``,
    })
  }
  if (options.certificate !== undefined) {
    const certificate = await readNamed(options.certificate, '--certificate', 1 << 20)
    return madeResult(context, await finish(await context.home(), plan, certificate))
  }
  const made = await inWorld(
    context,
    {
      card: await context.card(),
      waitingFor: 'Joining',
      ceremony: plan.file.id,
      linger: options.linger,
    },
    (world) => make(world, plan),
  )
  return madeResult(context, made)
}

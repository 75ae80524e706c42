import { planKeygen, runKeygen } from '../../../ceremony/dkg/keygen.js'
import { finish } from '../../../ceremony/dkg/run.js'
import { planReshare, runReshare } from '../../../ceremony/dkg/reshare.js'
import { commandOf } from '../../../ceremony/definition/build.js'
import { planChange } from '../../../ceremony/policy-change/plan.js'
import { finishChange, runChange } from '../../../ceremony/policy-change/run.js'
import type { Home } from '../../../storage/home/home.js'
import type { DefinitionFile } from '../../../wire/ceremony/definition.js'
import type { Part } from '../../consent/agree.js'
import { changedResult } from '../policy/apply.js'
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
  if (file.definition.kind === 'policy') {
    const plan = await planChange(home, card, file, context.now())
    const making = { make: runChange, finish: finishChange }
    return changedResult(context, { ...(await end(context, options, plan, making)), id: file.id })
  }
  const ended = isReshare(file.definition)
    ? end(context, options, await planReshare(home, card, file, context.now()), {
        make: runReshare,
        finish,
      })
    : end(context, options, await planKeygen(home, card, file, context.now()), { make: runKeygen, finish })
  return ended
    .then((made) => madeResult(context, made))
    .catch((error: unknown) => {
      // The result is active already; only the others are not told.
      if (taken && error instanceof Failure && error.kind === 'network') return madeResult(context, taken)
      throw error
    })
}

/** The ending of one kind of ceremony: with the others, or with their certificate. */
type Ending<P, M> = {
  readonly make: (world: World, plan: P) => Promise<M>
  readonly finish: (home: Home, plan: P, certificate: Uint8Array) => Promise<M>
}

async function end<P extends Part & { readonly file: DefinitionFile }, M>(
  context: Context,
  options: Options,
  plan: P,
  ending: Ending<P, M>,
): Promise<M> {
  if (!plan.begun) {
    throw new Failure('usage', 'E_NOTHING_TO_FINISH', 'this member has not voted in this ceremony', {
      hint: `to take part, run \`mpc ${commandOf(plan.definition)} --definition FILE\``,
    })
  }
  if (options.certificate !== undefined) {
    const certificate = await readNamed(options.certificate, '--certificate', 1 << 20)
    return ending.finish(await context.home(), plan, certificate)
  }
  return inWorld(
    context,
    {
      card: await context.card(),
      waitingFor: 'Joining',
      ceremony: plan.file.id,
      linger: options.linger,
    },
    (world) => ending.make(world, plan),
  )
}

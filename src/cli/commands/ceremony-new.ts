import { buildKeygen, unsigned } from '../../ceremony/definitions.js'
import { checkKind, type KeygenPlan, parsePlan } from '../../ceremony/plan.js'
import { knownCards } from '../../ceremony/trust.js'
import { writeDefinition } from '../../wire/definition.js'
import { Failure } from '../../wire/failure.js'
import { hex } from '../../wire/text.js'
import type { Context } from '../context.js'
import { readNamed, refuseExisting, writeNew } from '../inputs.js'
import { definitionData, definitionLines } from '../render/definition.js'
import type { Result } from '../result.js'

export type Options = {
  readonly key?: string
  readonly scheme?: string
  readonly threshold?: number
  readonly members?: readonly string[]
  readonly operators?: readonly string[]
  readonly approvers?: readonly string[]
  readonly observers?: readonly string[]
  readonly notBefore?: string
  readonly expires?: string
  readonly from?: string
  readonly out: string
}

/** `mpc ceremony new`: writes a definition, signs nothing. */
export async function run(context: Context, options: Options, [kind]: readonly string[]): Promise<Result> {
  const plan = await planOf(options, kind)
  await refuseExisting(options.out)
  const known = await knownCards(await context.home())
  const file = unsigned(buildKeygen(plan, known, { now: context.now(), rng: context.rng }))
  const path = await writeNew(options.out, writeDefinition(file))
  return {
    data: definitionData(file, path),
    text: definitionLines(file, context.now()),
    next: `mpc keygen --definition ${options.out}   (the others: mpc keygen --join ${hex(file.id)})`,
  }
}

async function planOf(options: Options, kind: string | undefined): Promise<KeygenPlan> {
  const { from, out: _, ...flags } = options
  const given = Object.keys(flags)
  if (from !== undefined) {
    if (given.length > 0)
      throw usage('--from takes everything from the plan; the other flags would contradict it')
    if (kind !== undefined) checkKind(kind)
    return parsePlan(await readNamed(from, '--from'), from)
  }
  if (kind === undefined) throw usage('which ceremony? Name its kind, or a plan with --from')
  checkKind(kind)
  const needed = (['key', 'scheme', 'threshold', 'members'] as const).filter(
    (name) => options[name] === undefined,
  )
  if (needed.length > 0) throw usage(`missing: ${needed.map((name) => `--${name}`).join(', ')}`)
  return {
    key: options.key as string,
    scheme: options.scheme as string,
    threshold: options.threshold as number,
    members: options.members as readonly string[],
    operators: options.operators ?? [],
    approvers: options.approvers ?? [],
    observers: options.observers ?? [],
    notBefore: options.notBefore ?? null,
    expires: options.expires ?? null,
  }
}

const usage = (problem: string): Failure =>
  new Failure('usage', 'E_USAGE', problem, { hint: 'see `mpc ceremony new --help`' })

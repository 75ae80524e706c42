import { planChange } from '../../../ceremony/policy-change/plan.js'
import { type Changed, runChange } from '../../../ceremony/policy-change/run.js'
import { CeremonyFiles } from '../../../storage/home/ceremonies.js'
import { hex } from '../../../wire/base/text.js'
import type { Context } from '../../runtime/context.js'
import type { Result } from '../../runtime/result.js'
import { type Options, takePart } from '../../args/take-part.js'
import { changeLines } from '../../views/policy-rules.js'

/** `mpc policy apply`: all custodians agree on another policy of a key; every custodian runs it. */
export async function run(context: Context, options: Options): Promise<Result> {
  const changed = await takePart(context, options, {
    planOf: async (...given: Parameters<typeof planChange>) => {
      const plan = await planChange(...given)
      if (!plan.begun) context.terminal.say(...changeLines(plan.before?.policy ?? null, plan.policy), '')
      return plan
    },
    make: async (world, plan) => ({ ...(await runChange(world, plan)), id: plan.file.id }),
    doing: 'Agreeing on a policy',
  })
  return changedResult(context, changed)
}

/** The result of a finished policy change. */
export async function changedResult(
  context: Context,
  { name, number, sha256, attempt, already, away, id }: Changed & { readonly id: Uint8Array },
): Promise<Result> {
  if (away.length > 0) {
    context.terminal.say(
      `${away.join(', ')} had not finished when you left. If they are in doubt, they run:`,
      '  mpc ceremony finish FILE',
    )
  }
  context.terminal.say('')
  const files = new CeremonyFiles(await context.home(), id)
  return {
    data: {
      key: name,
      policy: { number, sha256: hex(sha256) },
      definition_id: hex(id),
      attempt,
      certificate: files.pathOf('certificate.cbor'),
      already,
    },
    text: [
      already
        ? `Policy ${number} of ${name} is in force here already, so nothing was done.`
        : `Policy ${number} of ${name} is in force: every custodian has agreed to it.`,
      `sha256 ${hex(sha256)}`,
    ],
    next: `mpc policy show ${name}`,
  }
}

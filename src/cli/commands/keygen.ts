import { readCeremony } from '../../ceremony/definitions.js'
import { type MadeKey, planKeygen, runKeygen } from '../../ceremony/keygen.js'
import { requireVerified, unverifiedAmong } from '../../ceremony/people.js'
import { acceptCeremony } from '../accept.js'
import type { Context } from '../context.js'
import { readNamed } from '../inputs.js'
import type { Result } from '../result.js'
import { inWorld } from '../seat.js'
import { keyData, keyText } from '../shown.js'

export type Options = { readonly definition: string; readonly accept?: string }

/** `mpc keygen`: each custodian runs it; all of them end with one key, and each with one share of it. */
export async function run(context: Context, options: Options): Promise<Result> {
  const file = readCeremony(await readNamed(options.definition, '--definition'))
  const home = await context.home()
  const card = await context.card()
  const plan = await planKeygen(home, card, file, context.now())
  await acceptCeremony(context, file, options.accept ?? null)
  requireVerified(await unverifiedAmong(home, plan.custodians), context.terminal.interactive)
  const made = await inWorld(context, { card, waitingFor: 'Joining', ceremony: file.id }, (world) =>
    runKeygen(world, plan),
  )
  return madeResult(context, made)
}

/** What a finished key generation prints. */
export async function madeResult(context: Context, made: MadeKey): Promise<Result> {
  const data = { ...keyData(await context.home(), made), attempt: made.attempt }
  if (made.away.length > 0) {
    context.terminal.say(`${made.away.join(', ')} had not finished when you left. If they are in doubt, run:`)
    context.terminal.say('  mpc ceremony finish FILE')
  }
  return {
    data,
    text: [
      'The key is made. Now each of you reads its 16 words aloud: all must be the same.',
      '',
      ...keyText(made.name, made.record),
    ],
    next: `mpc sign --key ${made.name} --in FILE`,
  }
}

import { planKeygen, runKeygen } from '../../../ceremony/dkg/keygen.js'
import type { MadeKey } from '../../../ceremony/dkg/plan.js'
import { type Options, takePart } from '../../args/take-part.js'
import type { Context } from '../../runtime/context.js'
import type { Result } from '../../runtime/result.js'
import { keyData, keyText } from '../../views/key.js'

/** `mpc keygen`: makes a key; every custodian runs it. */
export const run = async (context: Context, options: Options): Promise<Result> =>
  madeResult(context, await takePart(context, options, { planOf: planKeygen, make: runKeygen }))

/** The result of a finished key generation or reshare. */
export async function madeResult(context: Context, made: MadeKey): Promise<Result> {
  const data = {
    ...(await keyData(await context.home(), made)),
    attempt: made.attempt,
    // A watcher received no letters of the rounds.
    ...(made.watched && { transcript: null }),
  }
  if (made.away.length > 0) {
    context.terminal.say(
      `${made.away.join(', ')} had not finished when you left. If they are in doubt, they run:`,
    )
    context.terminal.say('  mpc ceremony finish FILE')
  }
  context.terminal.say('')
  return {
    data,
    text: [
      made.record.epoch > 1
        ? reshared(made)
        : made.already
          ? 'You hold this key already, so nothing was done. These are its 16 words.'
          : 'The key is made, and you hold a share of it. Everybody now reads its 16 words aloud. They must be the same.',
      '',
      ...keyText(made.name, made.record),
    ],
    next: made.holds
      ? `mpc sign --key ${made.name} --in FILE`
      : `mpc share retire --key ${made.name}   (destroys your old share)`,
  }
}

function reshared({ record, already, holds, watched = false }: MadeKey): string {
  if (already) return `Epoch ${record.epoch} of this key is here already, so nothing was done.`
  if (watched) {
    return `The key is reshared to others as epoch ${record.epoch}, with your consent. You can no longer sign with it. Your old share is still here.`
  }
  return holds
    ? `The key is reshared, and you hold a share of epoch ${record.epoch}. The public key is the same. Old shares can still sign together until they are destroyed: \`mpc share list\`.`
    : `The key is reshared to others as epoch ${record.epoch}. You can no longer sign with it. Your old share is still here.`
}

/** Activates certified results before a command looks at keys. */
import { cardIfAny } from '../../ceremony/contacts/identity.js'
import type { MadeKey } from '../../ceremony/dkg/plan.js'
import { lastVotes } from '../../storage/home/votes.js'
import type { Context } from '../runtime/context.js'

/** Announces each activated key and policy. A home without an identity has none to activate. */
export async function takeUpWaiting(context: Context): Promise<readonly MadeKey[]> {
  const { home } = await context.existingHome()
  const card = home && (await cardIfAny(home))
  if (!home || !card) return []
  // A home that has voted for nothing has nothing to take up, and most commands load none of it.
  if ((await lastVotes(home)).length === 0) return []
  const { takeUp } = await import('../../ceremony/home/take-up.js')
  const { keys, policies } = await takeUp(home, card, context.now())
  for (const { name, number } of policies) {
    context.terminal.say(`Policy ${number} of ${name} is certified and now in force here.`)
  }
  for (const { name, record } of keys) {
    context.terminal.say(`Epoch ${record.epoch} of ${name} is certified and now in use here.`)
  }
  return keys
}

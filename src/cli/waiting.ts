/** Before a command looks at a key: what is certified here, and does not count yet, counts from now on. */
import { cardIfAny } from '../ceremony/identity.js'
import { takeUp } from '../ceremony/waiting.js'
import type { Context } from './context.js'

/** Says so of each. A home without an identity has nothing that waits. */
export async function takeUpWaiting(context: Context): Promise<void> {
  const { home } = await context.existingHome()
  const card = home && (await cardIfAny(home))
  if (!home || !card) return
  for (const { name, record } of await takeUp(home, card, context.now())) {
    context.terminal.say(`Epoch ${record.epoch} of ${name} was certified, and is in use here from now on.`)
  }
}

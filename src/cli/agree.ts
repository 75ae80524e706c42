/**
 * What a custodian agrees to before a key is made: the ceremony as it stands, and the people in it. Whoever got the
 * ceremony by its id may know none of them yet, and is told how they come to be known.
 */
import type { CeremonyFile } from '../ceremony/definitions.js'
import { type KeygenPlan, planKeygen } from '../ceremony/keygen.js'
import { requireVerified, unverifiedAmong } from '../ceremony/people.js'
import { knownCards } from '../ceremony/trust.js'
import type { Keys } from '../wire/card.js'
import { acceptCeremony } from './accept.js'
import type { Context } from './context.js'

/** @throws Failure as `planKeygen`, `acceptCeremony` and `requireVerified` say */
export async function agreeToKeygen(
  context: Context,
  file: CeremonyFile,
  accept: string | null,
): Promise<KeygenPlan> {
  const home = await context.home()
  const plan = await planKeygen(home, await context.card(), file, context.now())
  await acceptCeremony(context, file, accept)
  const unverified = await unverifiedAmong(home, plan.custodians)
  requireVerified(unverified, context.terminal.interactive)
  if (unverified.length > 0) await introduce(context, unverified)
  return plan
}

/** What becomes of those who are not verified here: their words are heard before anything is made. */
async function introduce(context: Context, unverified: readonly Keys[]): Promise<void> {
  const known = await knownCards(await context.home())
  const names = unverified.map(({ name }) => name)
  const namesakes = names.filter((name) => known.some(({ card, beside }) => card.name === name && !beside))
  const others = namesakes.filter((name) =>
    known.some(({ card, status }) => card.name === name && status !== 'unverified'),
  )
  context.terminal.say(
    '',
    `Not verified here yet: ${names.join(', ')}. Their cards came with the ceremony; that is enough to meet.`,
    ...others.map(
      (name) => `  Careful: this ${name} has other keys than the ${name} whom you have verified.`,
    ),
    'Before the key is made, six words are shown to everybody. Be where you hear each other, by voice or in person:',
    'you are asked for each of them whether you heard them read your words. Nothing is made before that.',
    '',
  )
}

/** What a custodian agrees to before a key is made or dealt anew: the ceremony as it stands, and the people in it. */
import type { CeremonyFile } from '../ceremony/definitions.js'
import type { MakingPlan } from '../ceremony/making.js'
import { requireVerified, unverifiedAmong } from '../ceremony/people.js'
import { knownCards } from '../ceremony/trust.js'
import type { Home } from '../storage/home.js'
import type { Card, Keys } from '../wire/card.js'
import { acceptCeremony } from './accept.js'
import type { Context } from './context.js'

/** @throws Failure as `planOf`, `acceptCeremony` and `requireVerified` say */
export async function agreeTo<P extends MakingPlan>(
  context: Context,
  file: CeremonyFile,
  accept: string | null,
  planOf: (home: Home, self: Card, file: CeremonyFile, now: number) => Promise<P>,
): Promise<P> {
  const home = await context.home()
  const plan = await planOf(home, await context.card(), file, context.now())
  await acceptCeremony(context, file, accept)
  const unverified = await unverifiedAmong(home, plan.players)
  requireVerified(unverified, context.terminal.interactive)
  await warnOfNamesakes(context, unverified)
  return plan
}

/** A name that somebody else has here already, verified: whoever reads only names would take one for the other. */
async function warnOfNamesakes(context: Context, unverified: readonly Keys[]): Promise<void> {
  const known = await knownCards(await context.home())
  const isTaken = ({ name }: Keys): boolean =>
    known.some(({ card, beside, status }) => card.name === name && !beside && status !== 'unverified')
  context.terminal.say(
    ...unverified
      .filter(isTaken)
      .map(({ name }) => `Careful: this ${name} has other keys than the ${name} whom you have verified.`),
  )
}

/** The consent of a custodian before a key generation or a reshare: to the ceremony and its members. */
import type { CeremonyFile } from '../../ceremony/definition/build.js'
import type { MakingPlan } from '../../ceremony/dkg/plan.js'
import { requireVerified, unverifiedAmong } from '../../ceremony/contacts/require-verified.js'
import { listed } from '../../ceremony/epochs/remaining-quorum.js'
import { knownCards } from '../../ceremony/contacts/contacts.js'
import type { Home } from '../../storage/home/home.js'
import { equalBytes } from '../../protocol/core/codec.js'
import type { Card, Keys } from '../../wire/identity/card.js'
import { type VotedDefinition, watchersOf } from '../../wire/ceremony/key-definition.js'
import { Failure } from '../../wire/base/failure.js'
import { hex, visible } from '../../wire/base/text.js'
import { acceptCeremony } from './accept.js'
import type { Context } from '../runtime/context.js'
import { outcomeOf } from '../views/definition.js'

/** A member's part in a ceremony, as far as a person agrees to it. */
export type Part = Pick<MakingPlan, 'players' | 'begun' | 'behind'> & { readonly definition: VotedDefinition }

/** @throws Failure as `planOf`, `acceptCeremony` and `requireVerified` say */
export async function agreeTo<P extends Part>(
  context: Context,
  file: CeremonyFile,
  { accept, confirm }: { readonly accept: string | null; readonly confirm: string | null },
  planOf: (home: Home, self: Card, file: CeremonyFile, now: number) => Promise<P>,
): Promise<P> {
  const home = await context.home()
  const plan = await planOf(home, await context.card(), file, context.now())
  if (plan.behind !== null) {
    context.terminal.say(
      `This home is behind: it uses epoch ${plan.behind}, and others use a newer one. You get a new share, as a new custodian does. Afterwards this home cannot sign with epoch ${plan.behind}.`,
    )
  }
  await acceptCeremony(context, file, accept).catch((error: unknown) => {
    throw notForAll(error)
  })
  const unverified = await unverifiedAmong(home, plan.players)
  requireVerified(unverified, context.terminal.interactive)
  await warnOfNamesakes(context, unverified)
  if (!plan.begun) await confirmSevere(context, plan.definition, confirm)
  return plan
}

/** Adds how to tell the others: no member learns of a refusal before the network is used. */
function notForAll(error: unknown): unknown {
  if (!(error instanceof Failure) || error.code !== 'E_REFUSED') return error
  return new Failure('refused', 'E_REFUSED', error.message, {
    hint: 'nothing was done; tell the others, or abort it for everybody: `mpc ceremony abort FILE`',
    cause: error,
  })
}

/** Destructive changes need the key's name typed, or given in --confirm. */
export async function confirmSevere(
  context: Context,
  definition: VotedDefinition,
  confirm: string | null,
): Promise<void> {
  const { terminal } = context
  const { key } = definition
  if (confirm !== null && confirm !== key) {
    throw new Failure('usage', 'E_USAGE', `--confirm ${visible(confirm)} is not the name of the key`, {
      hint: `the key of this ceremony is ${key}`,
    })
  }
  if (definition.kind === 'keygen' || confirm !== null) return
  const { fingerprint } = await context.card()
  const asking = { flag: `--confirm ${key}` }
  const isDealer = (dealer: Uint8Array) => equalBytes(dealer, fingerprint)
  if (definition.kind !== 'policy' && definition.minority && definition.dealers.some(isDealer)) {
    const unheard = watchersOf(definition).map(({ name }) => name)
    const whose = unheard.length === 0 ? 'nobody' : unheard.join(', ')
    await terminal.confirm(
      `You deal this key without the consent of more than half of its custodians. Not asked: ${whose}. They could do the same without you.`,
      key,
      asking,
    )
  }
  if (definition.supersedes) {
    const { supersedes } = definition
    const what = `This replaces ${listed(supersedes.map(hex))}. From now on you reject ${outcomeOf(supersedes)}.`
    await terminal.confirm(what, key, asking)
  }
}

/** Warns of a member whose name belongs to another, verified card here. */
async function warnOfNamesakes(context: Context, unverified: readonly Keys[]): Promise<void> {
  const known = await knownCards(await context.home())
  const isTaken = ({ name }: Keys): boolean =>
    known.some(({ card, beside, status }) => card.name === name && !beside && status !== 'unverified')
  context.terminal.say(
    ...unverified
      .filter(isTaken)
      .map(({ name }) => `Warning: this ${name} has other keys than the ${name} whom you verified.`),
  )
}

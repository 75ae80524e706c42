/** The recipient of a secret: a verified card, confirmed by name. */
import { cardNamed, knownCards, statusOf } from '../../ceremony/contacts/contacts.js'
import type { Card } from '../../wire/identity/card.js'
import { Failure } from '../../wire/base/failure.js'
import { NAME } from '../../wire/base/text.js'
import type { Context } from '../runtime/context.js'
import { cardIn, unverified } from './holders.js'

/** The card in `--to`: a file or a known name. */
export async function verifiedCard(context: Context, to: string): Promise<Card> {
  const { home } = await context.existingHome()
  if (NAME.test(to) && home) {
    const { card, status } = await cardNamed(home, to)
    if (status !== 'unverified') return card
    throw unverified(card)
  }
  const card = await cardIn(to, '--to')
  const status = home ? statusOf(await knownCards(home), card) : 'unknown'
  if (status === 'verified' || status === 'self') return card
  throw unverified(card)
}

/** A person types the name on the card; a script gives it in `--confirm`. */
export async function confirmCard(
  { terminal }: Context,
  { name }: Card,
  confirm: string | undefined,
  question: string,
): Promise<void> {
  if (confirm !== undefined && confirm !== name) {
    throw new Failure('usage', 'E_USAGE', `--confirm ${confirm} is not the name on the card`, {
      hint: `the name on the card is ${name}`,
    })
  }
  if (confirm === undefined) await terminal.confirm(question, name, { flag: `--confirm ${name}` })
}

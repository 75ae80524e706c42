/** The consent of a person or a script to a ceremony. It comes before any passphrase. */
import {
  acceptanceWords,
  type CeremonyFile,
  checkAccepted,
  checkMember,
  participantsOf,
} from '../../ceremony/definition/build.js'
import { knownCards, statusOf } from '../../ceremony/contacts/contacts.js'
import type { Context } from '../runtime/context.js'
import { definitionLines } from '../views/definition.js'

/**
 * Checks that this home is a member, and that the ceremony is accepted: by `accept`, the ID that a script gives, or by a
 * person who has seen it and types its words.
 * @throws Failure `E_NOT_MEMBER`, `E_ACCEPT` (authentication), `E_REFUSED` (refused)
 */
export async function acceptCeremony(
  context: Pick<Context, 'terminal' | 'home' | 'card' | 'now'>,
  file: CeremonyFile,
  accept: string | null,
): Promise<void> {
  const card = await context.card()
  checkMember(file, card)
  if (accept !== null) return checkAccepted(file, accept)
  const { terminal } = context
  const question = 'Do you accept this ceremony?'
  const asking = { flag: '--accept ID' }
  terminal.requirePerson(question, asking)
  const known = await knownCards(await context.home())
  const strangers = participantsOf(file).filter(
    (keys) => !['self', 'verified'].includes(statusOf(known, keys)),
  )
  const takesPart = participantsOf(file).some((keys) => statusOf(known, keys) === 'self')
  const then = takesPart
    ? 'You will compare six words with everybody who is not verified.'
    : `Not verified: ${strangers.map(({ name }) => name).join(' and ')}.`
  await terminal.read([
    ...(await definitionLines(file, context.now(), (keys) => statusOf(known, keys))),
    ...(strangers.length === 0 ? [] : [then]),
    '',
  ])
  await terminal.confirm(question, acceptanceWords(file.id), asking)
}

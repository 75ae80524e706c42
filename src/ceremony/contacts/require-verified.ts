/**
 * Whether this home has reason to trust the keys of the participants. A script needs verified cards; a person
 * at a terminal may hear the words instead.
 */
import type { Home } from '../../storage/home/home.js'
import { type Card, fingerprintOf, type Keys } from '../../wire/identity/card.js'
import { Failure } from '../../wire/base/failure.js'
import { hex } from '../../wire/base/text.js'
import { contactsIn, knownCards, markVerified, statusOf } from './contacts.js'

/** The `participants` whose keys are not stored as verified under their name; never this member. */
export async function unverifiedAmong(home: Home, participants: readonly Keys[]): Promise<Unverified[]> {
  const { known, damaged } = await contactsIn(home)
  const unverified = participants.filter((keys) => !['self', 'verified'].includes(statusOf(known, keys)))
  return unverified.map((keys) => {
    const fingerprint = hex(fingerprintOf(keys))
    const unread = damaged.find((each) => hex(each.fingerprint) === fingerprint)
    return { ...keys, ...(unread && { unread: unread.problem }) }
  })
}

/** Somebody's keys, and the failure if their stored card is damaged. */
export type Unverified = Keys & { readonly unread?: Failure }

/**
 * @throws Failure if nobody is present to hear the words, so that unverified keys could be anybody's:
 *   `E_UNVERIFIED` (authentication), or `E_PEER_FILE` (configuration) for a damaged card that may have been
 *   verified
 */
export function requireVerified(unverified: readonly Unverified[], present: boolean): void {
  const [first] = unverified
  if (!first || present) return
  const unread = unverified.find((each) => each.unread)?.unread
  if (unread) throw unread
  const names = unverified.map(({ name }) => name).join(', ')
  throw new Failure(
    'authentication',
    'E_UNVERIFIED',
    `not verified here, and nobody is at a terminal: ${names}`,
    {
      party: first.name,
      hint: `import the card: mpc identity import ${first.name}.card --fingerprint FP, with FP as ${first.name} says it`,
    },
  )
}

/** Marks cards verified after their words were heard. Keys without a card are marked if it is stored. */
export async function markHeard(home: Home, heard: readonly Keys[], now: number): Promise<void> {
  for (const keys of heard) {
    const card = 'line' in keys ? (keys as Card) : await storedCard(home, keys)
    if (card) await markVerified(home, card, 'words', now)
  }
}

async function storedCard(home: Home, keys: Keys): Promise<Card | undefined> {
  const known = await knownCards(home)
  return known.find((each) => statusOf([each], keys) !== 'unknown')?.card
}

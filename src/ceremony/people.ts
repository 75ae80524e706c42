/**
 * Who takes part, and whether this machine's person has reason to believe it. A script needs verified cards; a person
 * at a terminal may hear the words instead.
 */
import type { Home } from '../storage/home.js'
import type { Card, Keys } from '../wire/card.js'
import { Failure } from '../wire/failure.js'
import { knownCards, markVerified, statusOf } from './trust.js'

/** Those of `participants` whose keys are not stored here as verified under their name; never this member itself. */
export async function unverifiedAmong(home: Home, participants: readonly Keys[]): Promise<Keys[]> {
  const known = await knownCards(home)
  return participants.filter((keys) => !['self', 'verified'].includes(statusOf(known, keys)))
}

/** @throws Failure `E_UNVERIFIED` (authentication) where nobody is there to hear the words (F-06) */
export function requireVerified(unverified: readonly Keys[], present: boolean): void {
  const [first] = unverified
  if (!first || present) return
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

/** Remembers whose words were heard. Keys that come without a card are remembered if their card is stored here. */
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

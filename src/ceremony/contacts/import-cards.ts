/** Importing cards: what each changes among the known cards, and the cards that are refused. */
import type { Home } from '../../storage/home/home.js'
import { type Card, parseCard } from '../../wire/identity/card.js'
import { cardLines } from '../../wire/identity/card-lines.js'
import { Failure } from '../../wire/base/failure.js'
import { hex, rfc3339 } from '../../wire/base/text.js'
import { contactsIn, type How, type Known, sameIdentity, storeKnown } from './contacts.js'

export type Change = 'added' | 'verified' | 'updated' | 'beside' | 'replaced' | null
export type Imported = { readonly known: Known; readonly changed: Change }
export type ImportOptions = {
  /** Fingerprints that owners told, 64 hex digits each: their cards are stored as verified. */
  readonly fingerprint: string | readonly string[] | null
  /** The name that the new card takes over. */
  readonly replace: string | null
  readonly now: number
  /** How cards with a told fingerprint were verified; `fingerprint` by default. */
  readonly how?: How
}

/** The cards in a file; blank lines and lines that begin with # are ignored. @throws Failure `E_CARD` (authentication) */
export function parseCards(file: Uint8Array): readonly Card[] {
  const cards = cardLines(Buffer.from(file).toString('utf8')).map(parseCard)
  if (cards.length > 0) return cards
  throw new Failure('authentication', 'E_CARD', 'there is no card in it', {
    hint: 'a card is the one line that `mpc identity export` prints',
  })
}

/**
 * Stores cards: all of them, or none if one is refused.
 * @throws Failure `E_FINGERPRINT` (authentication) if a fingerprint matches none of them; `E_PEER_FILE`
 *   (configuration) if a stored card that is not replaced is damaged; and as `decide`
 */
export async function importCards(
  home: Home,
  cards: readonly Card[],
  { fingerprint, replace, now, how = 'fingerprint' }: ImportOptions,
): Promise<readonly Imported[]> {
  const told = requireTold(cards, [fingerprint ?? []].flat())
  const contacts = await contactsIn(home)
  // A damaged card may have any of these names. An imported card replaces a damaged one of its own
  // fingerprint.
  const unread = contacts.damaged.find((each) =>
    cards.every((card) => hex(card.fingerprint) !== hex(each.fingerprint)),
  )
  if (unread) throw unread.problem
  let { known } = contacts
  const imported: Imported[] = []
  const writes: Known[] = []
  for (const card of cards) {
    const isTold = told.has(hex(card.fingerprint))
    const { changed, stored, aside } = decide(known, card, { isTold, replace, now, how })
    imported.push({ known: stored, changed })
    // The old meaning of a name is written first: a crash in between leaves a name without meaning, never
    // with two.
    writes.push(...(aside ? [aside] : []), ...(changed === null ? [] : [stored]))
    const written = [stored, ...(aside ? [aside] : [])]
    known = [...known.filter((each) => !written.some((one) => sameIdentity(one, each))), ...written]
  }
  for (const each of writes) await storeKnown(home, each)
  return imported
}

/**
 * The fingerprints that owners told, each that of one of the cards; none may be ignored.
 * @throws Failure `E_FINGERPRINT` (authentication)
 */
export function requireTold(cards: readonly Card[], told: readonly string[]): ReadonlySet<string> {
  const strange = told.find((each) => cards.every((card) => hex(card.fingerprint) !== each))
  if (strange === undefined) return new Set(told)
  const [only, another] = cards
  if (only && !another) {
    throw new Failure(
      'authentication',
      'E_FINGERPRINT',
      `this card of ${only.name} has another fingerprint`,
      {
        party: only.name,
        hint: `it is ${hex(only.fingerprint)}; ask ${only.name} in person: somebody may have exchanged the card`,
      },
    )
  }
  const names = cards.map(({ name }) => name).join(', ')
  throw new Failure('authentication', 'E_FINGERPRINT', `none of these cards has the fingerprint ${strange}`, {
    hint: `they are of ${names}; nothing was stored. Ask the person who told it to you, in person: somebody may have exchanged the card`,
  })
}

type Decision = { readonly changed: Change; readonly stored: Known; readonly aside?: Known }

type Telling = {
  /** Whether its owner told this card's fingerprint. */
  readonly isTold: boolean
  readonly replace: string | null
  readonly now: number
  readonly how: How
}

/** The effect of an import. @throws Failure (conflict) `E_CARD_OLDER`, `E_CARD_DIFFERS`, `E_NAME_TAKEN` */
function decide(known: readonly Known[], card: Card, { isTold, replace, now, how }: Telling): Decision {
  const same = known.find((each) => hex(each.card.fingerprint) === hex(card.fingerprint)) ?? null
  if (same) checkNumber(same, card)
  if (same?.status === 'self') return { changed: null, stored: same }
  const believed = isTold && same?.status !== 'verified'
  // A name is verified together with its keys: the keys' owner cannot carry that trust over to another name.
  const renamed = same !== null && same.card.name !== card.name
  const status =
    believed || renamed || !same
      ? ({
          status: isTold ? 'verified' : 'unverified',
          since: rfc3339(now),
          how: isTold ? how : 'import',
        } as const)
      : { status: same.status, since: same.since, how: same.how }
  const holder = known.find((each) => each.card.name === card.name && !each.beside && each !== same)
  if (holder) {
    if (replace === card.name && holder.status !== 'self') {
      const aside = { ...holder, beside: true }
      return { changed: 'replaced', stored: { card, ...status, beside: false }, aside }
    }
    if (same?.beside && same.card.line === card.line && !believed) return { changed: null, stored: same }
    if (!isTold) throw nameTaken(card, holder)
    return { changed: 'beside', stored: { card, ...status, beside: true } }
  }
  const stored: Known = { card, ...status, beside: false }
  if (!same) return { changed: 'added', stored }
  if (same.beside && replace === card.name) return { changed: 'replaced', stored }
  if (same.card.line !== card.line) return { changed: 'updated', stored: { ...stored, beside: same.beside } }
  return { changed: believed ? 'verified' : null, stored: { ...stored, beside: same.beside } }
}

/** A card's number only rises, and one number stands for one card, so that an older card cannot come back. */
function checkNumber({ card: stored }: Known, card: Card): void {
  if (card.number < stored.number) {
    throw new Failure('conflict', 'E_CARD_OLDER', `a newer card of ${card.name} is stored already`, {
      party: card.name,
      hint: 'nothing was changed; ask for the card that is in use now',
    })
  }
  if (card.number === stored.number && card.line !== stored.line) {
    throw new Failure(
      'conflict',
      'E_CARD_DIFFERS',
      `another card of ${card.name} with the same number is stored`,
      {
        party: card.name,
        hint: 'nothing was changed; ask its owner how there can be two',
      },
    )
  }
}

function nameTaken(card: Card, holder: Known): Failure {
  const whose = holder.status === 'self' ? 'your own name' : `the name of somebody else you know`
  return new Failure('conflict', 'E_NAME_TAKEN', `${card.name} is ${whose}, and this card has other keys`, {
    party: card.name,
    hint:
      `ask ${card.name} in person. With --fingerprint it is kept beside the other; ` +
      `with --replace ${card.name} --confirm ${card.name} the name means this card from now on`,
  })
}

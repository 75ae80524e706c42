/**
 * The cards that this custodian knows: its own, and those of others with their status. An identity is its
 * fingerprint. A name means one card at a time, and changes its meaning only if the person says so.
 */
import type { Home } from '../../storage/home/home.js'
import {
  damagedPeer,
  type DamagedPeer,
  listPeers,
  type Peer,
  writePeer,
} from '../../storage/home/contacts.js'
import { type Card, fingerprintOf, type Keys, parseCard } from '../../wire/identity/card.js'
import { Failure } from '../../wire/base/failure.js'
import { refusalOf } from '../../wire/base/realm.js'
import { hex, rfc3339 } from '../../wire/base/text.js'
import { ownCard } from './identity.js'

export type Status = 'self' | 'verified' | 'unverified'
export type Known = {
  readonly card: Card
  readonly status: Status
  /** When it got this status, RFC 3339; null for this home's own card. */
  readonly since: string | null
  /** How it got it: `import`, `fingerprint`, `words`, `handshake`. */
  readonly how: string
  /** Stored by its fingerprint only: its name means another card. */
  readonly beside: boolean
}

/** How a card got its status. */
export type How = 'import' | 'fingerprint' | 'words' | 'handshake' | 'rebind'

const BESIDE = 'beside '

/**
 * All known cards, and stored cards that are damaged: those only by fingerprint, for their names are
 * unreadable.
 */
export type Contacts = { readonly known: readonly Known[]; readonly damaged: readonly DamagedPeer[] }

/** The own card first, then by name. */
export async function contactsIn(home: Home): Promise<Contacts> {
  const own = await ownCard(home).catch((error: unknown) => {
    if (error instanceof Failure && error.code === 'E_NO_IDENTITY') return null
    throw error
  })
  const known: Known[] = own ? [{ card: own, status: 'self', since: null, how: 'init', beside: false }] : []
  const { peers, damaged: unread } = await listPeers(home)
  const damaged = [...unread]
  for (const peer of peers) {
    const card = cardIn(peer)
    if (card) known.push(knownPeer(peer, card))
    else damaged.push({ fingerprint: peer.fingerprint, problem: damagedPeer(home, peer.fingerprint) })
  }
  const [self, others] = [known.slice(0, own ? 1 : 0), known.slice(own ? 1 : 0)]
  return { known: [...self, ...others.sort((a, b) => (a.card.name < b.card.name ? -1 : 1))], damaged }
}

/** The card in a peer's file; null unless it is a card with the fingerprint that names the file. */
function cardIn({ card: line, fingerprint }: Peer): Card | null {
  try {
    const card = parseCard(line)
    return hex(card.fingerprint) === hex(fingerprint) ? card : null
  } catch (error) {
    // A card of a rehearsal among real ones is no damage: nothing goes on beside it, nor the reverse.
    if (!(error instanceof Failure) || refusalOf(error) !== error) throw error
    return null
  }
}

/** All known cards. If one is missing, `contactsIn` tells whether a card is damaged. */
export const knownCards = async (home: Home): Promise<readonly Known[]> => (await contactsIn(home)).known

/**
 * Runs a lookup by name. If the name is unknown and a card here is damaged, that card may be the one.
 * @throws Failure `E_PEER_FILE` (configuration) in that case, naming the file
 */
export async function whereNamed<T>(home: Home, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    const [first] =
      error instanceof Failure && error.code === 'E_UNKNOWN_PEER' ? (await contactsIn(home)).damaged : []
    throw first?.problem ?? error
  }
}

/**
 * The card that a name means here.
 * @throws Failure `E_UNKNOWN_PEER` (configuration), `E_NAME_AMBIGUOUS` (conflict)
 */
export const cardNamed = (home: Home, name: string): Promise<Known> =>
  whereNamed(home, async () => meaningOf(await knownCards(home), name))

/** As `cardNamed`, among these. */
export function meaningOf(known: readonly Known[], name: string): Known {
  const [found, another] = known.filter((each) => each.card.name === name && !each.beside)
  if (another) {
    throw new Failure('conflict', 'E_NAME_AMBIGUOUS', `${name} means two cards here`, {
      party: name,
      hint: `import the right one again with --replace ${name} --confirm ${name}`,
    })
  }
  if (found) return found
  throw new Failure('configuration', 'E_UNKNOWN_PEER', `nobody here is known as ${name}`, {
    party: name,
    hint: `ask ${name} for the output of \`mpc identity export\` and import it: \`mpc identity import FILE\``,
  })
}

/**
 * The status of the keys that a ceremony gives a member, if they equal a stored card, name included. Known
 * keys under another name are unknown: verification was of the name with its keys.
 */
export function statusOf(known: readonly Known[], keys: Keys): Status | 'unknown' {
  const fingerprint = hex(fingerprintOf(keys))
  const found = known.find(({ card }) => hex(card.fingerprint) === fingerprint && card.name === keys.name)
  return found?.status ?? 'unknown'
}

/**
 * Marks a card verified, and stores it if it is new; the name keeps its meaning. If a newer card of the same
 * keys is stored, that one is verified instead, unless it has another name: nobody has verified that name.
 */
export async function markVerified(home: Home, card: Card, how: How, now: number): Promise<Known> {
  const known = await knownCards(home)
  const same = known.find((each) => hex(each.card.fingerprint) === hex(card.fingerprint))
  if (same?.status === 'self') return same
  const beside = same ? same.beside : known.some((each) => each.card.name === card.name)
  const newer = same && same.card.number > card.number ? same.card : card
  if (same && newer.name !== card.name) return same
  return store(home, { card: newer, status: 'verified', since: rfc3339(now), how, beside })
}

/** Withdraws a card's verification: its words were compared, and they differed. */
export async function markUnverified(home: Home, known: Known, now: number): Promise<Known> {
  // A newer card of the same keys may have arrived during the comparison, and stays.
  const stored = (await knownCards(home)).find((each) => sameIdentity(each, known)) ?? known
  return store(home, { ...stored, status: 'unverified', since: rfc3339(now), how: 'import' })
}

// ---------------------------------------------------------------------------------------------------- import

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

/** The cards in a file, one per line; blank lines and lines that begin with # are ignored. */
export function parseCards(file: Uint8Array): readonly Card[] {
  const lines = Buffer.from(file)
    .toString('utf8')
    .split(/\r?\n/)
    .map((line) => line.trim())
  const cards = lines.filter((line) => line !== '' && !line.startsWith('#')).map(parseCard)
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
  for (const each of writes) await store(home, each)
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
    hint: `they are of ${names}; nothing was stored. Ask whoever told it, in person: somebody may have exchanged the card`,
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

const sameIdentity = (a: Known, b: Known): boolean => hex(a.card.fingerprint) === hex(b.card.fingerprint)

async function store(home: Home, known: Known): Promise<Known> {
  const { card, status, since, how, beside } = known
  if (status === 'self' || since === null) throw new TypeError('the own card is no peer')
  await writePeer(home, {
    fingerprint: card.fingerprint,
    card: card.line,
    status,
    since,
    how: beside ? `${BESIDE}${how}` : how,
  })
  return known
}

function knownPeer({ status, since, how }: Peer, card: Card): Known {
  const beside = how.startsWith(BESIDE)
  return { card, status, since, how: beside ? how.slice(BESIDE.length) : how, beside }
}

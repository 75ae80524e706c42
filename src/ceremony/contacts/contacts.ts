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

/** All known cards, and damaged ones by fingerprint, because their names are unreadable. */
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

/** The card of a name. @throws Failure `E_UNKNOWN_PEER` (configuration), `E_NAME_AMBIGUOUS` (conflict) */
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
  return storeKnown(home, { card: newer, status: 'verified', since: rfc3339(now), how, beside })
}

/** Withdraws a card's verification: its words were compared, and they differed. */
export async function markUnverified(home: Home, known: Known, now: number): Promise<Known> {
  // A newer card of the same keys may have arrived during the comparison, and stays.
  const stored = (await knownCards(home)).find((each) => sameIdentity(each, known)) ?? known
  return storeKnown(home, { ...stored, status: 'unverified', since: rfc3339(now), how: 'import' })
}

export const sameIdentity = (a: Known, b: Known): boolean =>
  hex(a.card.fingerprint) === hex(b.card.fingerprint)

/** Stores a card of another identity with its status. */
export async function storeKnown(home: Home, known: Known): Promise<Known> {
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

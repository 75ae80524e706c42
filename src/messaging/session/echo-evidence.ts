/**
 * The letters that each member holds. Where members disagree, each shows the signed letters that it has. The
 * mailbox detects two different letters of one member for one slot, and ends the attempt. The caller draws
 * all other conclusions.
 */
import { type Envelope, LARGEST_SHOWN } from '../../wire/session/envelope.js'
import { Failure } from '../../wire/base/failure.js'
import { hex } from '../../wire/base/text.js'
import type { Member, Slot, Wait } from '../channel/letters.js'
import type { Mailbox } from '../channel/mailbox.js'

/** One place of a session, for any sender. */
export type Place = Pick<Slot, 'kind' | 'session' | 'round'>

/** A letter that a member shows, and the signed envelope in which it shows it. */
export type Shown = { readonly letter: Envelope; readonly by: Envelope }

/** The most letters kept of one member's showings, and more than any honest member shows. */
const MOST_SHOWN = 256

export class Showings {
  /**
   * By the member that shows it, then by place and sender. Collected from the beginning, since others may
   * notice a disagreement sooner.
   */
  readonly #shown = new Map<string, Map<string, Shown>>()

  /** Places of which this member has shown all its letters. */
  readonly #places = new Set<string>()
  readonly #mailbox: Mailbox
  readonly #peers: readonly Member[]

  constructor(mailbox: Mailbox, peers: readonly Member[]) {
    this.#mailbox = mailbox
    this.#peers = peers
    const isPeer = (member: Member) =>
      peers.some(({ fingerprint }) => hex(fingerprint) === hex(member.fingerprint))
    mailbox.on('evidence', (by, from) => {
      // An onlooker holds no letter that is missing elsewhere.
      if (!isPeer(from)) return
      const letter = mailbox.examine(by.body, by.header.session)
      if (!letter) return
      const theirs = this.#shown.get(hex(from.fingerprint)) ?? new Map<string, Shown>()
      this.#shown.set(hex(from.fingerprint), theirs)
      if (theirs.size >= MOST_SHOWN) return
      theirs.set(keyOf(letter.header, letter.header.from), { letter, by })
      // A member that has noticed no disagreement itself may hold the other half of it.
      this.#showAll(letter.header)
    })
  }

  clear(): void {
    this.#shown.clear()
    this.#places.clear()
  }

  /** Shows everybody one letter. */
  show({ session, round }: Pick<Place, 'session' | 'round'>, bytes: Uint8Array): void {
    if (bytes.length <= LARGEST_SHOWN) this.#mailbox.post('evidence', { session, round }, bytes)
  }

  /** The letters that a peer has shown of a place, by sender (fingerprint in hex). */
  by(peer: Member, place: Place, senders: readonly Member[]): ReadonlyMap<string, Shown> {
    const theirs = this.#shown.get(hex(peer.fingerprint))
    return new Map(
      senders.flatMap(({ fingerprint }) => {
        const shown = theirs?.get(keyOf(place, fingerprint))
        return shown ? [[hex(fingerprint), shown] as const] : []
      }),
    )
  }

  /**
   * Shows everybody all letters that this member holds in these places, and waits for everybody's letters of
   * the first place. The wait ends at the deadline, since a silent member must not hold it up.
   * @returns the members that have not shown all of them
   * @throws the signal's reason, for instance that a member sent two different letters
   */
  async exchange(
    places: readonly Place[],
    senders: readonly Member[],
    wait: Wait,
  ): Promise<readonly Member[]> {
    const [first] = places as [Place]
    for (const place of places) this.#showAll(place)
    const silent = () => this.#peers.filter((peer) => this.by(peer, first, senders).size < senders.length)
    try {
      await this.#mailbox.until(() => silent().length === 0, wait)
    } catch (error) {
      if (wait.signal.aborted || !(error instanceof Failure)) throw error
    }
    return silent()
  }

  #showAll({ kind, session, round }: Place): void {
    const place = `${kind} ${hex(session)} ${round}`
    if (this.#places.has(place) || this.#places.size >= MOST_SHOWN) return
    this.#places.add(place)
    for (const bytes of this.#mailbox.held({ kind, session, round })) this.show({ session, round }, bytes)
  }
}

const keyOf = ({ kind, session, round }: Place, from: Uint8Array): string =>
  `${kind} ${hex(session)} ${round} ${hex(from)}`

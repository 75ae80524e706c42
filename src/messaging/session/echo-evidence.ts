/**
 * Who holds what: where members disagree, each shows the signed letters that it has (F-29). Two different ones of one
 * member for one place are found by the mailbox, which ends the attempt; what else follows is left to whoever asks.
 */
import { type Envelope, LARGEST_SHOWN } from '../../wire/session/envelope.js'
import { Failure } from '../../wire/base/failure.js'
import { hex } from '../../wire/base/text.js'
import type { Member, Slot, Wait } from '../channel/letters.js'
import type { Mailbox } from '../channel/mailbox.js'

/** One place of a session, whoever the sender. */
export type Place = Pick<Slot, 'kind' | 'session' | 'round'>

/** A letter that somebody holds, and the signed envelope in which it says so. */
export type Shown = { readonly letter: Envelope; readonly by: Envelope }

/** What is kept of one member's showings: more than any honest one has to show. */
const MOST_SHOWN = 256

export class Showings {
  /** By who shows it, then by place and sender; from the first, since others may see a disagreement sooner. */
  readonly #shown = new Map<string, Map<string, Shown>>()

  /** Of which this member has shown all that it holds. */
  readonly #places = new Set<string>()
  readonly #mailbox: Mailbox
  readonly #peers: readonly Member[]

  constructor(mailbox: Mailbox, peers: readonly Member[]) {
    this.#mailbox = mailbox
    this.#peers = peers
    const isPeer = (member: Member) =>
      peers.some(({ fingerprint }) => hex(fingerprint) === hex(member.fingerprint))
    mailbox.on('evidence', (by, from) => {
      // Who only watches holds no letter that is missing elsewhere.
      if (!isPeer(from)) return
      const letter = mailbox.examine(by.body, by.header.session)
      if (!letter) return
      const theirs = this.#shown.get(hex(from.fingerprint)) ?? new Map<string, Shown>()
      this.#shown.set(hex(from.fingerprint), theirs)
      if (theirs.size >= MOST_SHOWN) return
      theirs.set(keyOf(letter.header, letter.header.from), { letter, by })
      // Who has not noticed a disagreement itself may hold the other half of it.
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

  /** What a peer has shown that it holds in a place, by sender (fingerprint in hex). */
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
   * Shows everybody all that this member holds in these places, and waits for everybody's of the first of them; not
   * beyond the deadline, since a silent member must not hold it up.
   * @returns who has not shown all that there is to show
   * @throws the signal's reason: such as that somebody was found to have said two things
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

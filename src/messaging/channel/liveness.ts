/**
 * When each member was last heard. A waiting member asks for missing letters at least every 15 s, and a
 * member at work reports it every 10 s. A member silent for 30 s may be gone. Nothing follows from it: it is
 * only shown to people.
 */
import type { Emit } from './events.js'
import type { Member } from './letters.js'
import { LAST_WANT } from './await.js'

const QUIET_AFTER = 2 * LAST_WANT

/** Listens for signs of life; `look` checks for quiet members. */
export type Listener = {
  heard(member: Member): void
  look?(): void
  /** The connection is back: nobody could be heard until now. */
  again?(): void
  /** When a member was last heard; null if never. */
  last?(member: Member): number | null
}

export class Hearing implements Listener {
  readonly #last = new Map<Member, number>()
  readonly #quiet = new Set<Member>()

  constructor(
    readonly now: () => number,
    readonly emit: Emit,
  ) {}

  heard(member: Member): void {
    this.#last.set(member, this.now())
    if (this.#quiet.delete(member)) this.emit({ event: 'heard', party: member.name })
  }

  last(member: Member): number | null {
    return this.#last.get(member) ?? null
  }

  /** Reports every member that was heard before and is quiet now. */
  look(): void {
    for (const [member, since] of this.#last) {
      if (this.#quiet.has(member) || this.now() - since <= QUIET_AFTER) continue
      this.#quiet.add(member)
      this.emit({ event: 'quiet', party: member.name, since })
    }
  }

  again(): void {
    for (const member of this.#last.keys()) if (!this.#quiet.has(member)) this.#last.set(member, this.now())
  }
}

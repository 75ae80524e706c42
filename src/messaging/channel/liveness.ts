/**
 * When each member was last heard. Whoever waits asks for what is missing every 15 s at most, and whoever is at work says
 * so: who says nothing for two such spans may be gone. Nothing follows from it; it is for people to see.
 */
import type { Emit } from './events.js'
import type { Member } from './letters.js'
import { LAST_WANT } from './await.js'

const QUIET_AFTER = 2 * LAST_WANT

/** Who wants to know that something has come from a member that had not come before, and when to look who is quiet. */
export type Listener = {
  heard(member: Member): void
  look?(): void
  /** Nobody could be heard until now. */
  again?(): void
  /** When a member was last heard; null for never. */
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

  /** Tells of everybody who was heard once, and has been quiet since. */
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

/**
 * Requests that wait, as a board knows them: their askers may be away. Whoever reads them from the home hands in all of
 * them again and again, so here they count as asked for until they are no longer among them.
 */
import { hex } from '../../wire/base/text.js'
import type { ApprovalStatement } from '../../wire/ceremony/approval.js'
import type { Request } from '../../wire/ceremony/request.js'

/** A request that waits, and what has been said about it. */
export type Waiting = {
  /** The same object whenever it is handed in. */
  readonly request: Request
  readonly statements: readonly ApprovalStatement[]
  readonly refusals: readonly { readonly by: Uint8Array; readonly reason: string }[]
}

/** A board that takes up requests that wait. */
export type Holder = {
  /** Takes up all of them; those that were among them before and are no longer wait no more. */
  hold(waiting: readonly Waiting[]): void
  /** One of them has ended. @param signatures null: its asker has taken it back */
  endHeld(request: Request, signatures: readonly Uint8Array[] | null): void
  /** Whether a request waits, or did: its asker need not be there. */
  isHeld(request: Request): boolean
}

/** Hands the requests that wait to a board, until the returned function is called. */
export type Feed = (board: Holder) => () => void

export class HeldRequests {
  #now: ReadonlyMap<string, Request> = new Map()
  readonly #ever = new Set<string>()
  #at = 0

  /** @param requests all of them, the first to be signed first @param now milliseconds since 1970 */
  replace(requests: readonly Request[], now: number): void {
    this.#now = new Map(requests.map((request) => [hex(request.id), request]))
    for (const id of this.#now.keys()) this.#ever.add(id)
    this.#at = now
  }

  get(id: string): Request | undefined {
    return this.#now.get(id)
  }

  all(): Iterable<Request> {
    return this.#now.values()
  }

  /** Whether it waits, or did while this ran. */
  has({ id }: Pick<Request, 'id'>): boolean {
    return this.#ever.has(hex(id))
  }

  /** When it was last known to wait; 0 if it does not. */
  asked({ id }: Pick<Request, 'id'>): number {
    return this.#now.has(hex(id)) ? this.#at : 0
  }
}

/** One attempt at a session: its start, its session IDs, and the signal that ends it. */
import type { Member } from '../channel/letters.js'

export class Attempt {
  /** The attempt's ID, then the sid, as far as they are known. */
  readonly sessions: Uint8Array[] = []
  /** Whether this participant's new start ends the attempt; false once this member has voted. */
  mayLeave: (by: Member) => boolean
  /** Whether aborts and faults of others end the attempt; false once this member has voted. */
  mayAbort: boolean
  readonly #controller = new AbortController()
  /** While this member computes: the deferred aborts of others. */
  #deferred: (() => void)[] | null = null

  /**
   * @param began milliseconds since 1970
   * @param committed whether this member voted in it before it was restarted
   */
  constructor(
    readonly start: number,
    readonly began: number,
    committed: boolean,
  ) {
    this.mayLeave = () => !committed
    this.mayAbort = !committed
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Ends the attempt: everything that waits in it throws `reason`. */
  end(reason: Error): void {
    this.#controller.abort(reason)
  }

  /** Ends the attempt by another member's doing, unless this member has voted by then. */
  endByOther(reason: () => Error): void {
    const end = (): void => {
      if (this.mayAbort) this.end(reason())
    }
    if (this.#deferred) this.#deferred.push(end)
    else end()
  }

  /** No restart and no abort ends the attempt from here on. */
  commit(): void {
    this.mayLeave = () => false
    this.mayAbort = false
  }

  /** Defers aborts of others while this member computes. */
  computes(): void {
    this.#deferred ??= []
  }

  /** Lets deferred aborts take effect. */
  listens(): void {
    const deferred = this.#deferred ?? []
    this.#deferred = null
    for (const end of deferred) end()
  }
}

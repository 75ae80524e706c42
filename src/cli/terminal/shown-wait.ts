/** A wait that stands on the screen: it makes room for other lines and for questions, and comes back after them. */
import type { Style } from './style.js'

/** Where it is drawn. */
export type Screen = {
  readonly stream: NodeJS.WritableStream
  /** Whether lines may be drawn over. */
  readonly moving: boolean
  /** Whether one line that waits may spin there. */
  readonly spinning?: boolean
  readonly now: () => number
  /** How wide it is, where that is known. */
  readonly columns?: number | undefined
  /** Milliseconds for which a state must last to be worth a line. */
  readonly settle: number
  /** How large the terminal is now; null where it is none. */
  readonly size: () => { readonly columns: number; readonly rows: number } | null
}

export abstract class ShownWait {
  /** The sentence that says what is waited for; empty if nothing is. */
  protected what = ''
  /** Questions that stand where it would be drawn. */
  #questions = 0

  /** @param stopped called once the wait is over */
  constructor(
    readonly style: Style,
    readonly screen: Screen,
    readonly stopped: () => void,
  ) {}

  /** Puts the wait on the screen as it is now. */
  protected abstract put(): void

  /** Takes it off the screen, for other lines or a question. */
  abstract hide(): void

  show(): void {
    if (this.#questions === 0 && this.what !== '') this.put()
  }

  /** Makes room for a question, and keeps it until `resume`. */
  suspend(): void {
    this.#questions += 1
    this.hide()
  }

  resume(): void {
    this.#questions -= 1
    this.show()
  }

  /** Ends it. */
  stop(): void {
    this.hide()
    this.what = ''
    this.stopped()
  }
}

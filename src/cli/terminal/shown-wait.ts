/** A wait on the screen. It gives way to other lines and questions, and comes back after them. */
import type { Style } from './style.js'

export type Screen = {
  readonly stream: NodeJS.WritableStream
  /** Whether lines may be redrawn. */
  readonly moving: boolean
  /** Whether a spinner may be drawn. */
  readonly spinning?: boolean
  readonly now: () => number
  /** The width, if known. */
  readonly columns?: number | undefined
  /** Milliseconds that a state must last before it gets a line. */
  readonly settle: number
  /** The terminal's size now; null if there is no terminal. */
  readonly size: () => { readonly columns: number; readonly rows: number } | null
}

export abstract class ShownWait {
  /** The text of the wait; empty if there is none. */
  protected what = ''
  /** Questions that hide it. */
  #questions = 0

  /** @param stopped called when the wait ends */
  constructor(
    readonly style: Style,
    readonly screen: Screen,
    readonly stopped: () => void,
  ) {}

  /** Draws the wait. */
  protected abstract put(): void

  /** Removes it from the screen. */
  abstract hide(): void

  show(): void {
    if (this.#questions === 0 && this.what !== '') this.put()
  }

  /** Hides it until `resume`, for a question. */
  suspend(): void {
    this.#questions += 1
    this.hide()
  }

  resume(): void {
    this.#questions -= 1
    this.show()
  }

  stop(): void {
    this.hide()
    this.what = ''
    this.stopped()
  }
}

/** A question, and its presence on the screen. */
import type { Edited } from './line-editor.js'
import type { Style } from './style.js'

export type Question = {
  readonly text: string
  readonly secret: boolean
  /** The problem with an answer, or null. */
  readonly check: (answer: string) => string | null
  readonly signal: AbortSignal
  readonly output: NodeJS.WritableStream
  readonly style: Style
  /** The terminal's width now; null if it cannot be drawn on. */
  readonly columns: (() => number) | null
}

export type Standing = {
  /** Resolves to the first valid answer; rejects when the signal fires. */
  readonly answer: Promise<string>
  /** Shows the line after one more edit. */
  readonly show: (line: Edited) => void
  /** Submits the line. If it is invalid, the problem is shown and the line cleared. */
  readonly enter: () => void
}

/** Shows a question with this line in it until it is answered or the signal fires. */
export type Face = (line: Edited, signal: AbortSignal) => Standing

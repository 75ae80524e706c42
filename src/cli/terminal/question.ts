/** What a question is, and what it is for a question to stand on the screen. */
import type { Edited } from './line-editor.js'
import type { Style } from './style.js'

export type Question = {
  readonly text: string
  readonly secret: boolean
  /** What is wrong with an answer, or null. */
  readonly check: (answer: string) => string | null
  readonly signal: AbortSignal
  readonly output: NodeJS.WritableStream
  readonly style: Style
  /** Columns of the terminal now, where it can be drawn on. */
  readonly columns: (() => number) | null
}

/** A question that stands on the screen. */
export type Standing = {
  /** The first answer that nothing is wrong with; rejects when the signal fires. */
  readonly answer: Promise<string>
  /** The line is this now: one edit later. */
  readonly show: (line: Edited) => void
  /** The line is the answer. If something is wrong with it, that is said, and the line is empty again. */
  readonly enter: () => void
}

/** How a question looks: puts it with this line in it, until it is answered or the signal fires. */
export type Face = (line: Edited, signal: AbortSignal) => Standing

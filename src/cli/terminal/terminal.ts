/**
 * The person at the terminal: messages and questions, all on stderr. Questions need a terminal at stdin; otherwise
 * `yes | mpc sign` would approve.
 */
import { Failure } from '../../wire/base/failure.js'
import { Board } from './progress.js'
import type { Screen } from './shown-wait.js'
import { fold, layOut, type Line, rowsOf } from './layout.js'
import { put } from './ask.js'
import { Spinner } from './spinner.js'
import type { Style } from './style.js'

export type Asking = {
  /** The flag with which a script answers. */
  readonly flag: string
  /** Cancels the question and is thrown as its reason. */
  readonly signal?: AbortSignal
}

export type Waiting = Pick<Board, 'waiting' | 'stop'>

/** Milliseconds before a wait gets a spinner, or a line that stays. */
const SPIN_AFTER = 300
const SAY_AFTER = 1000
/** Rows for a question below its text. */
const QUESTION = 3
/** Columns of the mark before a question. */
const MARK = 2

export class Terminal {
  /** The current wait on the screen. */
  #board: Board | Spinner | null = null
  /** Lines held back until the current question is answered; null if there is none. */
  #held: Line[] | null = null

  /**
   * @param interactive whether a person can answer
   * @param screen stderr
   * @param signal fires on Ctrl-C
   */
  constructor(
    readonly interactive: boolean,
    readonly style: Style,
    readonly screen: Screen,
    readonly signal: AbortSignal,
  ) {}

  /** Prints lines, but never in the middle of a question. */
  say(...lines: readonly Line[]): void {
    if (this.#held) {
      this.#held.push(...lines)
      return
    }
    this.#board?.hide()
    this.#write(layOut(lines, this.#columns()))
    this.#board?.show()
  }

  /** Prints lines that a person must read before a question, in pages if they would scroll away. */
  async read(lines: readonly Line[], signal?: AbortSignal, from: 'start' | 'end' = 'end'): Promise<void> {
    const size = this.screen.size()
    if (!this.interactive || size === null) return this.say(...lines)
    const all = layOut(lines, size.columns)
    const turned = (each: readonly string[]): string[] => each.toReversed()
    const paged = pagesOf(from === 'end' ? all : turned(all), size.columns, Math.max(3, size.rows - QUESTION))
    const pages = from === 'end' ? paged : paged.map(turned).toReversed()
    const asking = { flag: '--no-input', ...(signal && { signal }) }
    for (const [i, page] of pages.entries()) {
      this.say(...page)
      if (i + 1 === pages.length) return
      if ((await this.ask('Enter shows more, q stops:', asking)) === 'q') return
    }
  }

  /** Asks for one line of text. @param check the problem with it, or null */
  ask(
    question: string,
    asking: Asking,
    check: (text: string) => string | null = () => null,
  ): Promise<string> {
    return this.#prompt(question, asking, false, check)
  }

  /** Asks for a secret without showing it or its length. */
  askSecret(question: string, asking: Asking): Promise<string> {
    return this.#prompt(question, asking, true)
  }

  /**
   * Returns the answer that the person types in full, or null for `refusal`. There is no y or n, which habit would answer.
   * The refusal is matched first: an answer may be a name that somebody else chose, and typing the refusal must refuse.
   */
  async askTyped<A extends string>(
    question: string,
    refusal: string,
    answers: readonly A[],
    asking: Asking,
  ): Promise<A | null> {
    const find = (text: string): A | null | undefined =>
      normal(text) === normal(refusal) ? null : answers.find((answer) => normal(answer) === normal(text))
    const wrong = `type ${[...answers, refusal].map((answer) => `"${answer}"`).join(' or ')}`
    const text = await this.ask(question, asking, (typed) => (find(typed) === undefined ? wrong : null))
    return find(text) ?? null
  }

  /** Requires the person to type `word`. @throws Failure `E_REFUSED` (refused) if they type no */
  async confirm(question: string, word: string, asking: Asking): Promise<void> {
    this.requirePerson(question, asking)
    this.say(question)
    const typed = await this.askTyped(`Type "${word}", or no:`, 'no', [word], asking)
    if (typed === null) throw saidNo()
  }

  /**
   * Shows `what` if `work` takes a moment.
   * @param inLines whether it is worth a line without a spinner
   */
  async busy<T>(what: string, work: Promise<T>, inLines = true): Promise<T> {
    const { spinning = false } = this.screen
    if (!spinning && !inLines) return work
    let line: Waiting | null = null
    const later = setTimeout(
      () => {
        line = this.waits(what)
      },
      spinning ? SPIN_AFTER : SAY_AFTER,
    )
    try {
      return await work
    } finally {
      clearTimeout(later)
      ;(line as Waiting | null)?.stop()
    }
  }

  /** Shows a wait of one line until it is stopped, with a spinner if possible. */
  waits(what: string): Waiting {
    const line = this.#shown((stopped) =>
      this.screen.spinning
        ? new Spinner(this.style, this.screen, stopped)
        : new Board([], this.style, this.screen, stopped),
    )
    line.waiting(what, null)
    return line
  }

  /** Shows who is here and who is missing until it is stopped. There is one at a time. */
  board(names: readonly string[]): Board {
    return this.#shown((stopped) => new Board(names, this.style, this.screen, stopped))
  }

  #shown<W extends Board | Spinner>(make: (stopped: () => void) => W): W {
    this.#board?.stop()
    const made = make(() => {
      if (this.#board === made) this.#board = null
    })
    this.#board = made
    if (this.#held) made.suspend()
    return made
  }

  /** @throws Failure `E_NO_INPUT` (usage) if nobody can be asked */
  requirePerson(question: string, { flag }: Asking): void {
    if (this.interactive) return
    throw new Failure('usage', 'E_NO_INPUT', `nobody can be asked: ${question.replace(/[:?]$/, '')}`, {
      hint: `give ${flag}, or run it at a terminal`,
    })
  }

  async #prompt(
    text: string,
    asking: Asking,
    secret: boolean,
    check: (text: string) => string | null = () => null,
  ): Promise<string> {
    this.requirePerson(text, asking)
    const signal = asking.signal ? AbortSignal.any([this.signal, asking.signal]) : this.signal
    signal.throwIfAborted()
    this.#board?.suspend()
    this.#held = []
    try {
      const folded = fold(text, Math.max(1, (this.#columns() ?? Number.POSITIVE_INFINITY) - MARK)).join('\n')
      const columns = this.screen.moving ? () => this.#columns() ?? 80 : null
      const { stream: output } = this.screen
      return await put({ text: folded, secret, check, signal, output, style: this.style, columns })
    } finally {
      const held = this.#held
      this.#held = null
      if (held.length > 0) this.#write(layOut(held, this.#columns()))
      this.#board?.resume()
    }
  }

  #columns(): number | null {
    return this.screen.size()?.columns ?? null
  }

  #write(lines: readonly string[]): void {
    for (const line of lines) this.screen.stream.write(`${line}\n`)
  }
}

/** The failure when a person refuses. */
export const saidNo = (): Failure =>
  new Failure('refused', 'E_REFUSED', 'you said no', { hint: 'nothing was done' })

/** Splits lines into pages of `rows`, from the end, so that the last page is full and stands beside the question. */
function pagesOf(lines: readonly string[], columns: number, rows: number): string[][] {
  const pages: string[][] = [[]]
  let left = rows
  for (const line of lines.toReversed()) {
    const taken = rowsOf(line, columns)
    if (taken > left && left < rows) {
      pages.unshift([])
      left = rows
    }
    pages[0]?.unshift(line)
    left -= taken
  }
  return pages
}

const normal = (text: string): string =>
  text
    .trim()
    .toLowerCase()
    .split(/[\s-]+/)
    .join(' ')

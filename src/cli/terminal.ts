/**
 * The person at the terminal: what is said to them and asked of them, all on stderr. Nobody is asked unless stdin is a
 * terminal: the prompt library would take its answers from a pipe, and `yes | mpc sign` would approve.
 */
import { Failure } from '../wire/failure.js'
import { Board, type Screen } from './board.js'
import { interrupted } from './exit.js'
import type { Style } from './style.js'

export type Asking = {
  /** The flag by which a script gives the same. */
  readonly flag: string
  /** Cancels the question; its reason is thrown. */
  readonly signal?: AbortSignal
}

type PromptContext = { readonly output: NodeJS.WritableStream; readonly signal: AbortSignal }

export class Terminal {
  #board: Board | null = null

  /**
   * @param interactive whether there is somebody to ask
   * @param screen stderr, and whether lines may move on it
   * @param signal fires on Ctrl-C
   */
  constructor(
    readonly interactive: boolean,
    readonly style: Style,
    readonly screen: Screen,
    readonly signal: AbortSignal,
  ) {}

  /** Says lines to the person. */
  say(...lines: readonly string[]): void {
    this.#board?.hide()
    for (const line of lines) this.screen.stream.write(`${line}\n`)
    this.#board?.show()
  }

  /** One line of text. `check` gives what is wrong with it, or null. */
  ask(
    question: string,
    asking: Asking,
    check: (text: string) => string | null = () => null,
  ): Promise<string> {
    return this.#prompt(question, asking, async (context) => {
      const { input } = await import('@inquirer/prompts')
      const message = question
      return input({ message, validate: (text) => check(text.trim()) ?? true }, context).then((text) =>
        text.trim(),
      )
    })
  }

  /** A secret: shown as nothing, not even its length. */
  askSecret(question: string, asking: Asking): Promise<string> {
    return this.#prompt(question, asking, async (context) => {
      const { password } = await import('@inquirer/prompts')
      return password({ message: question, toggleMask: false }, context)
    })
  }

  /** The one of `answers` that the person types in full; never y or n, so that no habit answers. */
  async askTyped<A extends string>(question: string, answers: readonly A[], asking: Asking): Promise<A> {
    const find = (text: string): A | undefined => answers.find((answer) => normal(answer) === normal(text))
    const wrong = `type ${answers.map((answer) => `"${answer}"`).join(' or ')}`
    const text = await this.ask(question, asking, (typed) => (find(typed) === undefined ? wrong : null))
    return find(text) as A
  }

  /** Goes on only if the person types `word`. @throws Failure `E_REFUSED` (refused) if they type no */
  async confirm(question: string, word: string, asking: Asking): Promise<void> {
    this.#requirePerson(question, asking)
    this.say(question)
    const typed = await this.askTyped(`Type "${word}", or no:`, [word, 'no'], asking)
    if (typed === 'no' && word !== 'no') {
      throw new Failure('refused', 'E_REFUSED', 'you said no', { hint: 'nothing was done' })
    }
  }

  /** Says what is going on if `work` takes longer than a second. */
  async busy<T>(what: string, work: Promise<T>): Promise<T> {
    let board: Board | null = null
    const later = setTimeout(() => {
      board = this.board([])
      board.waiting(what, null)
    }, 1000)
    try {
      return await work
    } finally {
      clearTimeout(later)
      ;(board as Board | null)?.stop()
    }
  }

  /** Shows who is here and who is missing, until it is stopped. One at a time. */
  board(names: readonly string[]): Board {
    this.#board?.stop()
    const board = new Board(names, this.style, this.screen, () => {
      if (this.#board === board) this.#board = null
    })
    this.#board = board
    return board
  }

  async #prompt(
    question: string,
    asking: Asking,
    ask: (context: PromptContext) => Promise<string>,
  ): Promise<string> {
    this.#requirePerson(question, asking)
    const signal = asking.signal ? AbortSignal.any([this.signal, asking.signal]) : this.signal
    signal.throwIfAborted()
    const board = this.#board
    board?.suspend()
    try {
      return await ask({ output: process.stderr, signal })
    } catch (error) {
      if (signal.aborted) throw signal.reason
      if (error instanceof Error && error.name === 'ExitPromptError') throw interrupted()
      throw error
    } finally {
      board?.resume()
    }
  }

  #requirePerson(question: string, { flag }: Asking): void {
    if (this.interactive) return
    throw new Failure('usage', 'E_NO_INPUT', `nobody is here to ask: ${question.replace(/[:?]$/, '')}`, {
      hint: `give ${flag}, or run it at a terminal`,
    })
  }
}

const normal = (text: string): string =>
  text
    .trim()
    .toLowerCase()
    .split(/[\s-]+/)
    .join(' ')

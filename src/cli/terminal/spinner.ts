/** One line that waits, with a sign that the program is alive: drawn by `ora`. Several lines are `progress.ts`. */
import type { Ora } from 'ora'
import type { Screen } from './progress.js'
import { fold } from './layout.js'
import type { Style } from './style.js'

/** Columns of the sign before the line, and of the blank after it. */
const SIGN = 2

export class Spinner {
  #what = ''
  #drawn: Ora | null = null
  /** Whether it is to stand on the screen, as soon as the library is loaded. */
  #wanted = false
  /** How many questions stand where it would be drawn. */
  #questions = 0

  constructor(
    readonly style: Style,
    readonly screen: Screen,
    readonly stopped: () => void,
  ) {}

  /** What is waited for now. */
  waiting(what: string): void {
    this.#what = what
    this.show()
  }

  show(): void {
    if (this.#questions > 0 || this.#what === '') return
    if (this.#drawn) this.#drawn.text = this.#text()
    else if (!this.#wanted) {
      this.#wanted = true
      void this.#draw()
    }
  }

  /** Takes it off the screen, for other lines or a question. */
  hide(): void {
    this.#wanted = false
    this.#drawn?.stop()
    this.#drawn = null
  }

  /** Makes room for a question, and keeps it until the question is answered. */
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
    this.#what = ''
    this.stopped()
  }

  async #draw(): Promise<void> {
    const { default: ora } = await import('ora')
    if (!this.#wanted || this.#drawn) return
    const { stream } = this.screen
    const text = this.#text()
    const color = this.style.colored ? 'cyan' : false
    // The keyboard is not its own, and a cursor that it hid would stay hidden where Ctrl-Z stops the program.
    this.#drawn = ora({
      text,
      color,
      stream,
      isEnabled: true,
      discardStdin: false,
      hideCursor: false,
    }).start()
  }

  #text(): string {
    const { columns = 80 } = this.screen.size() ?? {}
    return fold(this.#what, Math.max(1, columns - SIGN)).join('\n')
  }
}

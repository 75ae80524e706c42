/** One line that waits, with a sign that the program is alive: drawn by `ora`. Several lines are `progress.ts`. */
import type { Ora } from 'ora'
import { fold } from './layout.js'
import { ShownWait } from './shown-wait.js'

/** Columns of the sign before the line, and of the blank after it. */
const SIGN = 2

export class Spinner extends ShownWait {
  #drawn: Ora | null = null
  /** Whether it is to stand on the screen, as soon as the library is loaded. */
  #wanted = false

  /** What is waited for now. */
  waiting(what: string): void {
    this.what = what
    this.show()
  }

  protected override put(): void {
    if (this.#drawn) this.#drawn.text = this.#text()
    else if (!this.#wanted) {
      this.#wanted = true
      void this.#draw()
    }
  }

  override hide(): void {
    this.#wanted = false
    this.#drawn?.stop()
    this.#drawn = null
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
    return fold(this.what, Math.max(1, columns - SIGN)).join('\n')
  }
}

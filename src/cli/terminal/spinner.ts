/** One waiting line with a spinner, drawn by `ora`. `progress.ts` draws several lines. */
import type { Ora } from 'ora'
import { fold } from './layout.js'
import { ShownWait } from './shown-wait.js'

/** Columns of the spinner, with its blank. */
const SIGN = 2

export class Spinner extends ShownWait {
  #drawn: Ora | null = null
  /** Whether to draw it once the library is loaded. */
  #wanted = false

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
    // ora must leave the keyboard alone; a cursor that it hid would stay hidden after Ctrl-Z.
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

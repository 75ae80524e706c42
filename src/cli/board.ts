/**
 * The waiting screen: what is waited for, who is here and who is missing, the time left, and how to leave. On a
 * terminal it moves; elsewhere, and with --plain, a line is printed whenever something changed.
 */
import type { Ora } from 'ora'
import type { Mark, Style } from './style.js'

/** Where it is drawn. */
export type Screen = {
  readonly stream: NodeJS.WritableStream
  /** Whether lines may be drawn over. */
  readonly moving: boolean
  readonly now: () => number
  /** Milliseconds for which a state must last to be worth a line. */
  readonly settle: number
}

export class Board {
  readonly #marks: Map<string, Mark>
  #what = ''
  #until: number | null = null
  #said = ''
  #shown = false
  /** How many questions stand where it would be drawn. */
  #questions = 0
  #spinner: Ora | null = null
  #clock: NodeJS.Timeout | null = null
  #saying: NodeJS.Timeout | null = null

  constructor(
    names: readonly string[],
    readonly style: Style,
    readonly screen: Screen,
    readonly stopped: () => void,
  ) {
    this.#marks = new Map(names.map((name) => [name, 'missing']))
  }

  /** What is waited for now, and until when (milliseconds since 1970). */
  waiting(what: string, until: number | null): void {
    this.#what = what
    this.#until = until
    this.show()
  }

  /** How these members stand; others keep their marks. */
  mark(names: readonly string[], mark: Mark): void {
    for (const name of names) if (this.#marks.has(name)) this.#marks.set(name, mark)
    this.show()
  }

  /** Everybody at once: `names` are waited for, the others have come. */
  missing(names: readonly string[]): void {
    for (const name of this.#marks.keys()) this.#marks.set(name, names.includes(name) ? 'missing' : 'here')
    this.show()
  }

  /** Draws it, or says what changed. */
  show(): void {
    if (this.#questions > 0) return
    if (this.#what === '') return
    if (!this.screen.moving) return this.#say()
    this.#shown = true
    this.#clock ??= setInterval(() => this.#draw(), 1000).unref()
    if (this.#spinner) this.#draw()
    else void this.#load()
  }

  /** Takes it off the screen, for other lines or a question. */
  hide(): void {
    this.#shown = false
    if (this.#saying) clearTimeout(this.#saying)
    this.#saying = null
    if (this.#clock) clearInterval(this.#clock)
    this.#clock = null
    this.#spinner?.stop()
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

  async #load(): Promise<void> {
    const { default: ora } = await import('ora')
    // Not discarding stdin, which would put the terminal into a mode where Ctrl-C is only a key.
    this.#spinner ??= ora({ stream: this.screen.stream, discardStdin: false, isEnabled: true })
    this.#draw()
  }

  #draw(): void {
    if (!this.#spinner || !this.#shown) return
    const members = [...this.#marks].map(([name, mark]) => `\n  ${this.style.member(name, mark)}`)
    this.#spinner.text = `${this.#what}${this.style.dim(this.#timeLeft())}${members.join('')}`
    if (!this.#spinner.isSpinning) this.#spinner.start()
  }

  /** In lines: what still stands a moment later, so that what passes at once is not a line each. */
  #say(): void {
    if (this.screen.settle === 0) return this.#line()
    this.#saying ??= setTimeout(() => {
      this.#saying = null
      this.#line()
    }, this.screen.settle).unref()
  }

  #line(): void {
    const members = [...this.#marks].map(([name, mark]) => this.style.member(name, mark)).join(', ')
    const line = members === '' ? this.#what : `${this.#what} (${members})`
    if (line === this.#said) return
    this.#said = line
    this.screen.stream.write(`${line}\n`)
  }

  #timeLeft(): string {
    if (this.#until === null) return ''
    const seconds = Math.max(0, Math.ceil((this.#until - this.screen.now()) / 1000))
    return `  ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')} left, Ctrl-C leaves`
  }
}

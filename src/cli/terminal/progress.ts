/**
 * The waiting screen: the current step, who is here and who is missing, the time left, and the effect of Ctrl-C. A
 * terminal shows it in place; otherwise, and with --plain, each change prints a line.
 */
import { fold, rowsOf, width } from './layout.js'
import { type Screen, ShownWait } from './shown-wait.js'
import type { Mark, Style } from './style.js'

export const LEAVE = 'Ctrl-C leaves'

export class Board extends ShownWait {
  readonly #marks: Map<string, Mark>
  #quiet: ReadonlyMap<string, number> = new Map()
  #until: number | null = null
  #leave = LEAVE
  #said = ''
  #saidWhat = ''
  /** The lines on the screen, to draw over. */
  #drawn: readonly string[] = []
  #clock: NodeJS.Timeout | null = null
  #saying: NodeJS.Timeout | null = null

  constructor(names: readonly string[], style: Style, screen: Screen, stopped: () => void) {
    super(style, screen, stopped)
    this.#marks = new Map(names.map((name) => [name, 'missing']))
  }

  /**
   * @param until milliseconds since 1970
   * @param leave the effect of Ctrl-C meanwhile
   */
  waiting(what: string, until: number | null, leave = LEAVE): void {
    this.what = what
    this.#until = until
    this.#leave = leave
    this.show()
  }

  /** Marks these members; the others keep their marks. */
  mark(names: readonly string[], mark: Mark): void {
    for (const name of names) if (this.#marks.has(name)) this.#marks.set(name, mark)
    this.show()
  }

  /** Silent members, and when they were last heard (milliseconds since 1970). The map is read at every drawing. */
  quiet(since: ReadonlyMap<string, number>): void {
    this.#quiet = since
  }

  /** Marks all members: `names` are missing, the others here. */
  missing(names: readonly string[]): void {
    for (const name of this.#marks.keys()) this.#marks.set(name, names.includes(name) ? 'missing' : 'here')
    this.show()
  }

  protected override put(): void {
    if (!this.screen.moving) return this.#say()
    this.#clock ??= setInterval(() => this.#draw(), 1000).unref()
    this.#draw()
  }

  override hide(): void {
    if (this.#saying) clearTimeout(this.#saying)
    this.#saying = null
    if (this.#clock) clearInterval(this.#clock)
    this.#clock = null
    if (this.#drawn.length > 0) this.screen.stream.write(this.#erasing())
    this.#drawn = []
  }

  #draw(): void {
    // Drawing over works only for lines that are on the screen, so the rest is cut.
    const lines = this.#lines().slice(0, Math.max(1, (this.screen.size()?.rows ?? 24) - 1))
    this.screen.stream.write(`${this.#erasing()}${lines.join('\n')}\n`)
    this.#drawn = lines
  }

  /** Moves up to the first line and clears from there. The terminal may have become narrower. */
  #erasing(): string {
    const { columns = 80 } = this.screen.size() ?? {}
    const rows = this.#drawn.reduce((sum, line) => sum + rowsOf(line, columns), 0)
    return rows === 0 ? '' : `\u001b[${rows}A\r\u001b[J`
  }

  /** One line a member if they fit; else all in one line, else only the missing ones. */
  #lines(): string[] {
    const { columns = 80, rows = 24 } = this.screen.size() ?? {}
    const members = this.#members((since) => `  ${this.style.dim(since)}`)
    const absent = [...this.#marks].flatMap(([name, mark]) => (mark === 'here' ? [] : [name]))
    const head = this.#head(columns)
    const room = Math.max(1, rows - 1 - head.length)
    if (members.length <= room) return [...head, ...members.flatMap((each) => fold(`  ${each}`, columns))]
    const inOne = packed(members, columns)
    if (inOne.length <= room) return [...head, ...inOne]
    const here = this.#marks.size - absent.length
    const counted = fold(`  ${here} of ${this.#marks.size} here; missing: ${absent.join(', ')}`, columns)
    return [...head, ...counted.slice(0, room)]
  }

  #head(columns: number): string[] {
    const time = this.#timeLeft()
    const one = `${this.what}${time && `  ${this.style.dim(time)}`}`
    if (width(one) <= columns || time === '') return fold(one, columns)
    return [...fold(this.what, columns), ...fold(`  ${time}`, columns).map((line) => this.style.dim(line))]
  }

  /** Prints a line once a state has lasted, so that short ones print nothing. */
  #say(): void {
    if (this.screen.settle === 0) return this.#line()
    this.#saying ??= setTimeout(() => {
      this.#saying = null
      this.#line()
    }, this.screen.settle).unref()
  }

  #line(): void {
    const members = this.#members((since) => ` (${since})`).join(', ')
    // A silent member is reported once, not every second.
    const state = `${this.what} (${this.#members(() => ' (quiet)').join(', ')})`
    if (state === this.#said) return
    // The time left is printed once a step.
    const time = this.what === this.#saidWhat ? '' : this.#timeLeft()
    this.#said = state
    this.#saidWhat = this.what
    const notes = [members, time].filter((note) => note !== '').join('; ')
    const line = notes === '' ? this.what : `${this.what} (${notes})`
    const lines = fold(line, this.screen.size()?.columns ?? Number.POSITIVE_INFINITY)
    this.screen.stream.write(`${lines.join('\n')}\n`)
  }

  /** Members with their marks, and when they were last heard if they have become silent. */
  #members(note: (since: string) => string): string[] {
    return [...this.#marks].map(([name, mark]) => {
      const since = mark === 'here' ? this.#quiet.get(name) : undefined
      const shown = this.style.member(name, mark)
      return since === undefined ? shown : `${shown}${note(lastHeard(this.screen.now() - since))}`
    })
  }

  #timeLeft(): string {
    if (this.#until === null) return ''
    const seconds = Math.max(0, Math.ceil((this.#until - this.screen.now()) / 1000))
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')} left, ${this.#leave}`
  }
}

function lastHeard(span: number): string {
  const seconds = Math.max(0, Math.round(span / 1000))
  return `last heard ${seconds < 120 ? `${seconds} s` : `${Math.floor(seconds / 60)} min`} ago`
}

/** Items side by side, as many as fit in a line. */
function packed(items: readonly string[], columns: number): string[] {
  const lines: string[] = []
  for (const item of items) {
    const last = lines.at(-1)
    if (last !== undefined && width(last) + 2 + width(item) <= columns)
      lines[lines.length - 1] = `${last}  ${item}`
    else lines.push(`  ${item}`)
  }
  return lines
}

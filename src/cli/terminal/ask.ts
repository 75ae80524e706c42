/**
 * How a question is put: drawn where lines may move, else as a line that grows, which a dumb terminal, a screen reader
 * and a log can follow. The terminal is raw for as long as a question stands: every key comes here, and a secret is
 * shown nowhere.
 */
import { emitKeypressEvents, type Key } from 'node:readline'
import type { ReadStream } from 'node:tty'
import { columns, type Edited, edit, EMPTY, retyped } from './line-editor.js'
import { interrupted } from './exit.js'
import { fold, rowsOf, width } from './layout.js'
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

/** How a question looks, and what becomes of it. */
type Face = {
  /** Shows the line as it stands now, with what was wrong with the last one. */
  readonly show: (line: Edited, problem: string | null) => void
  /** The answer was taken, or nobody will give one. */
  readonly end: (line: Edited, taken: boolean) => void
  /** What stands there was drawn over: by a shell, say, while this program was stopped. */
  readonly anew: () => void
}

/** @throws Failure `E_INTERRUPTED` on Ctrl-C, on Ctrl-D and when the terminal is gone; the signal's reason */
export async function put(question: Question, input: ReadStream = process.stdin): Promise<string> {
  question.signal.throwIfAborted()
  const face = question.columns ? drawn(question, question.columns) : inLines(question)
  const answer = await hear(question, face, input)
  return question.secret ? answer : answer.trim()
}

/** Listens to the keys until there is an answer. What was typed ahead of the question is no answer to it. */
async function hear({ secret, check, signal }: Question, face: Face, input: ReadStream): Promise<string> {
  const raw = (on: boolean): void => void (input.isTTY && input.setRawMode(on))
  let line = EMPTY
  let problem: string | null = null
  let [asked, stopped] = [false, false]
  let resolve: (answer: string) => void = () => undefined
  let reject: (reason: unknown) => void = () => undefined
  const answered = new Promise<string>((...both) => ([resolve, reject] = both))
  const again = (): void => {
    stopped = false
    // The terminal may be no longer as it was left, though Node remembers it so.
    raw(false)
    raw(true)
    face.anew()
    if (asked) face.show(line, problem)
  }
  const stop = (): void => {
    stopped = true
    raw(false)
    process.kill(0, 'SIGTSTP')
    // Where no shell takes care of jobs nothing was stopped, and no signal will say that it goes on.
    setTimeout(() => stopped && again(), 100)
  }
  const take = (): void => {
    const answer = line.text.join('')
    problem = secret ? null : check(answer.trim())
    if (problem === null) return resolve(answer)
    line = EMPTY
    face.show(line, problem)
  }
  const press = (typed: string | undefined, key: Key): void => {
    if (!asked || stopped) return
    const next = edit(line, typed, key)
    if (next === 'enter') return take()
    if (next === 'stop') return stop()
    if (next === 'kill') return void process.kill(0, 'SIGQUIT')
    if (typeof next === 'string') return reject(interrupted())
    line = next
    problem = null
    face.show(line, problem)
  }
  const leave = (): void => reject(signal.reason)
  const gone = (): void => reject(interrupted())
  emitKeypressEvents(input)
  raw(true)
  signal.addEventListener('abort', leave)
  process.on('SIGCONT', again)
  input.on('keypress', press).on('end', gone).resume()
  let taken = false
  try {
    await Promise.race([answered, drained()])
    asked = true
    face.show(line, problem)
    const answer = await answered
    taken = true
    return answer
  } finally {
    face.end(line, taken)
    signal.removeEventListener('abort', leave)
    process.off('SIGCONT', again)
    input.off('keypress', press).off('end', gone).pause()
    raw(false)
  }
}

/** Once the event loop has read what was there before: it does so between two of these. */
async function drained(): Promise<void> {
  for (let i = 0; i < 2; i++) await new Promise((resolve) => setImmediate(resolve))
}

/** Drawn in place, and over again at every key. */
function drawn({ text, secret, output, style }: Question, columnsNow: () => number): Face {
  /** Rows between the first one and that of the cursor. */
  let above = 0
  let draws = false
  const draw = (
    mark: string,
    { text: typed, at }: Edited,
    paint: (text: string) => string,
    below: string,
  ): void => {
    const room = columnsNow()
    const shown = secret ? [] : typed
    const before = secret ? '' : typed.slice(0, at).join('')
    const lines = `${mark} ${style.bold(text)}`.split('\n')
    const head = `${lines.pop() ?? ''} `
    const rows = lines.reduce((sum, line) => sum + rowsOf(line, room), 0)
    const [full, cursor] = [width(head) + columns(shown), width(head) + width(before)]
    // A terminal that has filled a row goes on to the next with the next character only.
    const turn = full % room === 0 ? '\n' : ''
    const last = rows + Math.floor(full / room) + (below === '' ? 0 : rowsOf(below, room))
    const row = rows + Math.floor(cursor / room)
    const all = [...lines, head + paint(shown.join('')) + turn, ...(below === '' ? [] : [below])].join('\n')
    output.write(`${up(above)}\r\u001b[J${all}${up(last - row)}\r${right(cursor % room)}`)
    above = row
    draws = true
  }
  return {
    show: (line, problem) =>
      draw('?', line, (shown) => shown, problem === null ? '' : style.bad(`> ${problem}`)),
    end: ({ text: typed }, taken) => {
      // No mark of success for a secret: what was typed is not known to be right.
      const mark = taken && !secret ? style.good('✔') : '?'
      const answer = secret ? '' : ` ${style.dim(typed.join(''))}`
      const lines = `${mark} ${style.bold(text)}${answer}`
        .split('\n')
        .flatMap((line) => fold(line, columnsNow()))
      output.write(`${draws ? `${up(above)}\r\u001b[J${lines.join('\n')}` : ''}\n`)
    },
    anew: () => {
      above = 0
    },
  }
}

const up = (rows: number): string => (rows > 0 ? `\u001b[${rows}A` : '')
const right = (places: number): string => (places > 0 ? `\u001b[${places}C` : '')

/** In lines: what is typed is added at the end, and what is wrong is a line of its own. */
function inLines({ text, secret, output }: Question): Face {
  let before: Edited | null = null
  return {
    show: (line, problem) => {
      if (problem !== null) {
        output.write(`\n${problem}\n`)
        before = null
      }
      if (before === null) output.write(`${text} `)
      if (!secret) output.write(retyped(before ?? EMPTY, line))
      before = line
    },
    end: () => void output.write('\n'),
    anew: () => {
      before = null
    },
  }
}

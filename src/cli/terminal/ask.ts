/**
 * Asks one question. It is drawn if lines may move; otherwise it is plain lines, for dumb terminals, screen readers and
 * logs. The terminal is in raw mode while a question stands, so every key comes here and a secret is never echoed.
 */
import { emitKeypressEvents, type Key } from 'node:readline'
import type { ReadStream } from 'node:tty'
import { type Edited, edit, EMPTY, retyped } from './line-editor.js'
import { interrupted } from './exit.js'
import type { Face, Question, Standing } from './question.js'

/** @throws Failure `E_INTERRUPTED` on Ctrl-C, Ctrl-D or a closed terminal; the signal's reason */
export async function put(question: Question, input: ReadStream = process.stdin): Promise<string> {
  question.signal.throwIfAborted()
  const face = question.columns
    ? (await import('./drawn.js')).drawn(question, question.columns)
    : inLines(question)
  const answer = await hear(question.signal, face, input)
  return question.secret ? answer : answer.trim()
}

/** The reason to ask again: this program was stopped, or should be, by this signal. */
type Pause = { readonly by: 'SIGTSTP' | 'SIGQUIT' | null }

/** Listens to keys until there is an answer. Input typed before the question does not count. */
async function hear(signal: AbortSignal, face: Face, input: ReadStream): Promise<string> {
  const raw = (on: boolean): void => void (input.isTTY && input.setRawMode(on))
  let line = EMPTY
  let standing: Standing | null = null
  let pause: Pause | null = null
  let leave = new AbortController()
  const end = (why: Pause | null): void => {
    pause = why
    leave.abort(interrupted())
  }
  const press = (typed: string | undefined, key: Key): void => {
    if (!standing) return
    const next = edit(line, typed, key)
    if (next === 'enter') return enter(standing)
    if (next === 'stop') return end({ by: 'SIGTSTP' })
    if (next === 'kill') return end({ by: 'SIGQUIT' })
    if (typeof next === 'string') return end(null)
    line = next
    standing.show(line)
  }
  const enter = (asked: Standing): void => {
    line = EMPTY
    asked.enter()
    // Keys typed before the person can see the problem are not a new answer.
    standing = null
    setImmediate(() => {
      if (!leave.signal.aborted) standing = asked
    })
  }
  // A shell may have drawn over the question and changed the terminal's mode.
  const anew = (): void => {
    if (standing) end({ by: null })
  }
  const gone = (): void => end(null)
  emitKeypressEvents(input)
  raw(true)
  process.on('SIGCONT', anew)
  input.on('keypress', press).on('end', gone).resume()
  try {
    await drained()
    for (;;) {
      const until = AbortSignal.any([signal, leave.signal])
      until.throwIfAborted()
      try {
        const asked = face(line, until)
        standing = asked
        return await asked.answer
      } catch (error) {
        if (!until.aborted) throw error
        if (signal.aborted || pause === null) throw until.reason
      } finally {
        standing = null
      }
      const { by }: Pause = pause
      ;[pause, leave] = [null, new AbortController()]
      raw(false)
      if (by !== null) await stopped(by)
      raw(true)
    }
  } finally {
    process.off('SIGCONT', anew)
    input.off('keypress', press).off('end', gone).pause()
    raw(false)
  }
}

/** Stops this process group until it continues. */
async function stopped(by: NodeJS.Signals): Promise<void> {
  const goesOn = new Promise<void>((resolve) => void process.once('SIGCONT', resolve))
  process.kill(0, by)
  // Without job control nothing stops, and no SIGCONT follows.
  await Promise.race([goesOn, new Promise((resolve) => setTimeout(resolve, 100)).then(drained)])
}

/** Waits until the event loop has read pending input, which it does between two immediates. */
async function drained(): Promise<void> {
  for (let i = 0; i < 2; i++) await new Promise((resolve) => setImmediate(resolve))
}

/** A face of plain lines: typed text is appended, and a problem gets its own line. */
function inLines({ text, secret, check, output }: Question): Face {
  return (first, signal) => {
    let before: Edited = first
    const { promise, resolve, reject } = resolvers()
    const put = (line: Edited): void => {
      output.write(`${text} ${secret ? '' : retyped(EMPTY, line)}`)
      before = line
    }
    const leave = (): void => {
      output.write('\n')
      reject(signal.reason)
    }
    signal.addEventListener('abort', leave)
    put(first)
    return {
      answer: promise.finally(() => signal.removeEventListener('abort', leave)),
      show: (line) => {
        if (!secret) output.write(retyped(before, line))
        before = line
      },
      enter: () => {
        const answer = before.text.join('')
        const problem = secret ? null : check(answer.trim())
        output.write('\n')
        if (problem === null) return resolve(answer)
        output.write(`${problem}\n`)
        put(EMPTY)
      },
    }
  }
}

function resolvers() {
  let resolve: (answer: string) => void = () => undefined
  let reject: (reason: unknown) => void = () => undefined
  const promise = new Promise<string>((...both) => ([resolve, reject] = both))
  return { promise, resolve, reject }
}

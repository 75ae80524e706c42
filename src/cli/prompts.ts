/**
 * How a question is put: drawn by the prompt library where lines may move, else as a line that the terminal itself
 * echoes, which a dumb terminal, a screen reader and a log can follow.
 */
import { StringDecoder } from 'node:string_decoder'
import type { ReadStream } from 'node:tty'
import { interrupted } from './exit.js'

export type Question = {
  readonly text: string
  readonly secret: boolean
  /** What is wrong with an answer, or null. */
  readonly check: (answer: string) => string | null
  readonly signal: AbortSignal
  readonly output: NodeJS.WritableStream
}

/** By the prompt library. @throws its errors, and the signal's */
export async function askDrawn({ text, secret, check, signal, output }: Question): Promise<string> {
  const { input, password } = await import('@inquirer/prompts')
  // No mark of success: what was typed is not known to be right.
  if (secret)
    return password({ message: text, toggleMask: false, theme: { prefix: '?' } }, { output, signal })
  const theme = { validationFailureMode: 'clear' as const }
  const validate = (answer: string) => check(answer.trim()) ?? true
  const answer = await input({ message: text, validate, theme }, { output, signal })
  return answer.trim()
}

/** Line by line. */
export async function askInLines(question: Question): Promise<string> {
  const { text, secret, check, output } = question
  for (;;) {
    output.write(`${text} `)
    const answer = await readLine(process.stdin, question)
    if (secret) return answer
    const problem = check(answer.trim())
    if (problem === null) return answer.trim()
    output.write(`${problem}\n`)
  }
}

const ENTER = /[\r\n]/
const END = '\u0004'
const INTERRUPT = '\u0003'
const ERASE = /[\u007f\b]/

/** One line; of a secret the terminal shows nothing. What was typed ahead of the question is no answer to it. */
function readLine(input: ReadStream, { secret, signal, output }: Question): Promise<string> {
  return new Promise((resolve, reject) => {
    const decoder = new StringDecoder('utf8')
    let line: string[] = []
    const finish = (settle: () => void): void => {
      input.off('data', hear).off('end', end).pause()
      signal.removeEventListener('abort', stop)
      if (secret) input.setRawMode(false)
      settle()
    }
    const leave = (error: Error): void => {
      output.write('\n')
      finish(() => reject(error))
    }
    const stop = (): void => leave(signal.reason as Error)
    const end = (): void => leave(interrupted())
    const hear = (chunk: Buffer): void => {
      for (const c of decoder.write(chunk)) {
        if (ENTER.test(c)) {
          if (secret) output.write('\n')
          return finish(() => resolve(line.join('')))
        }
        if (c === INTERRUPT || c === END) return end()
        if (ERASE.test(c)) line = line.slice(0, -1)
        else line.push(c)
      }
    }
    // Without the terminal's own echo keys come as they are typed, Ctrl-C among them.
    if (secret) input.setRawMode(true)
    signal.addEventListener('abort', stop)
    input.on('data', hear).on('end', end).resume()
  })
}

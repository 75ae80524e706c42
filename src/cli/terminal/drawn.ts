/**
 * A question as `@inquirer/prompts` draws it. The library gets a keyboard of our own, which sends it only plain keys for
 * changes of the line: at a real Ctrl-D it would wait for ever.
 */
import { input, password } from '@inquirer/prompts'
import type { Key } from 'node:readline'
import { PassThrough } from 'node:stream'
import { type Edited, EMPTY } from './line-editor.js'
import { fold, width } from './layout.js'
import type { Face, Question } from './question.js'

/** Columns of the mark before a question, with its blank. */
const MARK = 2

/** @param columns the terminal's width now */
export function drawn({ text, secret, check, output, style }: Question, columns: () => number): Face {
  return (line, signal) => {
    const keyboard = new PassThrough()
    const context = { input: keyboard, output, signal }
    const last = text.split('\n').at(-1) ?? ''
    // An answer that does not fit beside its question goes below it, folded between words.
    const answer = (typed: string): string => {
      const fits = MARK + width(last) + 1 + width(typed) <= columns()
      return `${fits ? '' : '\n'}${style.dim(fold(typed, columns()).join('\n'))}`
    }
    const painted = {
      message: (message: string) => style.bold(message),
      error: (problem: string) => style.bad(`> ${problem}`),
    }
    // No mark of success for a secret: it has not been checked yet.
    const hidden = { maskedText: style.dim('(hidden)'), help: (text: string) => text, answer: () => '' }
    const asked = secret
      ? password(
          { message: text, toggleMask: false, theme: { prefix: '?', style: { ...painted, ...hidden } } },
          context,
        )
      : input(
          {
            message: text,
            validate: (typed) => check(typed.trim()) ?? true,
            theme: {
              prefix: { idle: '?', done: style.good('✔') },
              style: { ...painted, answer },
              validationFailureMode: 'clear',
            },
          },
          context,
        )
    let shown = EMPTY
    const show = (next: Edited): void => {
      for (const key of strokes(shown, next)) press(keyboard, key)
      shown = next
    }
    show(line)
    return {
      answer: asked,
      show,
      enter: () => {
        press(keyboard, 'return')
        shown = EMPTY
      },
    }
  }
}

const PLAIN = ['return', 'left', 'right', 'backspace', 'delete'] as const
type Plain = (typeof PLAIN)[number]

/** @param key a plain key, or a character */
function press(keyboard: PassThrough, key: string): void {
  const named = PLAIN.includes(key as Plain)
  const sequence = named ? '' : key
  const event: Key = { sequence, name: named ? key : '', ctrl: false, meta: false, shift: false }
  keyboard.emit('keypress', named ? undefined : key, event)
}

/** The plain keys that turn one line into the other. The lines differ by one edit, or the first is empty. */
function strokes(before: Edited, after: Edited): string[] {
  const times = (count: number, key: Plain): string[] => Array.from({ length: count }, () => key)
  const gone = before.text.length - after.text.length
  if (gone > 0) {
    const back = before.at - after.at
    return [...times(back, 'backspace'), ...times(gone - back, 'delete')]
  }
  if (gone < 0) {
    const typed = after.text.slice(before.at, before.at - gone)
    return [...typed, ...times(before.at - gone - after.at, 'left')]
  }
  const moved = after.at - before.at
  return times(Math.abs(moved), moved < 0 ? 'left' : 'right')
}

/**
 * One line as a person edits it, key by key, the same way at every question. Keys without a meaning here, such as arrows
 * up and the marks around pasted text, never enter an answer.
 */
import type { Key } from 'node:readline'
import { width } from './layout.js'

/** @property at the index of the character after the cursor */
export type Edited = { readonly text: readonly string[]; readonly at: number }

export const EMPTY: Edited = { text: [], at: 0 }

/** A key with a meaning other than an edit. */
export type Said = 'enter' | 'end' | 'interrupt' | 'stop' | 'kill'

export function edit({ text, at }: Edited, typed: string | undefined, key: Key): Edited | Said {
  const cut = (from: number, to: number): Edited => ({ text: text.toSpliced(from, to - from), at: from })
  const move = (to: number): Edited => ({ text, at: Math.min(Math.max(to, 0), text.length) })
  switch (nameOf(key)) {
    case 'return':
    case 'enter':
      return 'enter'
    case 'ctrl c':
      return 'interrupt'
    case 'ctrl z':
      return 'stop'
    case 'ctrl \\':
      return 'kill'
    case 'ctrl d':
      return text.length === 0 ? 'end' : cut(at, Math.min(at + 1, text.length))
    case 'delete':
      return cut(at, Math.min(at + 1, text.length))
    case 'backspace':
    case 'ctrl h':
      return cut(Math.max(at - 1, 0), at)
    case 'ctrl u':
      return cut(0, at)
    case 'ctrl k':
      return { text: text.slice(0, at), at }
    case 'ctrl w':
    case 'meta backspace':
      return cut(wordBefore(text, at), at)
    case 'left':
    case 'ctrl b':
      return move(at - 1)
    case 'right':
    case 'ctrl f':
      return move(at + 1)
    case 'home':
    case 'ctrl a':
      return move(0)
    case 'end':
    case 'ctrl e':
      return move(text.length)
    default:
      break
  }
  // A control character or an escape sequence is not text.
  if (typed === undefined || key.ctrl || key.meta || /\p{Cc}/u.test(typed)) return { text, at }
  const added = [...typed]
  return { text: text.toSpliced(at, 0, ...added), at: at + added.length }
}

function nameOf({ name, ctrl, meta, sequence }: Key): string {
  // Node gives Ctrl-\ no name.
  if (sequence === '\u001c') return 'ctrl \\'
  return `${ctrl ? 'ctrl ' : ''}${meta ? 'meta ' : ''}${name ?? ''}`
}

function wordBefore(text: readonly string[], at: number): number {
  const blank = (i: number): boolean => /\s/.test(text[i] ?? '')
  let from = at
  while (from > 0 && blank(from - 1)) from--
  while (from > 0 && !blank(from - 1)) from--
  return from
}

/**
 * The output that turns one line into the other without cursor movement: backspaces and blanks. Text added at the end is
 * written alone, so that a screen reader speaks only that.
 */
export function retyped(before: Edited, after: Edited): string {
  const differs = before.text.findIndex((c, i) => c !== after.text[i])
  const same = differs === -1 ? before.text.length : differs
  const back = (text: readonly string[]): string => '\b'.repeat(columns(text))
  const there =
    before.at >= same ? back(before.text.slice(same, before.at)) : before.text.slice(before.at, same).join('')
  const gone = Math.max(0, columns(before.text.slice(same)) - columns(after.text.slice(same)))
  const tail = after.text.slice(same).join('') + ' '.repeat(gone) + '\b'.repeat(gone)
  return there + tail + back(after.text.slice(after.at))
}

const columns = (text: readonly string[]): number => width(text.join(''))

import xterm from '@xterm/headless'
import fc from 'fast-check'
import { emitKeypressEvents, type Key } from 'node:readline'
import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { type Edited, edit, EMPTY, retyped } from '../../../src/cli/terminal/line-editor.js'

/** Every line as it was after each key that these bytes are. */
function lines(bytes: string): (Edited | string)[] {
  const input = new PassThrough()
  const seen: (Edited | string)[] = []
  let line = EMPTY
  emitKeypressEvents(input)
  input.on('keypress', (typed: string | undefined, key: Key) => {
    const next = edit(line, typed, key)
    if (typeof next === 'object') line = next
    seen.push(next)
  })
  input.emit('data', Buffer.from(bytes))
  return seen
}
const after = (bytes: string): string => {
  const last = lines(bytes).at(-1)
  return typeof last === 'object'
    ? `${last.text.slice(0, last.at).join('')}|${last.text.slice(last.at).join('')}`
    : `${last}`
}

const [LEFT, RIGHT, UP, HOME, END, DELETE] = ['\x1b[D', '\x1b[C', '\x1b[A', '\x1b[H', '\x1b[F', '\x1b[3~']

describe('a line that is edited', () => {
  it.each([
    ['letters, also those of several bytes', 'größe 東', 'größe 東|'],
    ['Ctrl-U takes what stands before the cursor', `wrong\x15right`, 'right|'],
    ['Ctrl-U in the midst', `abcd${LEFT}${LEFT}\x15`, '|cd'],
    ['Ctrl-K takes what comes after', `abcd${LEFT}${LEFT}\x0b`, 'ab|'],
    ['Ctrl-W takes a word', 'two words \x17', 'two |'],
    ['backspace, both of them', 'abc\x7f\b', 'a|'],
    ['arrows move, and are no text', `ac${LEFT}b${RIGHT}d`, 'abcd|'],
    ['arrows that lead nowhere', `ab${UP}${RIGHT}c`, 'abc|'],
    ['home, end and their letters', `b${HOME}a${END}c\x01x\x05y`, 'xabcy|'],
    ['delete, also by Ctrl-D', `abc${HOME}${DELETE}\x04`, '|c'],
    ['the marks around what is pasted', '\x1b[200~pasted\x1b[201~', 'pasted|'],
    ['function keys, Alt and other control characters', 'a\x1bOP\x1b[15~\x1bx\x02\x07\x1db', 'b|a'],
  ])('%s', (_, bytes, expected) => {
    expect(after(bytes)).toBe(expected)
  })

  it.each([
    ['\r', 'enter'],
    ['\n', 'enter'],
    ['\x03', 'interrupt'],
    ['\x04', 'end'],
    ['\x1a', 'stop'],
    ['\x1c', 'kill'],
  ])('%j says %s', (bytes, said) => {
    expect(lines(bytes)).toEqual([said])
  })

  it('where nothing is drawn over, backspaces and blanks make the screen show it, cursor and all', async () => {
    const key = fc.constantFrom(
      'a',
      'é',
      '東',
      ' ',
      LEFT,
      RIGHT,
      HOME,
      END,
      DELETE,
      '\x7f',
      '\x15',
      '\x0b',
      '\x17',
    )
    await fc.assert(
      fc.asyncProperty(fc.array(key, { maxLength: 24 }), async (keys) => {
        const screen = new xterm.Terminal({ cols: 80, rows: 2, allowProposedApi: true })
        let before = EMPTY
        let shown = ''
        for (const line of lines(keys.join('')) as Edited[]) {
          shown += retyped(before, line)
          before = line
        }
        await new Promise<void>((resolve) => screen.write(shown, resolve))
        const { active } = screen.buffer
        expect(active.getLine(0)?.translateToString(true).trimEnd()).toBe(before.text.join('').trimEnd())
        const head = before.text.slice(0, before.at).join('')
        expect(active.cursorX).toBe([...head].reduce((sum, c) => sum + (c === '東' ? 2 : 1), 0))
      }),
      { numRuns: 200 },
    )
  })
})

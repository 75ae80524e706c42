/** The same keys at both faces of a question: what the library draws, and what stands in lines. */
import xterm from '@xterm/headless'
import fc from 'fast-check'
import { PassThrough } from 'node:stream'
import type { ReadStream } from 'node:tty'
import { describe, expect, it } from 'vitest'
import { put } from '../../../src/cli/terminal/ask.js'
import { makeStyle } from '../../../src/cli/terminal/style.js'

const COLUMNS = 60
const [LEFT, RIGHT, UP, HOME, END, DELETE] = ['\x1b[D', '\x1b[C', '\x1b[A', '\x1b[H', '\x1b[F', '\x1b[3~']
const FACES = ['drawn', 'in lines'] as const
type Face = (typeof FACES)[number]

type Wanted = { readonly secret?: boolean; readonly check?: (answer: string) => string | null }

/** A question that stands on a screen of its own. */
async function ask(face: Face, { secret = false, check = () => null }: Wanted = {}) {
  const [keys, output] = [new PassThrough(), new PassThrough()]
  const screen = new xterm.Terminal({ cols: COLUMNS, rows: 8, allowProposedApi: true, convertEol: true })
  const leaves = new AbortController()
  const question = {
    text: 'Who?',
    secret,
    check,
    signal: leaves.signal,
    output,
    style: makeStyle(false, false),
    columns: face === 'drawn' ? () => COLUMNS : null,
  }
  const answer = put(question, keys as unknown as ReadStream)
  answer.catch(() => undefined)
  let written = ''
  const stands = new Promise<void>((resolve) =>
    output.on('data', (chunk: Buffer) => {
      written += String(chunk)
      resolve()
    }),
  )
  await stands
  /** The rows of the screen that are not empty, and where the cursor stands in its row. */
  const shown = async () => {
    await turn()
    await new Promise<void>((resolve) => screen.write(written, resolve))
    written = ''
    const { active } = screen.buffer
    const rows = Array.from(
      { length: 8 },
      (_, y) => active.getLine(y)?.translateToString(true).trimEnd() ?? '',
    )
    return { rows: rows.filter((row) => row !== ''), cursor: active.cursorX }
  }
  const type = (bytes: string): void => void keys.emit('data', Buffer.from(bytes))
  return { answer, type, shown, leave: (why: Error) => leaves.abort(why) }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe.each(FACES)('a question %s', (face) => {
  it('takes what is typed ahead of it for no answer', async () => {
    const keys = new PassThrough()
    keys.write('early\r')
    const output = new PassThrough()
    const columns = face === 'drawn' ? () => COLUMNS : null
    const rest = { check: () => null, signal: new AbortController().signal, style: makeStyle(false, false) }
    const answer = put(
      { text: 'Who?', secret: false, output, columns, ...rest },
      keys as unknown as ReadStream,
    )
    await new Promise((resolve) => output.once('data', resolve))
    keys.write('late\r')
    expect(await answer).toBe('late')
  })

  it.each(['\x03', '\x04'])('ends with E_INTERRUPTED on %j, and gives the signals back', async (key) => {
    const before = process.listenerCount('SIGCONT')
    const asked = await ask(face)
    asked.type(`x\x7f${key}`)
    await expect(asked.answer).rejects.toMatchObject({ kind: 'interrupted', code: 'E_INTERRUPTED' })
    expect(process.listenerCount('SIGCONT')).toBe(before)
  })

  it('ends with the reason of its signal', async () => {
    const asked = await ask(face)
    const why = new Error('the others left')
    asked.leave(why)
    await expect(asked.answer).rejects.toBe(why)
  })

  it('says what is wrong, and begins anew; what came with the wrong answer is no other one', async () => {
    const check = (answer: string) => (answer === 'bob' ? null : 'type "bob"')
    const asked = await ask(face, { check })
    asked.type('eve\rbob\r')
    expect((await asked.shown()).rows.join('\n')).toContain('type "bob"')
    asked.type('bob\r')
    expect(await asked.answer).toBe('bob')
  })

  it('shows nothing of a secret, not its length, nor that it is right', async () => {
    const asked = await ask(face, { secret: true })
    const empty = await asked.shown()
    asked.type('sésame')
    expect(await asked.shown()).toEqual(empty)
    asked.type(`${LEFT}\x7f\r`)
    expect(await asked.answer).toBe('sésae')
    expect((await asked.shown()).rows.join()).toMatch(/^(\? )?Who\?$/)
  })
})

describe('both faces', () => {
  it('show the same line and cursor after any keys, and take the same answer', async () => {
    const editing = ['\x7f', '\b', '\x15', '\x0b', '\x17', '\x1b\x7f', '\x02', '\x06', '\x01', '\x05']
    const meaningless = [UP, '\t', '\x07', '\x1d', '\x1f', '\x19', '\x1bOP', '\x1b[200~', '\x10']
    const moves = [LEFT, RIGHT, HOME, END, DELETE]
    const key = fc.constantFrom('a', 'b-', ' ', 'é', ...moves, ...editing, ...meaningless)
    await fc.assert(
      fc.asyncProperty(fc.array(key, { maxLength: 24 }), async (keys) => {
        const [drawn, lines] = [await ask('drawn'), await ask('in lines')]
        for (const one of [drawn, lines]) for (const each of keys) one.type(each)
        const [left, right] = [await drawn.shown(), await lines.shown()]
        expect(left.rows).toEqual(right.rows.map((row) => `? ${row}`))
        expect(left.cursor).toBe(right.cursor + 2)
        // On a line that is not empty it deletes at both.
        for (const one of [drawn, lines]) one.type('x\x01\x04\r')
        expect(await drawn.answer).toBe(await lines.answer)
      }),
      { numRuns: 60 },
    )
  })
})

import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openEvents } from '../../src/cli/events.js'
import { makeStyle } from '../../src/cli/style.js'
import { Terminal } from '../../src/cli/terminal.js'
import { hex } from '../../src/wire/text.js'
import { scratch } from '../support/cli.js'

let dir: string
let remove: () => Promise<void>
beforeAll(async () => {
  ;({ dir, remove } = await scratch())
})
afterAll(() => remove())

function screen(moving: boolean, columns = 80, rows = 24): { terminal: Terminal; shown: () => string } {
  const stream = new PassThrough()
  const signal = new AbortController().signal
  const terminal = new Terminal(
    false,
    makeStyle(false, !moving),
    { stream, moving, now: () => 0, settle: 0, size: () => (moving ? { columns, rows } : null) },
    signal,
  )
  return { terminal, shown: () => String(stream.read() ?? '') }
}

describe('the waiting screen', () => {
  it('says in words what changed, where lines do not move', () => {
    const { terminal, shown } = screen(false)
    const board = terminal.board(['bob', 'carol'])
    board.waiting('Waiting for everybody', 60_000)
    board.mark(['bob'], 'here')
    board.mark(['bob'], 'here')
    terminal.say('something else')
    board.mark(['carol'], 'gone')
    board.stop()
    expect(shown().split('\n')).toEqual([
      'Waiting for everybody (bob: missing, carol: missing; 1:00 left, Ctrl-C leaves)',
      'Waiting for everybody (bob: here, carol: missing)',
      'something else',
      'Waiting for everybody (bob: here, carol: gone)',
      '',
    ])
  })

  it('shows who is here, the time left and how to leave, where they do', () => {
    const { terminal, shown } = screen(true)
    const board = terminal.board(['bob', 'carol'])
    board.waiting('Waiting for everybody', 61_000)
    board.missing(['carol'])
    board.stop()
    const drawn = shown()
    expect(drawn).toContain('Waiting for everybody  1:01 left, Ctrl-C leaves')
    expect(drawn).toContain('☑ bob')
    expect(drawn).toContain('☐ carol')
  })
})

describe('--events', () => {
  const ceremony = new Uint8Array(32).fill(7)
  const now = () => Date.UTC(2030, 0, 1)

  it('writes a line for each, at once, with the attempt that it belongs to', () => {
    const file = join(dir, 'events')
    const emit = openEvents(file, now)(ceremony)
    emit({ event: 'hello', party: 'bob' })
    emit({ event: 'joined', attempt: '3' })
    emit({ event: 'letter_sent', round: 'commit' })
    const common = { time: '2030-01-01T00:00:00.000Z', ceremony: hex(ceremony) }
    expect(
      readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      { event: 'hello', ...common, party: 'bob', attempt: null },
      { event: 'joined', ...common, attempt: '3' },
      { event: 'letter_sent', ...common, round: 'commit', attempt: '3' },
    ])
  })

  it('goes on without them where they cannot be written any more', () => {
    const fd = openSync(join(dir, 'closed'), 'a')
    const emit = openEvents(`fd:${fd}`, now)(ceremony)
    closeSync(fd)
    emit({ event: 'done' })
    expect(() => openEvents('fd:999', now)).toThrow('cannot write events to fd:999')
    expect(() => openEvents(join(dir, 'no', 'folder'), now)).toThrow('cannot write events')
  })
})

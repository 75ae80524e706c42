import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openEvents } from '../../../src/cli/runtime/event-stream.js'
import { Board } from '../../../src/cli/terminal/progress.js'
import { width } from '../../../src/cli/terminal/layout.js'
import { narrate } from '../../../src/cli/views/narrate.js'
import { makeStyle } from '../../../src/cli/terminal/style.js'
import type { Emit } from '../../../src/messaging/channel/events.js'
import { Terminal } from '../../../src/cli/terminal/terminal.js'
import { hex } from '../../../src/wire/base/text.js'
import { scratch } from '../../support/cli.js'

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

  it('shows beside who is here and quiet when they were last heard, as time goes on', () => {
    const { terminal, shown } = screen(true)
    const board = terminal.board(['bob', 'carol'])
    board.waiting('Waiting for everybody', 61_000)
    board.mark(['bob'], 'here')
    board.quiet(
      new Map([
        ['bob', -119_000],
        ['carol', -119_000],
      ]),
    )
    shown()
    board.show()
    expect(shown()).toMatch(/☑ bob  last heard 119 s ago\n  ☐ carol\n/)
    board.stop()
  })
})

describe('the waiting screen on a small terminal', () => {
  const many = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi', 'ivan', 'judy']

  /** The lines of the last drawing. */
  const last = (drawn: string): string[] => (drawn.split('\u001b[J').at(-1) as string).trimEnd().split('\n')

  it.each([
    [80, 24],
    [40, 12],
    [30, 8],
    [20, 4],
  ])('of %i columns and %i rows fits, and says who is missing', (columns, rows) => {
    const { terminal, shown } = screen(true, columns, rows)
    const board = terminal.board(many)
    board.waiting('Waiting for the others', 60_000)
    board.mark(many.slice(0, 8), 'here')
    const lines = last(shown())
    expect(lines.length).toBeLessThan(rows)
    for (const line of lines) expect(width(line), line).toBeLessThanOrEqual(columns)
    if (rows === 4) return
    expect(lines.join(' ').replaceAll(/\s+/g, ' ')).toContain('Ctrl-C leaves')
    expect(lines.join(' ')).toMatch(/☐ ivan[^]*☐ judy|missing: ivan,\s+judy/)
  })

  it('draws over what it drew, though the terminal has become narrower since', () => {
    const size = { columns: 80, rows: 24 }
    const stream = new PassThrough()
    const board = new Board(
      ['bob'],
      makeStyle(false, false),
      { stream, moving: true, now: () => 0, settle: 0, size: () => size },
      () => undefined,
    )
    board.waiting('x'.repeat(60), null)
    size.columns = 30
    stream.read()
    board.mark(['bob'], 'here')
    // Two rows of sixty letters each, and one of the member.
    expect(String(stream.read())).toMatch(/^\u001b\[3A\r\u001b\[J/)
    board.stop()
  })

  it('holds what is to be said until a question is answered', async () => {
    const { terminal, shown } = screen(true)
    const board = terminal.board(['bob'])
    board.waiting('Waiting', null)
    board.suspend()
    shown()
    board.mark(['bob'], 'here')
    expect(shown()).toBe('')
    board.resume()
    expect(shown()).toContain('☑ bob')
    board.stop()
  })
})

describe('what is told of a ceremony', () => {
  const network = { onDisconnect: () => () => undefined, onReconnect: () => () => undefined }
  const patience = { join: 60_000, round: 60_000, total: null }

  function narrated(): { emit: Emit; shown: () => string[] } {
    const { terminal, shown } = screen(false)
    const { emit } = narrate(terminal, 'Joining', { patience, now: () => 0, network })
    shown()
    return {
      emit,
      shown: () =>
        shown()
          .split('\n')
          .filter((line) => line !== ''),
    }
  }

  it('marks who has sent what this round wants, early letters too, and forgets it with the round', () => {
    const { emit, shown } = narrated()
    emit({ event: 'joined', attempt: '1', others: ['bob', 'carol'] })
    for (const party of ['bob', 'carol']) emit({ event: 'hello', party, attempt: '1' })
    emit({ event: 'round_started', round: 'reveal' })
    emit({ event: 'letter_received', round: 'open', party: 'bob' })
    shown()
    emit({ event: 'round_started', round: 'commit' })
    expect(shown().at(-1)).toContain('step 1 of 3 (bob: missing, carol: missing')
    emit({ event: 'letter_received', round: 'commit', party: 'carol' })
    expect(shown().at(-1)).toContain('(bob: missing, carol: here)')
    emit({ event: 'round_started', round: 'open' })
    expect(shown().at(-1)).toContain('step 3 of 3 (bob: here, carol: missing')
    emit({ event: 'aborted', party: 'bob' })
    expect(shown().at(-1)).toContain('(bob: gone, carol: missing)')
  })

  it('says that somebody started again only of what had begun, and then nobody is here any more', () => {
    const { emit, shown } = narrated()
    emit({ event: 'joined', attempt: '1', others: ['bob'] })
    emit({ event: 'hello', party: 'bob', attempt: '4' })
    emit({ event: 'restarted', party: 'bob' })
    expect(shown().join()).not.toContain('restarted')
    emit({ event: 'joined', attempt: '4', others: ['bob'] })
    emit({ event: 'round_started', round: 'reveal' })
    shown()
    emit({ event: 'restarted', party: 'bob' })
    emit({ event: 'joined', attempt: '5', others: ['bob'] })
    const lines = shown()
    expect(lines[0]).toContain('bob restarted')
    expect(lines.at(-1)).toContain('Waiting for the others (bob: missing')
  })

  it('says when somebody was last heard who is here and quiet, until they speak again or are done', () => {
    const { emit, shown } = narrated()
    const since = -40_000
    emit({ event: 'joined', attempt: '1', others: ['bob', 'carol'] })
    emit({ event: 'hello', party: 'bob', attempt: '1' })
    shown()
    for (const party of ['bob', 'carol']) emit({ event: 'quiet', party, since })
    expect(shown()).toEqual(['Waiting for the others (bob: here (last heard 40 s ago), carol: missing)'])
    emit({ event: 'heard', party: 'bob' })
    expect(shown()).toEqual(['Waiting for the others (bob: here, carol: missing)'])
    emit({ event: 'quiet', party: 'bob', since: -200_000 })
    emit({ event: 'joined', attempt: '2', others: ['bob', 'carol'] })
    expect(shown().at(-1)).toContain('bob: missing, carol: missing')
    emit({ event: 'hello', party: 'bob', attempt: '2' })
    expect(shown().at(-1)).toContain('(bob: here, carol: missing)')
    emit({ event: 'quiet', party: 'bob', since: -200_000 })
    expect(shown().at(-1)).toContain('bob: here (last heard 3 min ago), carol: missing')
    emit({ event: 'certificate' })
    emit({ event: 'letter_received', round: 'done', party: 'carol' })
    emit({ event: 'letter_received', round: 'done', party: 'bob' })
    emit({ event: 'quiet', party: 'bob', since })
    expect(shown().at(-1)).toContain('(bob: here, carol: here)')
  })

  it('says what Ctrl-C does, once it takes nothing back', () => {
    const { emit, shown } = narrated()
    emit({ event: 'joined', attempt: '1', others: ['bob'] })
    emit({ event: 'receipt_sent' })
    expect(shown().join(' ')).toContain('you have voted: Ctrl-C leaves it in doubt')
    emit({ event: 'certificate' })
    expect(shown().join(' ')).toContain('your result is stored')
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
    emit({ event: 'quiet', party: 'bob', since: now() - 40_000 })
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
      { event: 'quiet', ...common, party: 'bob', since: '2029-12-31T23:59:20.000Z', attempt: '3' },
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

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Command, Parser, ProtocolError } from '../../../src/messaging/relay/parser.js'

const LIMITS = { line: 64, payload: 32 }
const CONNECT = 'CONNECT {"verbose":false}\r\n'

/** The result of these bytes: commands, then the error. */
function parsed(
  chunks: readonly Uint8Array[],
  limits = LIMITS,
): { commands: Command[]; error: string | null } {
  const parser = new Parser(limits)
  const commands: Command[] = []
  try {
    for (const chunk of chunks) for (const command of parser.read(Buffer.from(chunk))) commands.push(command)
    return { commands, error: null }
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    return { commands, error: error.message }
  }
}

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1')
const after = (text: string) => parsed([bytes(CONNECT + text)])

const line = fc.constantFrom(
  CONNECT,
  'PING\r\n',
  'pong\r\n',
  'SUB a.* 1\r\n',
  'SUB a q 2\r\n',
  'UNSUB 1 3\r\n',
  'PUB a 2\r\nhi\r\n',
  'PUB a b 0\r\n\r\n',
  'PUB\ta\t3\r\n\r\n\n\r\n',
  'HPUB a 1 2\r\n',
  'PUB a 33\r\n',
  'SUB \u00e9.> 9\r\n',
  '\r\n',
  'x',
)
const session = fc.array(line, { maxLength: 8 }).map((lines) => bytes(CONNECT + lines.join('')))

/** The same bytes, cut at these places. */
const cut = (all: Uint8Array, places: readonly number[]): Uint8Array[] => {
  const at = [0, ...places.map((place) => place % (all.length + 1)).sort((a, b) => a - b), all.length]
  return at.slice(1).map((end, i) => all.subarray(at[i], end))
}

describe('the parser of the relay', () => {
  test('reads every command', () => {
    expect(
      after('PING\r\nPONG\r\nSUB a.> 7\r\nSUB a q 8\r\nUNSUB 7\r\nUNSUB 8 2\r\nPUB a r 2\r\nhi\r\n'),
    ).toEqual({
      commands: [
        { verb: 'CONNECT', nkey: '', signature: new Uint8Array(), verbose: false, echo: true },
        { verb: 'PING' },
        { verb: 'PONG' },
        { verb: 'SUB', pattern: 'a.>', queue: null, sid: '7' },
        { verb: 'SUB', pattern: 'a', queue: 'q', sid: '8' },
        { verb: 'UNSUB', sid: '7', max: null },
        { verb: 'UNSUB', sid: '8', max: 2 },
        { verb: 'PUB', subject: 'a', reply: 'r', payload: Buffer.from('hi') },
      ],
      error: null,
    })
  })

  test.each([
    ['PING\r\n', 'Authorization Violation'],
    ['GET / HTTP/1.1\r\n', 'Authorization Violation'],
    ['PUB a 1000000000\r\n', 'Authorization Violation'],
    ['CONNECT {\r\n', 'Parser Error'],
    ['CONNECT 1\r\n', 'Parser Error'],
    ['CONNECT\r\n', 'Parser Error'],
    [CONNECT + CONNECT, 'Unknown Protocol Operation'],
    [`${CONNECT}MSG a 1 0\r\n`, 'Unknown Protocol Operation'],
    [`${CONNECT}HPUB a 0 0\r\n`, 'Unknown Protocol Operation'],
    [`${CONNECT} PING\r\n`, 'Unknown Protocol Operation'],
    [`${CONNECT}\r\n`, 'Unknown Protocol Operation'],
    [`${CONNECT}PING\n`, 'Parser Error'],
    [`${CONNECT}SUB a\0b 1\r\n`, 'Parser Error'],
    [`${CONNECT}PUB a\r\n`, 'Parser Error'],
    [`${CONNECT}PUB a -1\r\n`, 'Parser Error'],
    [`${CONNECT}PUB a b c 1\r\n`, 'Parser Error'],
    [`${CONNECT}SUB a\r\n`, 'Parser Error'],
    [`${CONNECT}SUB a b c d\r\n`, 'Parser Error'],
    [`${CONNECT}UNSUB\r\n`, 'Parser Error'],
    [`${CONNECT}UNSUB 1 x\r\n`, 'Parser Error'],
    [`${CONNECT}PUB a 33\r\n`, 'Maximum Payload Violation'],
    [`${CONNECT}PUB a 2\r\nhiPING\r\n`, 'Unknown Protocol Operation'],
    [`${CONNECT}SUB ${'a'.repeat(64)}`, 'maximum control line exceeded'],
  ])('%j: %s', (text, error) => {
    expect(parsed([bytes(text)]).error).toBe(error)
  })

  test('a line and a payload may be as long as the limit', () => {
    const longest = `SUB ${'a'.repeat(64 - 'SUB  1\r\n'.length)} 1\r\n`
    expect(longest).toHaveLength(64)
    expect(after(`${longest}PUB a 32\r\n${'x'.repeat(32)}\r\nPING\r\n`)).toMatchObject({
      commands: [{}, { verb: 'SUB' }, { payload: bytes('x'.repeat(32)) }, { verb: 'PING' }],
      error: null,
    })
    expect(after(longest.replace(' 1', ' 12')).error).toBe('maximum control line exceeded')
  })

  test('it makes no difference how the bytes are cut', () => {
    fc.assert(
      fc.property(session, fc.array(fc.nat(), { maxLength: 20 }), (all, places) => {
        expect(parsed(cut(all, places))).toEqual(parsed([all]))
      }),
    )
  })

  test('whatever comes is read, or refused in the words of the protocol', () => {
    const change = fc.record({ at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }), drop: fc.nat(3) })
    const mutated = fc.tuple(session, fc.array(change, { maxLength: 4 })).map(([all, changes]) =>
      changes.reduce((now, { at, byte, drop }) => {
        const place = at % (now.length + 1)
        return Buffer.concat([now.subarray(0, place), Buffer.of(byte), now.subarray(place + drop)])
      }, Buffer.from(all)),
    )
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), mutated), (all) => {
        parsed([all])
        // The commands read never depend on what comes after them.
        const { commands } = parsed([all.subarray(0, all.length >> 1)])
        expect(parsed([all]).commands.slice(0, commands.length)).toEqual(commands)
      }),
      { numRuns: 2000 },
    )
  })

  test('a line that never ends is refused at the limit, byte by byte too', () => {
    const parser = new Parser({ line: 4096, payload: 0 })
    let taken = 0
    expect(() => {
      for (; taken < 10_000; taken += 1) parser.read(Buffer.from('C')).next()
    }).toThrow('maximum control line exceeded')
    expect(taken).toBe(4096)
  })
})

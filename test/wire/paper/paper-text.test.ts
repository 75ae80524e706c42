/** Text on paper is read back as it was, however it was typed; and each error is found in its line. */
import { bech32m } from '@scure/base'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Failure } from '../../../src/wire/base/failure.js'
import {
  codeLine,
  looksTyped,
  paperLines,
  readCodeLine,
  readPaperLine,
  readPaperLines,
  textIn,
} from '../../../src/wire/paper/lines.js'
import { refusalOf } from '../../../src/wire/base/realm.js'
import { seededRng } from '../../support/rng.js'
import { failureOf } from '../support.js'

const ALPHABET = 'QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L'
const rng = seededRng('paper text')
const bytes = rng(172)
const lines = paperLines(bytes)
const text = lines.join('\n')

/** The error about lines of which some were typed otherwise. */
const saidOf = (changed: readonly string[]): string => {
  const failure = failureOf(() => readPaperLines(changed.join('\n')))
  expect(failure).toMatchObject({ kind: 'verification', code: 'E_PAPER_LINE' })
  return failure.message
}
const withLine = (number: number, line: string): string[] =>
  lines.map((each, i) => (i + 1 === number ? line : each))

describe('lines from paper', () => {
  test('are six groups of five, and give back the bytes of any length', () => {
    for (const line of lines.slice(0, -1))
      expect(line).toMatch(/^(?:[02-9AC-HJ-NP-Z]{5} ){5}[02-9AC-HJ-NP-Z]{5}$/)
    expect(lines).toHaveLength(12)
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), (any) => {
        expect(readPaperLines(paperLines(any).join('\n'))).toEqual(any)
      }),
    )
  })

  test('are taken however people type them', () => {
    const numbered = lines.map((line, i) => `${i + 1}. ${line}`)
    const spoken = lines.map((line) => line.replaceAll('0', 'O').replaceAll('L', '1').replaceAll('8', 'b'))
    for (const typed of [
      text.toLowerCase(),
      text.replaceAll(' ', ''),
      text.replaceAll(' ', '-'),
      numbered.join('\r\n'),
      `# copied by hand\n\n${lines.map((line, i) => `  ${String(i + 1).padStart(2)}  ${line}  `).join('\n\n')}\n`,
      spoken.join('\n'),
    ]) {
      expect(readPaperLines(typed)).toEqual(bytes)
      expect(looksTyped(typed)).toBe(true)
    }
    for (const other of [
      '',
      '{"format":"x"}',
      'age-encryption.org/v1\n-> X25519',
      'dear alice,',
      '\u0000\u0001',
    ])
      expect(looksTyped(other), other).toBe(false)
  })

  test('with one wrong character anywhere name that line and no other', () => {
    for (const [i, line] of lines.entries()) {
      for (const [at, c] of [...line].entries()) {
        if (c === ' ') continue
        const wrong = ALPHABET[(ALPHABET.indexOf(c) + 1 + ((at * 7 + i) % 31)) % 32] as string
        const said = saidOf(withLine(i + 1, line.slice(0, at) + wrong + line.slice(at + 1)))
        expect(said, `line ${i + 1} at ${at}`).toMatch(new RegExp(`^line ${i + 1} is not as it was printed`))
        expect(said).not.toContain(';')
      }
    }
  })

  test('with up to four wrong characters are never taken', () => {
    const positions = [...(lines[0] as string)].flatMap((c, at) => (c === ' ' ? [] : [at]))
    const changes = fc.uniqueArray(fc.tuple(fc.constantFrom(...positions), fc.integer({ min: 1, max: 31 })), {
      minLength: 1,
      maxLength: 4,
      selector: ([at]) => at,
    })
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 }), changes, (i, chosen) => {
        const typed = [...(lines[i] as string)]
        for (const [at, by] of chosen)
          typed[at] = ALPHABET[(ALPHABET.indexOf(typed[at] as string) + by) % 32] as string
        expect('problem' in readPaperLine(typed.join(''), i + 1)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  test.each<[string, () => string[], string[]]>([
    [
      'two wrong lines are both named',
      () =>
        withLine(3, '').flatMap((l, i) => (i === 2 ? ['X'.repeat(30)] : i === 6 ? ['Y'.repeat(30)] : [l])),
      ['line 3 ', 'line 7 '],
    ],
    [
      'two characters swapped',
      () => withLine(5, swapped(lines[4] as string)),
      ['line 5 is not as it was printed: a character is wrong'],
    ],
    [
      'a character left out',
      () => withLine(2, (lines[1] as string).slice(1)),
      ['line 2 is not as it was printed: it has 29 characters'],
    ],
    [
      'a character too many',
      () => withLine(2, `${lines[1]}Q`),
      ['line 2 is not as it was printed: it has 31 characters'],
    ],
    [
      'a character that no page has',
      () => withLine(4, `${(lines[3] as string).slice(0, -1)}%`),
      ['line 4 holds a character that no page has'],
    ],
    [
      'two lines changed places',
      () => [lines[1] as string, lines[0] as string, ...lines.slice(2)],
      ['line 1 is not there: line 2 stands in its place', 'line 2 is not there: line 1'],
    ],
    ['a line is left out', () => lines.toSpliced(3, 1), ['line 4 is not there: line 5 stands in its place']],
    ['the last line is left out', () => lines.slice(0, -1), ['line 12, and what follows it, is missing']],
    ['a line stands twice', () => [...lines, lines[11] as string], ['line 13 stands after the last one']],
    ['a number is not that of the line', () => withLine(6, `7 ${lines[5]}`), ['line 6 is not there: line 7']],
  ])('%s', (_, change, said) => {
    const message = saidOf(change())
    for (const words of said) expect(message).toContain(words)
  })

  test('are looked for in what is not quite a page, and the first line is named as any other', () => {
    const [first, ...rest] = lines as [string, ...string[]]
    for (const [typed, said] of [
      [[`${first.slice(0, -1)}%`, ...rest], 'line 1 holds a character that no page has'],
      [[`${first.slice(0, 8)},${first.slice(9)}`, ...rest], 'line 1 holds a character that no page has'],
      [[first.slice(0, 5), first.slice(6), ...rest], 'line 1 is not as it was printed: it has 5 characters'],
      [['The piece of h1 (1 of 4)', ...lines], 'line 1 is none of the page: leave out what stands above'],
      [['A piece', 'of alice', ...lines], 'lines 1 to 2 are none of the page'],
    ] as const) {
      expect(looksTyped(typed.join('\n')), said).toBe(true)
      expect(saidOf(typed)).toContain(said)
    }
    expect(saidOf(withLine(1, 'Q'.repeat(81)))).toBe('line 1 is longer than any line of a page')
  })

  test('are read from whatever an editor saves', () => {
    const blanks = text.replaceAll(' ', '\u00a0')
    for (const file of [
      Buffer.from(`\ufeff${text}`),
      Buffer.from(blanks),
      Buffer.from(`\ufeff${text}`, 'utf16le'),
      Buffer.from(`\ufeff${blanks}`, 'utf16le').swap16(),
    ])
      expect(readPaperLines(textIn(file))).toEqual(bytes)
  })

  test('that are far too many, or all wrong, cost little and fill no screen', () => {
    expect(saidOf(Array.from({ length: 2000 }, () => 'Q'.repeat(30)))).toBe('no page has more than 100 lines')
    const said = saidOf(Array.from({ length: 100 }, () => 'Q'.repeat(30)))
    expect(said).toMatch(/; and 90 more$/)
    expect(said.split('; ')).toHaveLength(11)
  })

  test('that were never printed are never taken, whatever they are', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), fc.integer({ min: 1, max: 12 }), (any, number) => {
        expect('problem' in readPaperLine(any, number)).toBe(true)
      }),
      { numRuns: 300 },
    )
    // Bits that fill up the last digit are not free: each page has one spelling.
    const words = bech32m.toWords(Uint8Array.of(1))
    const other = bech32m.encode('mpcline1.', [words[0] as number, (words[1] as number) | 1], false)
    expect('problem' in readPaperLine(other.split('1').at(-1) as string, 1)).toBe(true)
  })

  test('of a rehearsal are refused for what they are', () => {
    const played = bech32m.encode('mpcrehearsalline1.', bech32m.toWords(bytes.subarray(0, 12)), false)
    const failure = failureOf(() => readPaperLines(played.split('1').at(-1) as string))
    expect(refusalOf(failure)).toMatchObject({ kind: 'refused', code: 'E_REHEARSAL' })
  })
})

const swapped = (line: string): string => {
  const at = [...line].findIndex((c, i) => c !== ' ' && line[i + 1] !== ' ' && c !== line[i + 1])
  return `${line.slice(0, at)}${line[at + 1]}${line[at]}${line.slice(at + 2)}`
}

describe('the text of a code', () => {
  test('is in capitals and digits, and gives the bytes back in either case', () => {
    const code = codeLine('record', bytes)
    expect(code).toMatch(/^MPCRECORD1[02-9AC-HJ-NP-Z]+$/)
    for (const scanned of [code, `${code}\n`, ` ${code.toLowerCase()}\r\n`]) {
      expect(readCodeLine('record', scanned)).toEqual(bytes)
    }
    for (const other of ['', 'record', '{"format":"mpc/key-record/v1"}', codeLine('manifest', bytes)])
      expect(readCodeLine('record', other)).toBeNull()
  })

  test('that is cut, or changed anywhere, is refused', () => {
    const code = codeLine('piece', bytes)
    for (const broken of [code.slice(0, -1), `${code}Q`, code.slice(0, 12), code.replace('1', '1Q')]) {
      expect(failureOf(() => readCodeLine('piece', broken))).toMatchObject({
        kind: 'verification',
        code: 'E_PAPER_CODE',
      })
    }
    const played = bech32m.encode('mpcrehearsalpiece', bech32m.toWords(bytes), false)
    const failure = failureOf(() => readCodeLine('piece', played))
    expect(failure).toBeInstanceOf(Failure)
    expect(refusalOf(failure)).toMatchObject({ kind: 'refused', code: 'E_REHEARSAL' })
  })
})

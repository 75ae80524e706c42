import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromHex, hex, NAME, rfc3339, visible } from '../../src/wire/text.js'

const escape = (code: number): string => `\\u{${code.toString(16)}}`
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i)

/** What could hide, move or repaint other characters, block by block; the code finds them by property. */
const hostile: Record<string, readonly number[]> = {
  'C0 controls, among them ESC, CR, LF, BEL and backspace': range(0, 0x1f),
  'DEL and the C1 controls, among them CSI': range(0x7f, 0x9f),
  'blanks that are not the space': [0xa0, 0x1680, ...range(0x2000, 0x200a), 0x202f, 0x205f, 0x3000],
  'the soft hyphen': [0xad],
  'the combining grapheme joiner': [0x34f],
  'the Arabic letter mark': [0x61c],
  'Hangul fillers': [0x115f, 0x1160, 0x3164, 0xffa0],
  'Khmer inherent vowels': [0x17b4, 0x17b5],
  'Mongolian variation selectors': range(0x180b, 0x180f),
  'zero-width space and joiners': [0x200b, 0x200c, 0x200d, 0x2060, 0xfeff],
  'bidirectional marks, embeddings, overrides and isolates': [
    0x200e,
    0x200f,
    ...range(0x202a, 0x202e),
    ...range(0x2066, 0x2069),
  ],
  'invisible operators and deprecated formats': [...range(0x2061, 0x2065), ...range(0x206a, 0x206f)],
  'line and paragraph separators': [0x2028, 0x2029],
  'enclosing marks': [0x488, 0x489, ...range(0x20dd, 0x20e0), 0x20e2, 0x20e3, 0x20e4],
  'the empty braille pattern': [0x2800],
  'variation selectors': range(0xfe00, 0xfe0f),
  'interlinear annotation and object replacement': range(0xfff9, 0xfffc),
  'the Khitan filler': [0x16fe4],
  'shorthand and musical formats, the empty note head': [
    ...range(0x1bca0, 0x1bca3),
    ...range(0x1d173, 0x1d17a),
    0x1d159,
  ],
  'language tag and tag characters': [0xe0001, ...range(0xe0020, 0xe007f)],
  'more variation selectors': range(0xe0100, 0xe01ef),
  'private use': [0xe000, 0xf8ff, 0xf0000, 0x10fffd],
  'what is no character': [0xfdd0, 0xfffe, 0xffff, 0x1fffe, 0x10ffff],
  'lone surrogates': [0xd800, 0xdbff, 0xdc00, 0xdfff],
}

describe('text from others (F-24)', () => {
  test.each(Object.entries(hostile))('%s: visible, each of them', (_, codes) => {
    for (const code of codes) {
      const c = String.fromCodePoint(code)
      expect(visible(`a${c}b`)).toBe(`"a${escape(code)}b"`)
      expect(visible(c)).toBe(`"${escape(code)}"`)
    }
  })

  test('what people write stays as it is', () => {
    const written = [
      'pay 5 € to Zoë',
      'naïve — “quoted”',
      '支払い',
      'привет',
      'שלום',
      'x² ≠ y',
      '🙂',
      'e\u0301',
    ]
    for (const text of written) expect(visible(text)).toBe(`"${text}"`)
  })

  test('quotes and backslashes are escaped, so that nobody can end the quotation or feign an escape', () => {
    expect(visible('" and signs "')).toBe('"\\" and signs \\""')
    expect(visible('\\u{1b}')).toBe('"\\\\u{1b}"')
    expect(visible('\\')).toBe('"\\\\"')
  })

  test('200 characters are shown, and more are cut, whatever plane they are of', () => {
    expect(visible('a'.repeat(200))).toBe(`"${'a'.repeat(200)}"`)
    expect(visible('a'.repeat(201))).toBe(`"${'a'.repeat(200)}…"`)
    expect(visible('🙂'.repeat(200))).toBe(`"${'🙂'.repeat(200)}"`)
    expect(visible('🙂'.repeat(201))).toBe(`"${'🙂'.repeat(200)}…"`)
    expect(visible(`${'a'.repeat(200)}\u001b[2J`)).not.toContain('\u001b')
  })

  test('marks do not stand on the quote or an escape, and do not pile up into other lines', () => {
    expect(visible('\u0301a')).toBe('"\\u{301}a"')
    expect(visible('\u200b\u0301')).toBe('"\\u{200b}\\u{301}"')
    expect(visible(`a${'\u0301'.repeat(4)}b`)).toBe('"a\u0301\u0301\\u{301}\\u{301}b"')
  })

  const anything = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.string({ unit: 'grapheme', maxLength: 300 }),
    fc
      .array(
        fc.oneof(fc.constantFrom(...Object.values(hostile).flat()), fc.integer({ min: 0, max: 0x10ffff })),
        {
          maxLength: 250,
        },
      )
      .map((codes) => codes.map((code) => String.fromCodePoint(code)).join('')),
  )

  test('nothing but printable characters comes out, in one pair of quotes', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const shown = visible(text)
        expect(shown).toMatch(/^"[\p{L}\p{Mn}\p{Mc}\p{N}\p{P}\p{S} ]*"$/u)
        expect(shown).not.toMatch(/\p{Default_Ignorable_Code_Point}|\p{Bidi_Control}/u)
        expect(shown.slice(1, -1).replaceAll(/\\["\\]/g, '')).not.toContain('"')
      }),
      { numRuns: 1000 },
    )
  })

  test('nothing is lost: up to the cut, the text can be read back', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const back = visible(text)
          .slice(1, -1)
          .replaceAll(/\\(?:u\{([0-9a-f]+)\}|(["\\]))/g, (_, code: string | undefined, c: string) =>
            code === undefined ? c : String.fromCodePoint(Number.parseInt(code, 16)),
          )
        const characters = [...text]
        const cut = characters.length > 200 ? '…' : ''
        expect(back).toBe(characters.slice(0, 200).join('') + cut)
      }),
      { numRuns: 500 },
    )
  })
})

describe('names', () => {
  test.each(['a', '0', 'alice', 'a-1', 'a-', 'x'.repeat(32)])('%s', (name) => {
    expect(NAME.test(name)).toBe(true)
  })

  test.each([
    ['nothing', ''],
    ['33 characters', 'x'.repeat(33)],
    ['upper case', 'Alice'],
    ['a leading dash, which a command would take for an option', '-rf'],
    ['a dot', 'a.b'],
    ['a slash', 'a/b'],
    ['two dots', '..'],
    ['an underscore', 'a_b'],
    ['a space', 'a b'],
    ['a line break at the end', 'alice\n'],
    ['a NUL', 'a\0'],
    ['a Cyrillic letter', '\u0430lice'],
    ['a dotless i', 'al\u0131ce'],
  ])('%s is none', (_, name) => {
    expect(NAME.test(name)).toBe(false)
  })
})

describe('hex', () => {
  test('both ways', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(fromHex(hex(bytes), bytes.length)).toEqual(bytes)
      }),
    )
  })

  test.each(['0g', '0G', 'AB', '0x', ' 1', '1 ', '1', '', '0102', '1\n', '\u0660\u0661'])(
    '%j is no byte',
    (text) => {
      expect(fromHex(text, 1)).toBeNull()
    },
  )

  test('times are in UTC, and none throws', () => {
    expect(rfc3339(1_800_000_000_000)).toBe('2027-01-15T08:00:00.000Z')
    expect(rfc3339(253_402_300_799_999)).toBe('9999-12-31T23:59:59.999Z')
    for (const time of [8.64e15 + 1, Number.MAX_SAFE_INTEGER]) expect(rfc3339(time)).toContain('a time')
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromHex, hex, NAME, rfc3339, visible } from '../../../src/wire/base/text.js'
import { hostile } from '../../support/hostile.js'

const escape = (code: number): string => `\\u{${code.toString(16)}}`
describe('text from others', () => {
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

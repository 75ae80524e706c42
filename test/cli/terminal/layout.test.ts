import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nearest } from '../../../src/wire/base/did-you-mean.js'
import { fold, layOut, width } from '../../../src/cli/terminal/layout.js'
import { humanTime } from '../../../src/cli/views/time.js'
import { wordsOf } from '../../../src/wire/base/safety-words.js'

describe('lines', () => {
  it('are folded between words, and hang below the value that follows a label', () => {
    expect(fold('  reason  pay the plumber now', 20)).toEqual([
      '  reason  pay the',
      '          plumber',
      '          now',
    ])
    expect(fold('a label that is long  value', 14)).toEqual([
      'a label that',
      '       is long',
      '       value',
    ])
  })

  it('leave whole what has no blanks, so that it can be copied', () => {
    const key = 'ab'.repeat(32)
    expect(fold(`  public key  ${key}`, 70)).toEqual(['  public key', `  ${key}`])
    expect(fold(`  public key  ${key}`, 30)).toEqual(['  public key', key])
    expect(fold(`      ${key}`, 30)).toEqual([key])
  })

  it('lose nothing, and are longer than the terminal only where a word is', () => {
    const words = fc.array(
      fc.string({ unit: fc.constantFrom('a', 'é', '支', '-'), minLength: 1, maxLength: 12 }),
    )
    fc.assert(
      fc.property(words, fc.integer({ min: 1, max: 40 }), (all, columns) => {
        const line = all.join(' ')
        const folded = fold(line, columns)
        expect(folded.join(' ').split(/ +/).join(' ').trim()).toBe(line)
        for (const each of folded) expect(width(each) <= columns || !each.trim().includes(' ')).toBe(true)
      }),
    )
  })

  it('are as wide as what is seen of them', () => {
    expect(width('\u001b[1mab\u001b[22m')).toBe(2)
    expect(width('支払い')).toBe(6)
    expect(width('e\u0301')).toBe(1)
  })
})

describe('words', () => {
  it.each([
    [80, 16, 4],
    [40, 16, 2],
    [30, 16, 2],
    [20, 16, 1],
    [80, 8, 4],
    [40, 8, 2],
    [80, 6, 3],
    [30, 6, 2],
  ])('on %i columns, %i of them, stand %i in a row, numbered', (columns, count, inARow) => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: count, maxLength: count }), (bytes) => {
        const words = wordsOf(bytes)
        const lines = layOut([{ words }], columns)
        expect(lines.length).toBe(count / inARow)
        for (const line of lines) expect(width(line)).toBeLessThanOrEqual(columns)
        const read = lines.join(' ').trim().split(/ +/)
        expect(read).toEqual(words.flatMap((word, i) => [String(i + 1), word]))
      }),
    )
  })
})

describe('times', () => {
  const now = Date.UTC(2030, 0, 31, 9)
  it.each([
    [7 * 86_400_000 - 1000, 'in 7 days'],
    [36 * 3_600_000, 'in 36 hours'],
    [-3 * 86_400_000, '3 days ago'],
    [90_000, 'now'],
    [-119_000, 'now'],
    [-120_000, '2 minutes ago'],
  ])('%i ms away are %s, with date and zone', (away, said) => {
    expect(humanTime(now + away, now)).toMatch(
      new RegExp(`^[A-Z][a-z]{2} \\d\\d [A-Z][a-z]{2} \\d{4}, \\d\\d:\\d\\d \\S+ \\(${said}\\)$`),
    )
  })

  it('are as long in every month', () => {
    const lengths = Array.from(
      { length: 12 },
      (_, month) => humanTime(Date.UTC(2030, month, 5), now).split('(')[0],
    )
    expect(new Set(lengths.map((text) => text?.replace(/ [A-Z0-9+:-]+ $/, '').length)).size).toBe(1)
    expect(humanTime(9e15, now)).toBe('a time out of range')
  })
})

describe('a slip of the finger', () => {
  it.each([
    ['eddsa-ed2551', 'eddsa-ed25519'],
    ['SCHNORR-TAPROOT', 'schnorr-taproot'],
    ['rsa', null],
    ['', null],
    ['x'.repeat(10_000), null],
  ])('%s', (typed, meant) => {
    expect(nearest(typed, ['eddsa-ed25519', 'schnorr-taproot'])).toBe(meant)
  })
})

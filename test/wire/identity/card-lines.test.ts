/** Cards that went through mail. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cardLines } from '../../../src/wire/identity/card-lines.js'
import { parseCard } from '../../../src/wire/identity/card.js'
import * as made from '../support.js'

const [alice, bob] = [made.alice.card.line, made.bob.card.line]

/** As `fold -w` does it. */
const folded = (line: string, width: number): string[] => line.match(new RegExp(`.{1,${width}}`, 'g')) ?? []

const mail = fc.record({
  width: fc.integer({ min: 20, max: 600 }),
  quote: fc.constantFrom('', '> ', '>', '>> ', '> > ', '| ', '    ', '\t', '\u00a0'),
  end: fc.constantFrom('\n', '\r\n', '\r'),
  blanks: fc.constantFrom('', ' ', '  \t', '\u00a0'),
})

describe('cards', () => {
  test('are whole again, however they were folded and quoted', () => {
    fc.assert(
      fc.property(mail, ({ width, quote, end, blanks }) => {
        const lines = [
          ...folded(alice, width),
          '',
          '# bob wrote',
          ...folded(bob, width),
          ...folded(alice, 700),
        ]
        const text = lines.map((line) => `${quote}${line}${blanks}${end}`).join('')
        expect(cardLines(text)).toEqual([alice, bob, alice])
      }),
      { seed: 14 },
    )
  })

  test('are one a line without a blank line between them', () => {
    expect(cardLines([...folded(alice, 76), ...folded(bob, 76)].join('\n'))).toEqual([alice, bob])
  })

  test('stay two where one ends in the midst', () => {
    const [first] = folded(alice, 76) as [string]
    const lines = cardLines([first, ...folded(bob, 76)].join('\n'))
    expect(lines).toEqual([first, bob])
    expect(() => parseCard(lines[0] as string)).toThrow('this is not a card')
  })

  test('are refused with a letter that changed, and with a line that is missing or stands twice', () => {
    const parts = folded(alice, 76)
    const changed = alice.replace(/.$/, (last) => (last === 'q' ? 'p' : 'q'))
    for (const text of [
      changed,
      parts.toSpliced(2, 1).join('\n'),
      parts.toSpliced(2, 0, parts[2] as string).join('\n'),
    ]) {
      const [line] = cardLines(text) as [string]
      expect(() => parseCard(line)).toThrow('this is not a card')
    }
  })

  test('take nothing of what stands after them', () => {
    expect(cardLines(`${folded(alice, 76).join('\n')}\nregards\n`)).toEqual([alice, 'regards'])
  })
})

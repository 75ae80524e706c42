import { describe, expect, test } from 'vitest'
import { getAddMemoInstruction } from '@solana-program/memo'
import { fuzz } from './fuzz.js'
import { decoded, messageOf } from './support.js'

test('1,000 hostile payloads: each is shown or refused', () => {
  // A good part must get through, or the cases say nothing of the readers.
  const shown = fuzz(1000, 20_261)
  expect(shown['mutated']).toBeGreaterThan(25)
  expect(shown['composed']).toBeGreaterThan(300)
})

describe('text of a memo', () => {
  const memoRows = (memo: string): string[] =>
    decoded(messageOf([getAddMemoInstruction({ memo })]))
      .view.rows.filter(({ label }) => label.startsWith('1 text'))
      .map(({ value }) => value)

  test.each([
    ['moves the cursor', '\u001b[2J\u001b[1;1Happroved', '"\\u{1b}[2J\\u{1b}[1;1Happroved"'],
    ['begins a line', 'pay\nfee payer, signer 1: somebody', '"pay\\u{a}fee payer, signer 1: somebody"'],
    ['turns the direction', 'to \u202eeveryone', '"to \\u{202e}everyone"'],
    ['hides', 'a\u200bb\ufeff', '"a\\u{200b}b\\u{feff}"'],
    ['closes its quotes', 'x" (this key)', '"x\\" (this key)"'],
  ])('that %s is escaped', (_, memo, shown) => {
    expect(memoRows(memo)).toEqual([shown])
  })

  test('that piles marks at the border of two rows is escaped there too', () => {
    const [first = '', second = ''] = memoRows(`${'a'.repeat(60)}${'\u0301'.repeat(3)}`)
    expect(first).toBe(`"${'a'.repeat(60)}"`)
    expect(second).toBe('"\\u{301}\\u{301}\\u{301}"')
  })
})

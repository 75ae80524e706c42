/** Lines of label and value, however many there are and however long a label is. */
import { expect, test } from 'vitest'
import { fields } from '../../../src/cli/terminal/style.js'

test('values stand below each other', () => {
  expect(
    fields([
      ['a', '1'],
      ['abc', '2'],
    ]),
  ).toEqual(['  a    1', '  abc  2'])
})

test('as many rows as a payload has bytes are laid out', () => {
  expect(fields(Array.from({ length: 700_000 }, () => ['', 'x'] as const))).toHaveLength(700_000)
})

test('a label that a payload makes long moves no other value', () => {
  const long = `message.${'a'.repeat(1000)}`
  const [warning, row] = fields([
    ['WARNING', 'look'],
    [long, 'true'],
    ['sha256', '00'],
  ])
  expect(warning).toBe('  WARNING  look')
  expect(row).toBe(`  ${long}  true`)
})

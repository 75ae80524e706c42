/** Lines of label and value, however many there are and however long a label is. */
import { expect, test } from 'vitest'
import { layOut } from '../../../src/cli/terminal/layout.js'
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
  expect(row).toBe(`  ${long}\n           true`)
})

test.each([24, 40, 60, 80, 120])(
  'text from others is never the begin of a line, in %i columns',
  (columns) => {
    for (const label of ['memo', `m${'.a'.repeat(17)}`, `message.${'a'.repeat(50)}`]) {
      const forged = `"${'x '.repeat(100)}sha256  00 fee  1 ETH ${'x '.repeat(100)}"`
      const rows = layOut(
        fields([
          ['sha256', 'ff'],
          [label, forged],
        ]),
        columns,
      )
      const own = rows.filter((row) => /^ {0,2}\S/.test(row)).map((row) => row.trim().split(' ')[0])
      expect(own).toEqual(['sha256', label])
      expect(rows.join('').replaceAll(/ +/g, '')).toContain('sha25600fee1ETH')
    }
  },
)

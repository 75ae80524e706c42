import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { isWeak, strengthOf } from '../../../src/cli/runtime/passphrase-strength.js'
import { wordsOf } from '../../../src/wire/base/safety-words.js'

test.each([
  'a',
  'sis',
  'rehearsal',
  'password',
  'P@ssw0rd123!',
  'Tr0ub4dor&3',
  'open sesame',
  'letmein2024',
  'Winter2024!',
  'qwertyuiop1234567890',
  'abcdefghijklmnopqrstuvwxyz',
  'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
  'monkey monkey monkey monkey monkey',
  '12345678901234567890',
  'correct horse battery',
])('%s is weak', (passphrase) => {
  expect(isWeak(passphrase)).toBe(true)
})

test.each(['uncut ferris dogma walrus basin', '2f6c1f7e9a8b4c3d2f6c1f7e', 'xkqzvbnwptlmrscd'])(
  '%s is not',
  (passphrase) => {
    expect(isWeak(passphrase)).toBe(false)
  },
)

test('eight random words never are, and so are not known to be stronger than they are', () => {
  for (let i = 0; i < 500; i++) {
    const words = wordsOf(Uint8Array.from(randomBytes(8))).map((word) => word.toLowerCase())
    expect(isWeak(words.join(' ')), words.join(' ')).toBe(false)
  }
})

test('whatever is added makes it no weaker by much', () => {
  expect(strengthOf('uncut ferris dogma')).toBeGreaterThan(strengthOf('uncut ferris'))
  expect(strengthOf('')).toBe(0)
  expect(strengthOf('cafe\u0301')).toBe(strengthOf('caf\u00e9'))
})

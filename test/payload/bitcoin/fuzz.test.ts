import { expect, test } from 'vitest'
import { fuzz } from './fuzz.js'

test('1,000 hostile PSBTs: each is shown or refused', () => {
  // A good part must get through, or the cases say nothing of what comes after the parser.
  expect(fuzz(1000, 322)).toBeGreaterThan(50)
})

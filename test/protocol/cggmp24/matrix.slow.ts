import { test } from 'vitest'
import { CASES, expectCaught } from './matrix.js'

test.each(CASES)('$name', (one) => {
  expectCaught(one)
})

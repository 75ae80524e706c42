import { test } from 'vitest'
import { defendingCases, expectCaught } from './matrix.js'

test.each(defendingCases())('$name', (one) => {
  expectCaught(one)
})

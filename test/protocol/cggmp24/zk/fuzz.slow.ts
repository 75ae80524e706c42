import { test } from 'vitest'
import { fuzz } from './hostile.js'
import { SUBJECTS } from './subjects.js'

test.each(SUBJECTS)('100,000 hostile letters for Π$name', (subject) => {
  fuzz(subject, 100_000, 20265, false)
})

test.each(SUBJECTS)('3,000 hostile letters for Π$name, to the verifier too', (subject) => {
  fuzz(subject, 3000, 20266, true)
})

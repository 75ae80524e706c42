import { test } from 'vitest'
import { fuzz } from './hostile.js'
import { SUBJECTS } from './subjects.js'

test.each(SUBJECTS)(
  'hostile bytes for a proof of Π$name are refused, and nothing is thrown but CodecError',
  (subject) => {
    fuzz(subject, 300, 20263, false)
    fuzz(subject, 60, 20264, true)
  },
)

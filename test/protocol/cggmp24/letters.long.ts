import { describe, test } from 'vitest'
import { type Fuzzed, fuzzDecoder, fuzzRun, fuzzShown, LETTERS } from './letters.js'

const named = LETTERS.map((one) => [`${one.round}, ${one.kind}`, one] as [string, Fuzzed])

describe('hostile bytes in the place of a letter', () => {
  test.each(named.filter(([, { codec }]) => codec))(
    '%s: its decoder refuses them with a CodecError',
    (_, one) => {
      fuzzDecoder(one, 300)
    },
  )

  test('what is shown in a failure phase: its decoder refuses them with a CodecError', () => {
    fuzzShown(150)
  })

  test.each(named)('%s: in a run their sender is named, and nobody else', (_, one) => {
    fuzzRun(one, 6)
  })
})

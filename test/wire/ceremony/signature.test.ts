/** The signatures of a request: their list, and the list as text. */
import { describe, expect, test } from 'vitest'
import { encode } from '../../../src/protocol/core/codec.js'
import { signaturesCodec, signaturesFrom, signaturesText } from '../../../src/wire/ceremony/signature.js'
import { codecErrorOf, filled } from '../support.js'

const made = (count: number): Uint8Array[] => Array.from({ length: count }, (_, i) => filled(i, 64))

describe('the signatures of a request', () => {
  test.each([1, 2, 64])('%d of them come back from bytes and from text', (count) => {
    expect(signaturesCodec.decode(signaturesCodec.encode(made(count)))).toEqual(made(count))
    expect(signaturesFrom(signaturesText(made(count)))).toEqual(made(count))
  })

  test.each<[string, readonly Uint8Array[]]>([
    ['none', []],
    ['65', made(65)],
    ['one of 63 bytes', [filled(1, 63)]],
    ['a second one of 65 bytes', [filled(1, 64), filled(2, 65)]],
  ])('%s are refused', (_, signatures) => {
    codecErrorOf(() => signaturesCodec.decode(encode(signatures)))
    expect(signaturesFrom(signaturesText(signatures))).toBeNull()
  })

  test.each<[string, string]>([
    ['a digit too many', `${'0'.repeat(128)}0`],
    ['a digit too few', '0'.repeat(127)],
    ['capital letters', 'A'.repeat(128)],
    ['a line break', `${'0'.repeat(128)}\n`],
    ['other text', 'signature verified'],
  ])('text with %s is none', (_, text) => {
    expect(signaturesFrom(text)).toBeNull()
  })
})

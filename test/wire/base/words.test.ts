import { describe, expect, test } from 'vitest'
import { fingerprintWords } from '../../../src/wire/identity/card.js'
import { sha256 } from '../../../src/wire/base/hash.js'
import { hex } from '../../../src/wire/base/text.js'
import { wordsOf } from '../../../src/wire/base/safety-words.js'
import { bytesOf, utf8 } from '../support.js'

const every = Uint8Array.from({ length: 256 }, (_, i) => i)
const even = Array.from(every, (byte) => wordsOf(Uint8Array.of(byte))[0] as string)
const odd = Array.from(every, (byte) => wordsOf(Uint8Array.of(0, byte))[1] as string)

describe('the PGP word list', () => {
  test('the published example', () => {
    const fingerprint = bytesOf('E582 94F2 E9A2 2748 6E8B 061B 31CC 528F D7FA 3F19')
    expect(wordsOf(fingerprint).join(' ')).toBe(
      'topmost Istanbul Pluto vagabond treadmill Pacific brackish dictator goldfish Medusa afflict bravado ' +
        'chatter revolver Dupont midsummer stopwatch whimsical cowbell bottomless',
    )
  })

  test('the ends of both lists', () => {
    expect([even[0], even[255], odd[0], odd[255]]).toEqual(['aardvark', 'Zulu', 'adroitness', 'Yucatan'])
  })

  test('512 distinct words, none in both lists, also to the ear of a keyboard', () => {
    expect(new Set([...even, ...odd].map((word) => word.toLowerCase())).size).toBe(512)
  })

  test('every word at its place, as in PGP::Words::Tiny 0.002, word by word', () => {
    const hashOf = (list: readonly string[]) => hex(sha256(utf8(list.join(' '))))
    expect(hashOf(even)).toBe('541ddf6f9cb42d5f68c504d3e73c9604e07cc9bc0c9f970ede363979f631aff8')
    expect(hashOf(odd)).toBe('da2f42899401481ae69b71da92f1f26abd36d0c1e457fd372a0f1e48d1f3f152')
  })

  test('every word can be typed anywhere: it is ASCII letters', () => {
    for (const word of [...even, ...odd]) expect(word).toMatch(/^[A-Za-z]+$/)
  })

  test('a fingerprint is read as 16 words of its first 128 bits', () => {
    const fingerprint = Uint8Array.from({ length: 32 }, (_, i) => 255 - i)
    expect(fingerprintWords(fingerprint)).toEqual(wordsOf(fingerprint.subarray(0, 16)))
    expect(fingerprintWords(fingerprint)).toHaveLength(16)
  })
})

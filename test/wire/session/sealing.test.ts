import { createCipheriv } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { hashOfKey, keyOfLetter, openLetter, sealLetter } from '../../../src/wire/session/sealing.js'
import { encodeHeader, type Header } from '../../../src/wire/session/envelope.js'
import { sha256 } from '../../../src/wire/base/hash.js'
import { hex } from '../../../src/wire/base/text.js'

const filled = (byte: number, length = 32): Uint8Array => new Uint8Array(length).fill(byte)
const flip = (bytes: Uint8Array, at: number, bit: number): Uint8Array =>
  bytes.map((byte, i) => (i === at ? byte ^ (1 << bit) : byte))

const letterKey = filled(1)
const key = keyOfLetter(letterKey, 'open')
const header: Header = {
  v: 1,
  kind: 'letter',
  definition: filled(2),
  session: filled(3),
  round: 'open',
  from: filled(4),
  to: filled(5),
  time: 1_800_000_000_000,
  key: hashOfKey(key),
}
const data = encodeHeader(header)
const plaintext = Uint8Array.from({ length: 40 }, (_, i) => i)
const sealed = sealLetter(key, data, plaintext)

describe('a sealed letter', () => {
  test('opens to what was sealed, and is 16 bytes longer', () => {
    expect(openLetter(key, data, sealed)).toEqual(plaintext)
    expect(sealed).toHaveLength(plaintext.length + 16)
    expect(openLetter(key, data, sealLetter(key, data, new Uint8Array()))).toEqual(new Uint8Array())
  })

  test('is AES-256-GCM under the zero nonce with the header as associated data: as OpenSSL has it', () => {
    const cipher = createCipheriv('aes-256-gcm', key, new Uint8Array(12)).setAAD(data)
    const theirs = Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
    expect(hex(sealed)).toBe(theirs.toString('hex'))
  })

  test('the first case of the GCM specification with a key of 256 bits and a block of text', () => {
    const block = sealLetter(filled(0), new Uint8Array(), filled(0, 16))
    expect(hex(block)).toBe('cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919')
  })

  test('does not open with any bit of it, of the header or of the key changed', () => {
    for (let at = 0; at < sealed.length; at++) {
      expect(openLetter(key, data, flip(sealed, at, at % 8))).toBeNull()
    }
    for (let at = 0; at < data.length; at++)
      expect(openLetter(key, flip(data, at, at % 8), sealed)).toBeNull()
    for (let at = 0; at < key.length; at++) expect(openLetter(flip(key, at, at % 8), data, sealed)).toBeNull()
  })

  test.each([0, 1, 15, 16, sealed.length - 1])('does not open when cut to %d bytes', (length) => {
    expect(openLetter(key, data, sealed.slice(0, length))).toBeNull()
  })

  test('does not open with a byte more, or without its header', () => {
    expect(openLetter(key, data, Uint8Array.of(...sealed, 0))).toBeNull()
    expect(openLetter(key, new Uint8Array(), sealed)).toBeNull()
  })

  const moved: [string, Partial<Header>][] = [
    ['another round', { round: 'commit' }],
    ['another session', { session: filled(9) }],
    ['another ceremony', { definition: filled(9) }],
    ['another recipient', { to: filled(9) }],
    ['everybody', { to: null }],
    ['another sender', { from: filled(9) }],
    ['another time', { time: 1 }],
    ['another key hash', { key: null }],
  ]
  test.each(moved)('does not open under the header of %s', (_, change) => {
    expect(openLetter(key, encodeHeader({ ...header, ...change }), sealed)).toBeNull()
  })
})

describe('the key of a letter', () => {
  test('is its own for every round and direction, and none opens another letter', () => {
    const rounds = ['open', 'commit', 'open.echo', 'Open', '', 'open ']
    const keys = [...rounds.map((round) => keyOfLetter(letterKey, round)), keyOfLetter(filled(9), 'open')]
    expect(new Set(keys.map(hex)).size).toBe(keys.length)
    for (const other of keys.slice(1)) expect(openLetter(other, data, sealed)).toBeNull()
    expect(openLetter(letterKey, data, sealed)).toBeNull()
  })

  test('is known by its SHA-256, which is not the key', () => {
    expect(hashOfKey(key)).toEqual(sha256(key))
    expect(hex(hashOfKey(key))).not.toBe(hex(key))
    expect(openLetter(hashOfKey(key), data, sealed)).toBeNull()
  })
})

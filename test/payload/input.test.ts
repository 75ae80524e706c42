/** The forms in which binary payloads come, and which form wins where two could be read. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { binaryOf } from '../../src/payload/input.js'
import { Failure } from '../../src/wire/base/failure.js'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'))

/** Payloads of every binary type have a byte that is no text: a low count or version, an RLP list, 0xff. */
const payload = fc.uint8Array({ minLength: 1, maxLength: 300 }).map((rest) => Uint8Array.from([2, ...rest]))

test('the same payload is read from hex, base64 and binary', () => {
  fc.assert(
    fc.property(payload, fc.constantFrom('', '\n', '\r\n', ' \t\n'), (wanted, end) => {
      const hex = Buffer.from(wanted).toString('hex')
      const base64 = Buffer.from(wanted).toString('base64')
      const wrapped = base64.replaceAll(/.{76}/g, '$&\n')
      // Base64 that looks like hex is hex: `base64 that is hex, too` below.
      const forms = [hex, hex.toUpperCase(), `0x${hex}`, `0X${hex}`]
      if (!/^(?:[0-9a-f]{2})+$/i.test(base64)) forms.push(base64, wrapped)
      for (const form of forms) expect(binaryOf(text(form + end))).toEqual(wanted)
      expect(binaryOf(wanted)).toEqual(wanted)
    }),
    { seed: 1 },
  )
})

test('hex wins over base64', () => {
  expect(binaryOf(text('deadbeef'))).toEqual(bytes('deadbeef'))
  expect(Buffer.from('deadbeef', 'base64')).toHaveLength(6)
})

test('one byte that is no text makes the file binary, whatever surrounds it', () => {
  for (const byte of [0, 8, 11, 0x1b, 0x7f, 0x80, 0xff]) {
    const file = Uint8Array.from([...text('deadbeef'), byte])
    expect(binaryOf(file)).toEqual(file)
  }
})

test('the largest payload is read in each form', () => {
  const wanted = new Uint8Array(700_000).fill(0xff)
  const hex = Buffer.from(wanted).toString('hex')
  for (const form of [hex, Buffer.from(wanted).toString('base64')]) {
    expect(Buffer.from(binaryOf(text(form))).equals(wanted)).toBe(true)
  }
  expect(() => binaryOf(text(`${hex}-`))).toThrow('neither hex nor base64')
})

test('the payload is a copy', () => {
  const file = Uint8Array.from([0xff, 1])
  binaryOf(file)[1] = 9
  expect(file[1]).toBe(1)
})

test.each([
  ['nothing', '', 'the file is empty'],
  ['blanks', ' \r\n\t', 'the file is empty'],
  ['0x alone', '0x', 'begins with 0x'],
  ['an odd number of digits', '0xabc', 'begins with 0x'],
  ['0x before base64', '0xAg==', 'begins with 0x'],
  ['an odd number of digits without 0x', 'abc', 'neither hex nor base64'],
  ['blanks within', 'dead beef', 'neither hex nor base64'],
  ['a sentence', 'Pay Alice 5 ETH', 'neither hex nor base64'],
  ['base64 without its padding', 'AgM', 'neither hex nor base64'],
  ['base64 with stray bits', 'AgN=', 'neither hex nor base64'],
  ['base64url', 'Av_-', 'neither hex nor base64'],
  ['JSON', '{"tx":"0x02"}', 'neither hex nor base64'],
])('%s is refused', (_, file, problem) => {
  expect(() => binaryOf(text(file))).toThrow(problem)
  try {
    binaryOf(text(file))
  } catch (error) {
    expect(error).toBeInstanceOf(Failure)
    expect(error).toMatchObject({ kind: 'verification', code: 'E_PAYLOAD' })
  }
})

/** Messages for personal_sign: vectors, viem as the second hash and verifier, and text that cannot touch a screen. */
import fc from 'fast-check'
import { hashMessage, type Hex, recoverMessageAddress } from 'viem'
import { describe, expect, test } from 'vitest'
import { eip191 } from '../../../src/payload/evm/eip191.js'
import { HOSTILE, hostileTexts } from '../../support/hostile.js'
import { assembled, COW_KEY, decoded, failureOf, hex0, testKey, textBytes, valueOf } from './subjects.js'

const key = testKey(COW_KEY)
const seen = (message: string | Uint8Array) =>
  decoded(eip191, typeof message === 'string' ? textBytes(message) : message, key)
const shown = (result: ReturnType<typeof seen>): string =>
  [
    result.view.sentence,
    ...result.view.warnings,
    ...result.view.rows.flatMap((row) => [row.label, row.value]),
  ].join('\n')

describe('a message', () => {
  // https://web3js.readthedocs.io/en/v1.2.2/web3-eth-accounts.html#hashmessage
  test('is hashed as web3.js documents it', () => {
    const result = seen('Hello World')
    expect(hex0(result.messages[0]?.message as Uint8Array)).toBe(
      '0xa1de988600a42c4b4ab089b619297c17d53cffae5d5120d82d8a92d0bb3b78f2',
    )
    expect(result.view.sentence).toBe('Signs the message "Hello World" as an Ethereum message.')
    expect(valueOf(result, 'line 1')).toBe('"Hello World"')
    expect(valueOf(result, 'signed by')).toBe(key.address)
    expect(result.view.effects).toEqual([])
    expect(result.view.warnings).toEqual([])
  })

  test('of any bytes is hashed as viem does it, and is the payload', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const [message] = decoded(eip191, eip191.read(bytes), key).messages
        expect(hex0(message?.message as Uint8Array)).toBe(hashMessage({ raw: bytes }))
        expect(eip191.read(bytes)).toEqual(bytes)
      }),
      { seed: 3 },
    )
  })

  test.each([null, 'm/44/60'])('signed at the path %s recovers to the key, by viem', async (path) => {
    const owner = testKey(COW_KEY, path)
    const outputs = assembled(eip191, textBytes('Hello World'), owner)
    const signature = outputs['signature'] as Hex
    expect(await recoverMessageAddress({ message: 'Hello World', signature })).toBe(owner.address)
    expect(signature).toMatch(/^0x[0-9a-f]{130}$/)
    expect(signature).toBe(
      `${outputs['r']}${(outputs['s'] as string).slice(2)}${(outputs['v'] as number).toString(16)}`,
    )
    expect([27, 28]).toContain(outputs['v'])
  })

  test('is shown whole, line by line, however long it is', () => {
    const long = `first\n${'x'.repeat(1000)}\nlast`
    const text = seen(long)
      .view.rows.filter(({ value }) => value.startsWith('"'))
      .map(({ value }) => value.slice(1, -1))
      .join('')
    expect(text).toBe(long.replaceAll('\n', ''))
  })
})

describe('a warning says', () => {
  test.each([
    ['that the last line break is signed', 'Pay Alice\n', 'ends with a line break'],
    ['that hex is signed as characters', `0x${'ab'.repeat(32)}`, 'The message is hex digits'],
    ['that hex without 0x is, too', 'abcd\n', 'The message is hex digits'],
    ['that bytes are no text', Uint8Array.from([0xff, 0xfe]), 'is no text'],
  ])('%s', (_, message, warning) => {
    expect(seen(message).view.warnings.join('\n')).toContain(warning)
  })

  test.each([
    ['bytes', new Uint8Array(32).fill(0xff)],
    ['text', 'x'.repeat(32)],
  ])('that 32 bytes may be a digest: %s', (_, message) => {
    const { view } = seen(message)
    expect(view.warnings[0]).toContain('may be a digest')
    expect(view.effects.map(({ chain, kind }) => [chain, kind])).toEqual([['evm:any', 'unknown']])
  })

  test('nothing known of bytes that are no text', () => {
    const result = seen(Uint8Array.from([0xc3]))
    expect(result.view.effects.map(({ kind }) => kind)).toEqual(['unknown'])
    expect(valueOf(result, 'byte 0')).toBe('c3')
  })
})

test('hostile text is escaped in every row', () => {
  for (const text of [...hostileTexts, '\u001b[2J\u001b[H', '\u202eevil\u202c']) {
    expect(shown(seen(text)).replaceAll('\n', '')).not.toMatch(HOSTILE)
  }
})

test('a message of more bytes than are signed is refused', () => {
  const failure = failureOf(() => seen(new Uint8Array(128 * 1024 + 1)))
  expect(failure).toMatchObject({ kind: 'verification', code: 'E_PAYLOAD' })
  expect(seen(new Uint8Array(128 * 1024).fill(0x61)).messages).toHaveLength(1)
})

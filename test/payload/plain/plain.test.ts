/** Text, raw bytes and digests: what is shown of them, and which bytes are signed. */
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Decoded, Decoder, Subject, View } from '../../../src/payload/decoder.js'
import { checked, decoderFor, loadDecoder, PAYLOAD_TYPES } from '../../../src/payload/registry/registry.js'
import { SCHEMES, type Scheme } from '../../../src/protocol/group/scheme.js'
import { Failure } from '../../../src/wire/base/failure.js'

const subject = (scheme: Scheme, path: string | null = null): Subject =>
  ({ record: { scheme }, path }) as unknown as Subject

const decoded = async (
  type: string,
  payload: Uint8Array,
  scheme: Scheme = 'eddsa-ed25519',
): Promise<Decoded> => (await loadDecoder(type)).decode(payload, subject(scheme))

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

const sha256 = (bytes: Uint8Array): Uint8Array => Uint8Array.from(createHash('sha256').update(bytes).digest())

const failureOf = async (promise: Promise<unknown>): Promise<Failure> => {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(Failure)
  return error as Failure
}

describe('the registry', () => {
  test('loads each decoder by its name', async () => {
    for (const { type, load } of PAYLOAD_TYPES) expect((await load()).type).toBe(type)
  })

  test('refuses an unknown type, and says which one is near', async () => {
    const failure = await failureOf(loadDecoder('txt'))
    expect(failure).toMatchObject({ kind: 'usage', code: 'E_TYPE', message: '"txt" is no type of payload' })
    expect(failure.hint).toMatch(/^the types are raw, text, digest.*\. Did you mean text\?$/)
  })

  test('shows the name of an unknown type without what could touch the screen', async () => {
    expect((await failureOf(loadDecoder('\u001b[2J'))).message).toBe('"\\u{1b}[2J" is no type of payload')
  })

  test('knows no type by a name that every object has', async () => {
    for (const type of ['constructor', '__proto__', 'toString']) {
      expect((await failureOf(loadDecoder(type))).code).toBe('E_TYPE')
    }
  })

  test.each(SCHEMES)('lets %s sign text, raw bytes and digests', async (scheme) => {
    for (const type of ['text', 'raw', 'digest']) expect((await decoderFor(type, scheme)).type).toBe(type)
  })
})

describe('a decoder that forgets to make a text visible', () => {
  const view: View = { type: 'x', sentence: 'fine', rows: [], effects: [], warnings: [] }
  const effect = { chain: 'x', kind: 'call', asset: null, amount: null, recipient: null } as const
  const message = { path: null, message: new Uint8Array(32) }
  const times = (length: number) => Array.from({ length }, () => message)
  const over = (decoded: Partial<View>, messages = [message]): (() => unknown) => {
    const decoder: Decoder = {
      type: 'x',
      schemes: SCHEMES,
      read: (file) => file,
      decode: () => ({ view: { ...view, ...decoded }, messages, assemble: () => ({}) }),
      outline: () => ({ ...view, ...decoded }),
    }
    const { decode, outline } = checked(decoder)
    return () => [decode(new Uint8Array(), subject('eddsa-ed25519')), outline(new Uint8Array())]
  }

  test.each<[string, Partial<View>]>([
    ['the sentence', { sentence: 'a\u001b[2J' }],
    ['a warning', { warnings: ['a\nb'] }],
    ['a label', { rows: [{ label: 'a\u202e', value: '' }] }],
    ['a value', { rows: [{ label: '', value: 'a\u200bb' }] }],
    ['a chain', { effects: [{ ...effect, chain: 'x\r' }] }],
    ['an asset', { effects: [{ ...effect, asset: 'x\u009b' }] }],
    ['a recipient', { effects: [{ ...effect, recipient: 'a\u0301\u0301\u0301' }] }],
  ])('in %s is stopped before the screen', (_, decoded) => {
    expect(over({ ...decoded })).toThrow('text that cannot be shown on a screen')
  })

  test.each([0, 65])('or has %i messages is stopped, too', (count) => {
    expect(over({}, times(count))).toThrow(`has ${count} messages to sign`)
  })

  test('is told from one that forgets nothing', () => {
    expect(over({ sentence: 'Zahlt 3 € an „Zoë“, 支払い' }, times(64))).not.toThrow()
  })
})

describe('text', () => {
  const pay = utf8('pay 3 to "bob"\nand say so')

  test('is shown in a sentence and line by line', async () => {
    const { view } = await decoded('text', pay)
    expect(view).toEqual({
      type: 'text',
      sentence: 'Signs a text of 2 lines that begins with "pay 3 to \\"bob\\"".',
      rows: [
        { label: 'signed', value: 'these bytes as they are' },
        { label: 'length', value: '25 bytes' },
        { label: 'line 1', value: '"pay 3 to \\"bob\\""' },
        { label: 'line 2', value: '"and say so"' },
      ],
      effects: [],
      warnings: [],
    })
  })

  test('that is short is all in the sentence', async () => {
    expect((await decoded('text', utf8('pay bob'))).view.sentence).toBe('Signs the text "pay bob".')
    expect((await decoded('text', utf8('b'.repeat(61)))).view.sentence).toBe(
      `Signs a text of one line that begins with "${'b'.repeat(60)}".`,
    )
  })

  test('has all of a long line in rows of 60 characters', async () => {
    const { view } = await decoded('text', utf8(`${'a'.repeat(60)}${'b'.repeat(60)}c`))
    expect(view.rows.slice(2)).toEqual([
      { label: 'line 1', value: `"${'a'.repeat(60)}"` },
      { label: '', value: `"${'b'.repeat(60)}"` },
      { label: '', value: '"c"' },
    ])
  })

  test('cannot move the cursor or hide a character', async () => {
    const { view } = await decoded('text', utf8('a\u001b[2Jb\u202ec\u200bd\re'))
    const shown = [view.sentence, ...view.rows.map(({ value }) => value)].join('')
    expect(shown).toContain('a\\u{1b}[2Jb\\u{202e}c\\u{200b}d\\u{d}e')
    expect(shown).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  })

  test('of other bytes is refused', async () => {
    const failure = await failureOf(decoded('text', Uint8Array.of(0xc3, 0x28)))
    expect(failure).toMatchObject({ kind: 'verification', code: 'E_PAYLOAD', hint: 'use --type raw' })
  })
})

describe('raw bytes', () => {
  test('are shown by their hash and in hex, all of them', async () => {
    const payload = Uint8Array.from({ length: 50 }, (_, i) => 200 + i)
    const { view } = await decoded('raw', payload)
    expect(view.sentence).toBe('Signs 50 bytes that this program does not decode.')
    const [, length, ...rows] = view.rows
    expect(length).toEqual({ label: 'length', value: '50 bytes, not text' })
    expect(rows.map(({ label }) => label)).toEqual(['byte 0', 'byte 24', 'byte 48'])
    expect(Buffer.from(rows.map(({ value }) => value).join(''), 'hex')).toEqual(Buffer.from(payload))
    expect(view.effects).toEqual([
      { chain: 'unknown', kind: 'unknown', asset: null, amount: null, recipient: null },
    ])
  })

  test('that are text are shown as text', async () => {
    expect((await decoded('raw', utf8('pay bob'))).view.rows[2]).toEqual({
      label: 'line 1',
      value: '"pay bob"',
    })
  })

  test('may be none', async () => {
    expect((await decoded('raw', new Uint8Array())).view.sentence).toMatch(/^Signs 0 bytes /)
  })
})

describe('32 bytes', () => {
  const bytes = utf8('these are thirty-two bytes long.')

  test.each(['raw', 'text', 'digest'])('as %s come with a warning', async (type) => {
    expect((await decoded(type, bytes)).view.warnings).toEqual([
      'These 32 bytes may be a digest, which does not say what is signed.',
    ])
  })

  test('are what a digest has', async () => {
    expect(await failureOf(decoded('digest', bytes.slice(1)))).toMatchObject({
      kind: 'verification',
      code: 'E_PAYLOAD',
      message: 'a digest has exactly 32 bytes',
    })
  })
})

describe('the message', () => {
  const payload = utf8('pay 3 to bob, then stop for today')
  const messageOf = async (type: string, scheme: Scheme, bytes: Uint8Array) =>
    (await loadDecoder(type)).decode(bytes, subject(scheme, 'm/0/1')).messages

  test.each(['raw', 'text'])('of %s is its SHA-256 for ECDSA, and the bytes for the others', async (type) => {
    expect(await messageOf(type, 'ecdsa-secp256k1', payload)).toEqual([
      { path: 'm/0/1', message: sha256(payload) },
    ])
    expect((await decoded(type, payload, 'ecdsa-secp256k1')).view.rows[0]).toEqual({
      label: 'signed',
      value: 'the SHA-256 of these bytes',
    })
    for (const scheme of ['eddsa-ed25519', 'schnorr-taproot'] as const) {
      expect(await messageOf(type, scheme, payload)).toEqual([{ path: 'm/0/1', message: payload }])
      expect((await decoded(type, payload, scheme)).view.rows[0]).toEqual({
        label: 'signed',
        value: 'these bytes as they are',
      })
    }
  })

  test.each(SCHEMES)('of a digest is the digest under %s', async (scheme) => {
    const digest = sha256(payload)
    expect(await messageOf('digest', scheme, digest)).toEqual([{ path: 'm/0/1', message: digest }])
  })
})

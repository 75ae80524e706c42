/** Signatures of other programs, in each form. */
import { createECDH, createPrivateKey, sign } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { readSignature } from '../../src/payload/signature-file.js'
import { hex } from '../../src/wire/base/text.js'
import { derOf } from '../../src/wire/ceremony/signature.js'

/** By OpenSSL: the same signature in DER and as r and s. */
function made(): { der: Buffer; plain: Buffer } {
  const pair = createECDH('secp256k1')
  pair.generateKeys()
  const point = pair.getPublicKey()
  const key = createPrivateKey({
    key: {
      kty: 'EC',
      crv: 'secp256k1',
      d: pair.getPrivateKey().toString('base64url'),
      x: point.subarray(1, 33).toString('base64url'),
      y: point.subarray(33).toString('base64url'),
    },
    format: 'jwk',
  })
  const der = sign('sha256', Buffer.from('hello'), key)
  const rLength = der[3] as number
  const r = der.subarray(4, 4 + rLength)
  const s = der.subarray(6 + rLength)
  const fixed = (n: Buffer): Buffer => Buffer.from(n.toString('hex').slice(-64).padStart(64, '0'), 'hex')
  return { der, plain: Buffer.concat([fixed(r), fixed(s)]) }
}

describe('a signature is read', () => {
  test('from the DER of OpenSSL, binary and as text, for any length of r and s', () => {
    for (let i = 0; i < 300; i++) {
      const { der, plain } = made()
      for (const form of [der, Buffer.from(der.toString('hex')), Buffer.from(der.toString('base64'))]) {
        expect(hex(readSignature(form, 'ecdsa-secp256k1') as Uint8Array)).toBe(plain.toString('hex'))
      }
      expect(hex(derOf(Uint8Array.from(plain)))).toBe(der.toString('hex'))
    }
  })

  const { plain } = made()
  const digits = plain.toString('hex')
  test.each([
    ['hex', digits],
    ['hex in capitals, with 0x', `0x${digits.toUpperCase()}`],
    ['hex with blanks and a line end', ` ${digits.slice(0, 64)}\r\n${digits.slice(64)} \n`],
    ['base64', plain.toString('base64')],
    ['base64 in lines', `${plain.toString('base64').slice(0, 76)}\n${plain.toString('base64').slice(76)}\n`],
    ['a JSON file', JSON.stringify({ scheme: 'eddsa-ed25519', signature: digits })],
    ['a line of mpc sign --json', `${JSON.stringify({ ok: true, data: { signature: digits } })}\n`],
  ])('from %s', (_, text) => {
    for (const scheme of ['ecdsa-secp256k1', 'eddsa-ed25519', 'schnorr-taproot'] as const) {
      expect(hex(readSignature(Buffer.from(text), scheme) as Uint8Array)).toBe(digits)
    }
  })

  test('from 64 bytes, whatever these are', () => {
    expect(readSignature(plain, 'eddsa-ed25519')).toBe(plain)
  })

  test.each([
    ['nothing', ''],
    ['too few digits', digits.slice(2)],
    ['too many digits', `${digits}00`],
    ['an odd number of digits', `${digits}0`],
    ['words', 'no signature at all'],
    ['JSON that is none', '{'],
    ['JSON of something else', '{"signature":7}'],
    ['JSON without one', '[]'],
    ['null', '{"data":null}'],
  ])('and not from %s', (_, text) => {
    expect(readSignature(Buffer.from(text), 'ecdsa-secp256k1')).toBeNull()
  })

  test('and not from DER of another encoding, or of another scheme', () => {
    const { der } = made()
    const longer = Buffer.concat([der, Buffer.of(0)])
    // The same r with a zero in front that it does not need.
    const padded = Buffer.concat([
      Buffer.of(0x30, (der[1] as number) + 1, 2, (der[3] as number) + 1, 0),
      der.subarray(4),
    ])
    const long = Buffer.concat([Buffer.of(0x30, 0x81), der.subarray(1)])
    for (const form of [longer, padded, long]) expect(readSignature(form, 'ecdsa-secp256k1')).toBeNull()
    expect(readSignature(der, 'eddsa-ed25519')).toBeNull()
  })

  test('and of several none is picked', () => {
    const text = JSON.stringify({ data: { signature: null, signatures: [{ signature: digits }] } })
    expect(readSignature(Buffer.from(text), 'ecdsa-secp256k1')).toBe('several')
  })
})

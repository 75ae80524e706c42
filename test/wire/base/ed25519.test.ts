import { createPublicKey, verify } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519.js'
import { sha512 } from '@noble/hashes/sha2.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Secret } from '../../../src/protocol/core/secret.js'
import { isSigningKey, SigningKey, verifyEd25519, verifySignature } from '../../../src/wire/base/ed25519.js'
import { verifiesUnder } from '../../../src/wire/ceremony/signature.js'
import { hex } from '../../../src/wire/base/text.js'
import vectors from '../../vectors/wire/ed25519.json' with { type: 'json' }
import { alice, bytesOf, filled, flip, mallory, utf8 } from '../support.js'

const { Point } = ed25519
const L = Point.Fn.ORDER
const P = 2n ** 255n - 19n

const little = (value: bigint): Uint8Array =>
  Uint8Array.from(Buffer.from(value.toString(16).padStart(64, '0'), 'hex')).reverse()
const number = (bytes: Uint8Array): bigint => BigInt(`0x${hex(bytes.slice().reverse())}`)
const torsion = Point.fromBytes(bytesOf(vectors.small_order[4] as string), true)

describe('RFC 8032', () => {
  test.each(vectors.signatures)('$public_key', ({ seed, public_key, message, signature }) => {
    const key = new SigningKey(new Secret(bytesOf(seed)))
    expect(hex(key.publicKey)).toBe(public_key)
    expect(hex(key.signBytes(bytesOf(message)))).toBe(signature)
    expect(isSigningKey(key.publicKey)).toBe(true)
    expect(verifyEd25519(key.publicKey, bytesOf(message), bytesOf(signature))).toBe(true)
    expect(verifiesUnder('eddsa-ed25519', key.publicKey, bytesOf(message), bytesOf(signature))).toBe(true)
  })
})

describe('a signature', () => {
  const { signing } = alice.identity
  const message = utf8('pay nobody')
  const signature = signing.signBytes(message)

  test('is refused with any bit of it, of the message or of the key changed', () => {
    for (let at = 0; at < 64; at++) {
      expect(verifyEd25519(signing.publicKey, message, flip(signature, at, at % 8))).toBe(false)
    }
    for (let at = 0; at < message.length; at++) {
      expect(verifyEd25519(signing.publicKey, flip(message, at), signature)).toBe(false)
    }
    for (let at = 0; at < 32; at++) {
      expect(verifyEd25519(flip(signing.publicKey, at, at % 8), message, signature)).toBe(false)
    }
  })

  test('is refused with L added to S, as often as that fits into 32 bytes', () => {
    const S = number(signature.slice(32))
    const tried = [1n, 2n, 8n, 15n].filter((times) => S + times * L < 2n ** 256n)
    expect(tried.length).toBeGreaterThan(2)
    for (const times of tried) {
      const malleated = Uint8Array.of(...signature.slice(0, 32), ...little(S + times * L))
      expect(verifyEd25519(signing.publicKey, message, malleated)).toBe(false)
    }
  })

  test.each([0, 1, 63, 65, 96, 128])('of %d bytes is refused', (length) => {
    const other = new Uint8Array(length)
    other.set(signature.subarray(0, length))
    expect(verifyEd25519(signing.publicKey, message, other)).toBe(false)
  })

  test.each([0, 31, 33, 64])('under a key of %d bytes is refused', (length) => {
    const other = new Uint8Array(length)
    other.set(signing.publicKey.subarray(0, length))
    expect(verifyEd25519(other, message, signature)).toBe(false)
  })

  test('by another is refused', () => {
    expect(verifyEd25519(mallory.identity.signing.publicKey, message, signature)).toBe(false)
    const signed = signing.sign('mpc/accept/v1', filled(1))
    expect(verifySignature(signing.publicKey, signed, 'mpc/accept/v1', filled(1))).toBe(true)
    expect(verifySignature(mallory.card.signing, signed, 'mpc/accept/v1', filled(1))).toBe(false)
  })

  test('never makes the verifier throw, whatever the bytes', () => {
    const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
    fc.assert(
      fc.property(bytes(32), fc.uint8Array(), bytes(64), (key, text, random) => {
        expect(verifyEd25519(key, text, random)).toBe(false)
      }),
      { numRuns: 200 },
    )
  })

  test('of mixed order R, valid to a cofactored verifier only, is refused', () => {
    // R' = R + T with T of small order; S answers the challenge over R'.
    const { scalar: a } = ed25519.utils.getExtendedPublicKey(signing.seed.reveal())
    const r = 123456789n
    const R = Point.BASE.multiply(r).add(torsion).toBytes()
    const challenge = sha512(Uint8Array.of(...R, ...signing.publicKey, ...message))
    const k = Point.Fn.create(number(challenge))
    const S = little(Point.Fn.add(r, Point.Fn.mul(k, a)))
    const mixed = Uint8Array.of(...R, ...S)
    expect(ed25519.verify(mixed, message, signing.publicKey, { zip215: true })).toBe(true)
    expect(verifyEd25519(signing.publicKey, message, mixed)).toBe(false)
  })
})

describe('a key that signs', () => {
  const identity = Point.ZERO.toBytes()

  test('is one of prime order', () => {
    for (let i = 1n; i < 20n; i++) {
      expect(isSigningKey(Point.BASE.multiply(i).toBytes())).toBe(true)
    }
  })

  test('the eight points of small order are eight, and all are refused', () => {
    const points = vectors.small_order.map((encoded) => Point.fromBytes(bytesOf(encoded), false))
    expect(new Set(points.map((point) => hex(point.toBytes()))).size).toBe(8)
    for (const point of points) expect(point.multiplyUnsafe(8n).is0()).toBe(true)
    for (const encoded of vectors.small_order) expect(isSigningKey(bytesOf(encoded))).toBe(false)
  })

  test.each(vectors.small_order_not_canonical)(
    '%s, another way to write one of them, is refused',
    (encoded) => {
      expect(isSigningKey(bytesOf(encoded))).toBe(false)
    },
  )

  test('a point with a part of small order is refused, for each such part', () => {
    for (let i = 1n; i < 8n; i++) {
      const mixed = Point.BASE.multiply(7n).add(torsion.multiplyUnsafe(i))
      expect(isSigningKey(mixed.toBytes())).toBe(false)
    }
  })

  test('a coordinate written beyond the prime is refused', () => {
    // y below 19 has a second form in 255 bits. Not all of these are points; none may pass.
    for (let y = 0n; y < 19n; y++) {
      expect(isSigningKey(little(P + y))).toBe(false)
      expect(isSigningKey(little(P + y + 2n ** 255n))).toBe(false)
    }
  })

  test('what is no point, or not 32 bytes, is refused', () => {
    expect(isSigningKey(little(2n))).toBe(false)
    expect(isSigningKey(Point.BASE.toBytes().slice(0, 31))).toBe(false)
    expect(isSigningKey(Uint8Array.of(...Point.BASE.toBytes(), 0))).toBe(false)
    expect(isSigningKey(new Uint8Array())).toBe(false)
  })

  test('is not left to the verifier: OpenSSL takes any message under the identity', () => {
    // R = identity, S = 0: why `isSigningKey` stands before every use of a key.
    const forged = Uint8Array.of(...identity, ...filled(0))
    const x = Buffer.from(identity).toString('base64url')
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
    expect(verify(null, utf8('anything'), key, forged)).toBe(true)
    expect(verifiesUnder('eddsa-ed25519', identity, utf8('anything'), forged)).toBe(false)
  })
})

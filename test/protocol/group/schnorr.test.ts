import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CodecError } from '../../../src/protocol/core/codec.js'
import { ed25519, secp256k1 } from '../../../src/protocol/group/curve.js'
import { proveKnowledge, type SchnorrProof, verifyKnowledge } from '../../../src/protocol/group/schnorr.js'
import { Secret } from '../../../src/protocol/core/secret.js'
import { seededRng } from '../../support/rng.js'
import { BAD_POINTS, hex } from '../frost/party.js'

const context = Uint8Array.of(1, 2, 3)

describe.each([ed25519, secp256k1])('proof of knowledge on $name', (curve) => {
  const { Fn } = curve
  const x = curve.randomScalar(seededRng('schnorr', curve.name))
  const X = curve.timesG(x).toBytes()
  const secret = () => new Secret(curve.scalarBytes(x))
  const proof = proveKnowledge(curve, context, secret(), seededRng('proof'))
  const holds = (changed: Partial<SchnorrProof>, point = X, inContext = context) =>
    verifyKnowledge(curve, inContext, point, { ...proof, ...changed })

  test('verifies', () => {
    expect(holds({})).toBe(true)
    expect(proof.R).toHaveLength(curve.pointBytes)
    expect(proof.z).toHaveLength(32)
  })

  test('is for one point, one context and one curve', () => {
    expect(holds({}, curve.timesG(Fn.add(x, 1n)).toBytes())).toBe(false)
    expect(holds({}, X, Uint8Array.of(1, 2, 4))).toBe(false)
    expect(holds({}, X, new Uint8Array())).toBe(false)
    const other = curve === ed25519 ? secp256k1 : ed25519
    expect(verifyKnowledge(other, context, X, proof)).toBe(false)
  })

  test('every changed bit of it is noticed', () => {
    const flipped = (bytes: Uint8Array, bit: number) =>
      bytes.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
    for (let bit = 0; bit < 256; bit += 5) {
      expect(holds({ z: flipped(proof.z, bit) })).toBe(false)
      expect(holds({ R: flipped(proof.R, bit) })).toBe(false)
    }
  })

  test('an answer moved by the order, or negated, is refused', () => {
    expect(holds({ z: curve.scalarBytes(Fn.neg(curve.parseScalar(proof.z))) })).toBe(false)
    expect(holds({ z: proof.z.map(() => 255) })).toBe(false)
    expect(holds({ z: new Uint8Array(32) })).toBe(false)
  })

  test.each(BAD_POINTS[curve.name === 'ed25519' ? 'eddsa-ed25519' : 'schnorr-taproot'])(
    '%s is refused as point and as commitment',
    (_, encoded) => {
      expect(holds({}, hex(encoded))).toBe(false)
      expect(holds({ R: hex(encoded) })).toBe(false)
    },
  )

  test('any bytes are answered, with false', () => {
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.constantFrom(X, proof.R, proof.z))
    fc.assert(
      fc.property(bytes, bytes, bytes, fc.uint8Array({ maxLength: 5 }), (point, R, z, inContext) => {
        expect(holds({ R, z }, point, inContext)).toBe(false)
      }),
      { numRuns: 300 },
    )
  })

  test('a generator stuck at one value gives other nonces for another context or secret', () => {
    const stuck = (length: number) => new Uint8Array(length)
    const commitments = [
      proveKnowledge(curve, context, secret(), stuck),
      proveKnowledge(curve, Uint8Array.of(9), secret(), stuck),
      proveKnowledge(curve, context, new Secret(curve.scalarBytes(Fn.add(x, 1n))), stuck),
    ].map(({ R }) => R.join())
    expect(new Set(commitments).size).toBe(3)
  })

  test('there is no proof for zero, or for no scalar', () => {
    for (const bad of [new Uint8Array(32), new Uint8Array(32).fill(255), new Uint8Array(31)]) {
      expect(() => proveKnowledge(curve, context, new Secret(bad), seededRng('bad'))).toThrow(CodecError)
    }
  })
})

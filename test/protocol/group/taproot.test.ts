import { xOnlyPointAddTweak } from 'tiny-secp256k1'
import { describe, expect, test } from 'vitest'
import { CodecError } from '../../../src/protocol/core/codec.js'
import { ed25519, secp256k1 } from '../../../src/protocol/group/curve.js'
import { publicKeyOf } from '../../../src/protocol/group/scheme.js'
import { taprootTweak, tweakPoint, tweakScalar } from '../../../src/protocol/group/taproot.js'
import { seededRng } from '../../support/rng.js'
import bip341 from '../../vectors/frost/bip341.json' with { type: 'json' }
import { hex, toHex } from '../frost/party.js'

describe(bip341.source, () => {
  test.each(bip341.output_keys)('internal $internal_key', ({ internal_key, tweak, output_key, script }) => {
    // The BIP's internal key is x only: either parity gives the same output key.
    for (const prefix of ['02', '03']) {
      const point = hex(prefix + internal_key)
      expect(toHex(publicKeyOf('schnorr-taproot', point))).toBe(output_key)
      expect(toHex(secp256k1.scalarBytes(taprootTweak(secp256k1.parsePoint(point)).t))).toBe(tweak)
    }
    expect(script).toBe(`5120${output_key}`)
  })

  test.each(bip341.private_keys)('private $internal_private', (vector) => {
    const p = secp256k1.parseScalar(hex(vector.internal_private))
    const P = secp256k1.timesG(p)
    expect(toHex(P.toBytes()).slice(2)).toBe(vector.internal_key)
    const q = tweakScalar(taprootTweak(P), p)
    expect(toHex(secp256k1.scalarBytes(q))).toBe(vector.output_private)
  })
})

test('scalars and points are tweaked alike, whatever the parity, as another library does it', () => {
  const rng = seededRng('taproot')
  const parities = new Set<string>()
  for (let k = 0; k < 24; k++) {
    const p = secp256k1.randomScalar(rng)
    const P = secp256k1.timesG(p)
    const tweak = taprootTweak(P)
    const Q = tweakPoint(tweak, P)
    expect(secp256k1.timesG(tweakScalar(tweak, p)).equals(Q)).toBe(true)
    const theirs = xOnlyPointAddTweak(P.toBytes().subarray(1), secp256k1.scalarBytes(tweak.t))
    expect(toHex(publicKeyOf('schnorr-taproot', P.toBytes()))).toBe(toHex(theirs?.xOnlyPubkey as Uint8Array))
    expect(Q.toBytes()[0]).toBe(2 + (theirs?.parity as number))
    parities.add(`${P.toBytes()[0]} ${Q.toBytes()[0]}`)
  }
  expect(parities.size).toBe(4)
})

test('a public key is the point itself for the other schemes, and no key comes from what is no point', () => {
  expect(publicKeyOf('eddsa-ed25519', ed25519.G.toBytes())).toEqual(ed25519.G.toBytes())
  expect(publicKeyOf('ecdsa-secp256k1', secp256k1.G.toBytes())).toEqual(secp256k1.G.toBytes())
  expect(() => publicKeyOf('eddsa-ed25519', secp256k1.G.toBytes())).toThrow(CodecError)
  expect(() => publicKeyOf('schnorr-taproot', secp256k1.G.toBytes().slice(1))).toThrow(CodecError)
  expect(() => publicKeyOf('ecdsa-secp256k1', new Uint8Array(33))).toThrow(CodecError)
})

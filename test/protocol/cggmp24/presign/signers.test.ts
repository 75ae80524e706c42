import { describe, expect, test } from 'vitest'
import { type EcdsaKey, additiveShare, signersOf } from '../../../../src/protocol/cggmp24/presign/signers.js'
import { secp256k1 } from '../../../../src/protocol/group/curve.js'
import { type PartyId, Session } from '../../../../src/protocol/core/session.js'
import { sid } from '../../../support/simulate.js'
import { dealt, message, publicKeyOf } from '../signing.js'

const { Fn } = secp256k1

describe('the additive shares of those who sign', () => {
  test.each<[number, number, readonly PartyId[], bigint]>([
    [2, 3, [1, 3], 0n],
    [3, 5, [2, 4, 5], 0n],
    [3, 5, [2, 4, 5], 77n],
    [2, 2, [1, 2], secp256k1.order - 1n],
  ])('%d of %d, %j, shift %d: they sum to the key, each to its point', (threshold, n, parties, shift) => {
    const keys = dealt(threshold, n, { shift })
    const plain = dealt(threshold, n)
    const session = (self: PartyId) => new Session(sid, self, parties)
    const shareOf = (from: typeof keys, party: PartyId) =>
      secp256k1.parseScalar(additiveShare(session(party), from.get(party) as EcdsaKey).reveal())
    const { X, publicKey } = signersOf(session(parties[0] as PartyId), keys.get(1) as EcdsaKey, message)
    for (const party of parties) {
      expect(secp256k1.timesG(shareOf(keys, party)).equals(X.get(party) ?? secp256k1.O)).toBe(true)
      // The path is in the first signer's share, and there only.
      const added = Fn.sub(shareOf(keys, party), shareOf(plain, party))
      expect(added).toBe(party === parties[0] ? shift : 0n)
    }
    const x = parties.map((party) => shareOf(keys, party)).reduce((a, b) => Fn.add(a, b))
    expect(secp256k1.timesG(x).toBytes()).toEqual(publicKeyOf(keys))
    expect(publicKey.toBytes()).toEqual(publicKeyOf(keys))
  })

  test('whatever a proof is bound to changes the name of the run', () => {
    const key = dealt(2, 3).get(1) as EcdsaKey
    const name = (change: Partial<EcdsaKey>, digest = message, run = sid, parties = [1, 2]) =>
      signersOf(new Session(run, 1, parties), { ...key, ...change }, digest).ssid.join()
    const names = [
      name({}),
      name({ shift: 1n }),
      name({ epoch: new Uint8Array(32) }),
      name({}, new Uint8Array(32)),
      name({}, message, new Uint8Array(32)),
      name({}, message, sid, [1, 3]),
      name({ share: (dealt(2, 3, { seed: 'other' }).get(1) as EcdsaKey).share }),
    ]
    expect(new Set(names).size).toBe(names.length)
    expect(name({})).toBe(names[0])
  })

  test('a key of another scheme is refused, and so is a path that leads nowhere', () => {
    const key = dealt(2, 2).get(1) as EcdsaKey
    const session = new Session(sid, 1, [1, 2])
    const taproot = { ...key, share: { ...key.share, scheme: 'schnorr-taproot' } } as EcdsaKey
    expect(() => signersOf(session, taproot, message)).toThrow(RangeError)
    const opposite = Fn.neg(secp256k1.parseScalar(additiveShare(session, key).reveal()))
    expect(() => signersOf(session, { ...key, shift: opposite }, message)).toThrow('unusable share')
  })
})

import { describe, expect, test } from 'vitest'
import type { EcdsaKey } from '../../../src/protocol/cggmp24/signers.js'
import { additiveShare, hedged, signersOf } from '../../../src/protocol/cggmp24/signers.js'
import { secp256k1 } from '../../../src/protocol/curve.js'
import { Secret } from '../../../src/protocol/secret.js'
import { type PartyId, Session } from '../../../src/protocol/session.js'
import { sid } from '../../support/simulate.js'
import { seededNonces } from '../frost/party.js'
import { dealt, message, publicKeyOf } from './signing.js'

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

describe('what is random in a signing (F-47)', () => {
  const x = new Secret(new Uint8Array(32).fill(5))
  const draws = (secret: Secret, run: Uint8Array, fresh = seededNonces('one').fresh) => {
    using randomness = hedged({ fresh }, secret, run)
    return [100, 100, 32].map((length) => randomness.rng(length).join())
  }

  test('depends on the generator, the share, the run and the place', () => {
    const stuck = (length: number) => new Uint8Array(length)
    const all = [
      draws(x, sid),
      draws(new Secret(new Uint8Array(32).fill(6)), sid),
      draws(x, new Uint8Array(32)),
      draws(x, sid, seededNonces('two').fresh),
      draws(x, sid, stuck),
    ].flat()
    expect(new Set(all).size).toBe(15)
    expect(draws(x, sid)).toEqual(draws(x, sid))
  })

  test('is wiped with its scope, and what the generator gave at once', () => {
    const given: Uint8Array[] = []
    const fresh = (length: number) => {
      given.push(new Uint8Array(length).fill(9))
      return given.at(-1) as Uint8Array
    }
    const randomness = hedged({ fresh }, x, sid)
    const drawn = randomness.rng(40)
    expect(given[0]).toEqual(new Uint8Array(40))
    expect(drawn).not.toEqual(new Uint8Array(40))
    randomness[Symbol.dispose]()
    expect(drawn).toEqual(new Uint8Array(40))
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ed25519, secp256k1 } from '../../../src/protocol/group/curve.js'
import { Failure } from '../../../src/wire/base/failure.js'
import {
  encodeRecord,
  type KeyRecord,
  parseRecord,
  publicShares,
  recordDigest,
  recordPublicKey,
} from '../../../src/wire/key/record.js'
import { hex } from '../../../src/wire/base/text.js'
import {
  alice,
  another,
  bob,
  carol,
  failureOf,
  filled,
  flip,
  leaves,
  madeKey,
  memberOf,
  rewrite,
} from '../support.js'

const schemes = ['eddsa-ed25519', 'schnorr-taproot'] as const
const eddsa = madeKey('eddsa-ed25519').record
const taproot = madeKey('schnorr-taproot').record
const refusal = (encoded: Uint8Array): string => {
  const failure = failureOf(() => parseRecord(encoded))
  expect(failure).toMatchObject({ kind: 'verification', code: 'E_RECORD' })
  return failure.message
}
const problemOf = (record: KeyRecord): string => refusal(encodeRecord(record))

describe('a key record', () => {
  test.each(schemes)('%s: round trip', (scheme) => {
    const { record } = madeKey(scheme)
    const encoded = encodeRecord(record)
    expect(parseRecord(encoded)).toEqual(record)
    expect(encodeRecord(parseRecord(encoded))).toEqual(encoded)
    expect([...publicShares(record).keys()]).toEqual([1, 2, 3])
    expect(recordPublicKey(record)).toHaveLength(32)
  })

  test.each(schemes)('%s: with any field changed it is refused or is another epoch', (scheme) => {
    const record = { ...madeKey(scheme).record, policy: { number: 1, sha256: filled(3) } }
    const encoded = encodeRecord(record)
    const digests = new Set([hex(recordDigest(record))])
    for (const path of leaves(encoded)) {
      const changed = rewrite(encoded, path, another)
      let other: KeyRecord
      try {
        other = parseRecord(changed)
      } catch (error) {
        expect(error).toBeInstanceOf(Failure)
        continue
      }
      const digest = hex(recordDigest(other))
      expect(digests.has(digest), path.join('.')).toBe(false)
      digests.add(digest)
    }
    expect(digests.size).toBeGreaterThan(3)
  })

  test('its digest changes with each field, set to another permitted value', () => {
    const changes: Partial<KeyRecord>[] = [
      { key_id: filled(1) },
      { definition: filled(1) },
      { epoch: 2, parent: filled(1) },
      { epoch: 3, parent: filled(1) },
      { epoch: 2, parent: filled(2) },
      { policy: { number: 1, sha256: filled(1) } },
      { policy: { number: 2, sha256: filled(1) }, epoch: 2, parent: filled(1) },
      { scheme: 'ecdsa-secp256k1', engine: 'cggmp24/1', auxiliary: new Uint8Array() },
      { scheme: 'ecdsa-secp256k1', engine: 'cggmp24/1', auxiliary: filled(1, 10) },
      { chain_code: filled(1) },
      { epoch: 2, parent: filled(1), former: [{ identity: filled(1), successor: filled(2) }] },
      { epoch: 2, parent: filled(1), former: [{ identity: filled(1), successor: filled(3) }] },
    ]
    const all = [taproot, ...changes.map((change) => ({ ...taproot, ...change }))].map((record) =>
      hex(recordDigest(parseRecord(encodeRecord(record)))),
    )
    expect(new Set(all).size).toBe(changes.length + 1)
  })

  test('a field missing or one more is refused', () => {
    const encoded = encodeRecord(eddsa)
    for (const path of leaves(encoded)) refusal(rewrite(encoded, path, () => undefined))
    refusal(rewrite(encoded, ['name'], () => 'treasury'))
    refusal(rewrite(encoded, ['members', 0, 'share'], () => filled(1)))
  })

  const ed = (n: bigint): Uint8Array => ed25519.timesG(n).toBytes()
  const [m1, m2, m3] = eddsa.members as [
    KeyRecord['members'][number],
    KeyRecord['members'][number],
    KeyRecord['members'][number],
  ]
  const later = { epoch: 2, parent: filled(1) }
  const namesake = memberOf('alice', 'another').card

  test.each<[string, Partial<KeyRecord>, string]>([
    ['a threshold of 1', { threshold: 1 }, 'threshold'],
    ['a threshold above the members', { threshold: 4 }, 'threshold'],
    ['a threshold above the degree', { threshold: 3 }, 'polynomial'],
    ['one member', { members: [m1] }, 'members'],
    [
      'a former identity of a new key',
      { former: [{ identity: filled(1), successor: filled(2) }] },
      'former: not of a new key',
    ],
    [
      'former identities out of order',
      { ...later, former: [2, 1].map((n) => ({ identity: filled(n), successor: filled(3) })) },
      'former: not in order',
    ],
    [
      'a former identity twice',
      { ...later, former: [1, 1].map((n) => ({ identity: filled(n), successor: filled(3) })) },
      'former: not in order',
    ],
    [
      'a former identity in its own place',
      { ...later, former: [{ identity: filled(1), successor: filled(1) }] },
      'former: its own successor',
    ],
    ['members out of order', { members: [m2, m1, m3] }, 'not in order'],
    ['an index left out', { members: [m1, { ...m3, index: 3 }] }, 'not in order'],
    ['an index twice', { members: [m1, { ...m2, index: 1 }, m3] }, 'not in order'],
    ['indices from 0', { members: [m1, m2, m3].map((m, i) => ({ ...m, index: i })) }, 'index'],
    ['one member in two seats', { members: [m1, { ...m2, card: m1.card }, m3] }, 'members'],
    ['two members of one name', { members: [m1, { ...m2, card: namesake }, m3] }, 'one name'],
    [
      'shares swapped',
      { members: [{ ...m1, public_share: m2.public_share }, { ...m2, public_share: m1.public_share }, m3] },
      'polynomial',
    ],
    ['another share', { members: [m1, m2, { ...m3, public_share: ed(5n) }] }, 'polynomial'],
    ['another group point', { group_point: ed(5n) }, 'polynomial'],
    ['the identity for a group point', { group_point: ed25519.O.toBytes() }, 'identity'],
    [
      'the identity for a share',
      { members: [m1, m2, { ...m3, public_share: ed25519.O.toBytes() }] },
      'identity',
    ],
    ['a share that is no point', { members: [m1, m2, { ...m3, public_share: filled(2) }] }, 'point'],
    ['a point of the other curve', { group_point: secp256k1.G.toBytes() }, 'point'],
    [
      'all shares alike: one could sign alone',
      { members: [m1, m2, m3].map((m) => ({ ...m, public_share: eddsa.group_point })) },
      'polynomial',
    ],
    ['a chain code under eddsa', { chain_code: filled(1) }, 'chain_code'],
    ['epoch 0', { epoch: 0 }, 'epoch'],
    ['a first epoch with a parent', { parent: filled(1) }, 'parent'],
    ['a later epoch without', { epoch: 2 }, 'parent'],
    ['another format', { format: 'mpc/key-record/v2' as never }, 'format'],
    ['another scheme', { scheme: 'schnorr-taproot', chain_code: filled(1) }, 'point'],
  ])('with %s is refused', (_, change, problem) => {
    expect(problemOf({ ...eddsa, ...change })).toContain(problem)
  })

  test('of a taproot key has a chain code, of 32 bytes', () => {
    expect(problemOf({ ...taproot, chain_code: null })).toContain('chain_code')
    expect(problemOf({ ...taproot, chain_code: filled(1, 31) })).toContain('chain_code')
  })

  test('of a taproot key holds the untweaked point with its parity; the key is another', () => {
    expect(taproot.group_point).toHaveLength(33)
    expect(hex(recordPublicKey(taproot))).not.toBe(hex(taproot.group_point.slice(1)))
    const negated = flip(taproot.group_point, 0, 0)
    expect(problemOf({ ...taproot, group_point: negated })).toContain('polynomial')
  })

  test('its members are whole cards: one bit of a card makes it none', () => {
    const encoded = encodeRecord(eddsa)
    expect(refusal(rewrite(encoded, ['members', 1, 'card'], another))).toContain('members[1].card')
    const cards = [alice, bob, carol].map(({ card }) => card.line)
    expect(parseRecord(encoded).members.map(({ card }) => card.line)).toEqual(cards)
  })

  test('random bytes and random flips throw E_RECORD, or in the name of the engine E_ENGINE', () => {
    const encoded = encodeRecord(eddsa)
    const engine = Buffer.from(encoded).indexOf('frost/1')
    const digest = hex(recordDigest(eddsa))
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void refusal(bytes)))
    fc.assert(
      fc.property(fc.nat(encoded.length - 1), fc.nat(7), (at, bit) => {
        try {
          expect(hex(recordDigest(parseRecord(flip(encoded, at, bit))))).not.toBe(digest)
        } catch (error) {
          const isName = at >= engine && at < engine + 'frost/1'.length
          expect(isName ? ['E_RECORD', 'E_ENGINE'] : ['E_RECORD']).toContain((error as Failure).code)
        }
      }),
      { numRuns: 200 },
    )
  })
})

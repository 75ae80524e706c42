/** Former identities: who becomes one at the end of an epoch, and who does not. */
import { describe, expect, test } from 'vitest'
import type { Secret } from '../../../src/protocol/core/secret.js'
import { formerAfter, formerBy } from '../../../src/wire/key/former.js'
import { makeRebind, parseRebind, type Rebind } from '../../../src/wire/key/rebind.js'
import type { Former, KeyRecord } from '../../../src/wire/key/record.js'
import { hex } from '../../../src/wire/base/text.js'
import { handing, type Person } from '../../support/members.js'
import { seededRng } from '../../support/rng.js'
import { alice, bob, carol, CREATED, filled, madeKey, memberOf } from '../support.js'

const { record, shares } = madeKey('eddsa-ed25519')
const rng = seededRng('former identities')
const [second, third] = [memberOf('alice', 'second'), memberOf('alice', 'third')]

function rebind(index: number, who: Person, from: Person | null = null): Rebind {
  const share = shares[index - 1] as Secret
  const seat = { index, share, card: who.card, from: from && handing(from), created: CREATED }
  return parseRebind(makeRebind(record, seat, who.identity.signing, rng), record)
}
const cards = (...people: Person[]) => people.map(({ card }) => card)
const pair = (identity: Person, successor: Person): Former => ({
  identity: identity.card.fingerprint,
  successor: successor.card.fingerprint,
})
const all = (former: readonly Former[]) =>
  former.map(({ identity, successor }) => `${hex(identity)} ${hex(successor)}`).sort()
const expectFormer = (former: readonly Former[], expected: readonly Former[]): void =>
  expect(all(former)).toEqual(all(expected))
const withFormer = (...former: Former[]): KeyRecord => ({ ...record, epoch: 2, parent: filled(1), former })

describe('a former identity is', () => {
  test('that of the record whose seat another one took, each in between, and each that handed the share on', () => {
    expectFormer(formerBy(record, []), [])
    expectFormer(formerBy(record, [rebind(1, second)]), [pair(alice, second)])
    const both = [pair(alice, third), pair(second, third)]
    expectFormer(formerBy(record, [rebind(1, second), rebind(1, third)]), both)
    expectFormer(formerBy(record, [rebind(1, third, second)]), both)
  })

  test('that whose name a new custodian has, and not that of somebody who only leaves', () => {
    expectFormer(formerAfter(record, [], cards(second, bob)), [pair(alice, second)])
    expectFormer(formerAfter(record, [], cards(alice, bob)), [])
    expectFormer(formerAfter(record, [rebind(1, second)], cards(third, bob, carol)), [
      pair(alice, second),
      pair(second, third),
    ])
  })

  test('one for as long as the key lives, also once its successor has left', () => {
    const zoe = memberOf('zoe')
    const kept = [pair(zoe, alice), pair(second, zoe)]
    expectFormer(formerAfter(withFormer(...kept), [], cards(bob, carol)), kept)
  })

  test('none if it has the seat again', () => {
    expectFormer(formerAfter(withFormer(pair(alice, second)), [], cards(alice, bob)), [])
    expectFormer(formerBy(withFormer(pair(third, alice)), [rebind(1, third)]), [pair(alice, third)])
  })
})

test('the list of a record is in order, whatever the order of the seats', () => {
  const rebinds = [
    rebind(1, second),
    rebind(2, memberOf('bob', 'second')),
    rebind(3, memberOf('carol', 'second')),
  ]
  const identities = formerBy(record, rebinds).map(({ identity }) => hex(identity))
  expect(identities).toEqual([...identities].sort())
  expect(identities).toHaveLength(3)
})

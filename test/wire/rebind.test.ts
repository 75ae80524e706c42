import { describe, expect, test } from 'vitest'
import { SCHEMES } from '../../src/protocol/scheme.js'
import { Secret } from '../../src/protocol/secret.js'
import type { Card } from '../../src/wire/card.js'
import { cardOfIdentity, newIdentity } from '../../src/wire/identity.js'
import { completeRebind, makeRebind, offerRebind, parseRebind, rebindDigest } from '../../src/wire/rebind.js'
import { type KeyRecord, recordDigest } from '../../src/wire/record.js'
import { hex } from '../../src/wire/text.js'
import type { Person } from '../support/members.js'
import { seededRng } from '../support/rng.js'
import { certifiedKey } from './escrow-support.js'
import {
  alice,
  another,
  bob,
  CREATED,
  expectNoSecret,
  failureOf,
  filled,
  flip,
  leaves,
  mallory,
  memberOf,
  rewrite,
} from './support.js'

/** Alice's machine is gone; she has made a new identity. */
const renewed = memberOf('alice', 'new machine')
const rng = seededRng('rebind')

type Changes = { who?: Person; old?: Person | null; index?: number; share?: Secret; next?: Person }
const rebindFor = (r: KeyRecord, shares: readonly Secret[], changes: Changes = {}) => {
  const { who = renewed, old = null, index = 1 } = changes
  const share = changes.share ?? shares[index - 1] ?? new Secret(filled(3))
  const keys = { next: (changes.next ?? who).identity.signing, old: old && old.identity.signing }
  return makeRebind(r, index, share, who.card, keys, CREATED, rng)
}
const { record, shares } = certifiedKey('eddsa-ed25519')
const encoded = rebindFor(record, shares)
const secrets = shares.map((share) => share.reveal())

const refused = (bytes: Uint8Array, code: string, problem = '', r = record): void => {
  const failure = failureOf(() => parseRebind(bytes, r))
  expect(failure).toMatchObject({ kind: 'authentication', code })
  expect(failure.message).toContain(problem)
  expectNoSecret(failure, secrets)
}

describe('a rebind', () => {
  test.each(SCHEMES)('%s: puts a new identity into a seat, with the old one’s leave or without', (scheme) => {
    const { record, shares } = certifiedKey(scheme)
    for (const old of [null, alice]) {
      const rebind = parseRebind(rebindFor(record, shares, { old }), record)
      expect(rebind).toMatchObject({ index: 1, card: renewed.card, created: CREATED })
      expect(hex(rebind.old)).toBe(hex(alice.card.fingerprint))
      expect(rebind.old_signature === null).toBe(old === null)
      expect(rebindDigest(rebind)).toHaveLength(32)
    }
  })

  test('may keep the name of the seat, or bring a new one', () => {
    const elsewhere = memberOf('alice-two')
    expect(parseRebind(rebindFor(record, shares, { who: elsewhere }), record).card.name).toBe('alice-two')
  })

  test('with any field changed, missing, or one more is refused', () => {
    for (const bytes of [encoded, rebindFor(record, shares, { old: alice })]) {
      for (const path of leaves(bytes)) {
        for (const change of [another, () => undefined, () => filled(3, 40)]) {
          const failure = failureOf(() => parseRebind(rewrite(bytes, path, change), record))
          expect(failure.kind, path.join('.')).toBe('authentication')
          expectNoSecret(failure, secrets)
        }
      }
    }
    refused(
      rewrite(encoded, ['note'], () => 'x'),
      'E_REBIND',
    )
    for (let at = 0; at < encoded.length; at += 7) failureOf(() => parseRebind(flip(encoded, at), record))
    refused(encoded.slice(1), 'E_REBIND')
  })

  test('without the share of that seat is refused, whoever signs it', () => {
    const guess = new Secret(filled(3))
    const named = 'knew the share of alice'
    refused(rebindFor(record, shares, { share: guess }), 'E_REBIND_PROOF', named)
    // Bob has a share, and not this one; a holder of alice's pieces could do no better without enough of
    // them.
    refused(rebindFor(record, shares, { share: shares[1] as Secret, old: alice }), 'E_REBIND_PROOF', named)
  })

  test('with the proof of another rebind is refused', () => {
    const { proof } = parseRebind(encoded, record)
    const theirs = rebindFor(record, shares, {
      who: memberOf('alice', 'third machine'),
      share: new Secret(filled(3)),
    })
    const copied = rewrite(theirs, ['proof'], () => new Map(Object.entries(proof)))
    refused(copied, 'E_REBIND_PROOF')
  })

  test('into another seat, or from another identity than the record has, is refused', () => {
    refused(
      rewrite(encoded, ['index'], () => 2),
      'E_REBIND',
      'another identity in that seat',
    )
    refused(
      rewrite(encoded, ['index'], () => 4),
      'E_REBIND',
      'another identity in that seat',
    )
    refused(
      rewrite(encoded, ['old'], () => bob.card.fingerprint),
      'E_REBIND',
      'another identity in that seat',
    )
  })

  test('of another key or epoch is refused', () => {
    const other = certifiedKey('eddsa-ed25519', { key_id: filled(5) }).record
    const next = certifiedKey('eddsa-ed25519', { epoch: 2, parent: recordDigest(record) }).record
    refused(encoded, 'E_REBIND', 'another key', other)
    refused(encoded, 'E_REBIND', 'another epoch', next)
  })

  test('not signed by the new identity, or falsely in the old one’s name, is refused', () => {
    refused(rebindFor(record, shares, { next: mallory }), 'E_REBIND', 'not signed by the new identity')
    refused(rebindFor(record, shares, { old: mallory }), 'E_REBIND', 'not signed by alice')
  })

  test.each<[string, Person, string]>([
    ['the old identity again', alice, 'the old ones'],
    ['another member', bob, 'one name'],
    ['another member’s name', memberOf('bob', 'another bob'), 'one name'],
  ])('of %s is refused', (_, who, problem) => {
    refused(rebindFor(record, shares, { who }), 'E_REBIND_CARD', problem)
  })

  test('of a card that keeps one of the old keys is refused', () => {
    const { signing, nkey } = alice.identity
    const fresh = newIdentity('alice', renewed.identity.age, CREATED, seededRng('fresh'))
    for (const kept of [{ signing }, { nkey }]) {
      const identity = { ...fresh, ...kept }
      const card: Card = cardOfIdentity(identity, renewed.card.age)
      const who = { identity, card, member: renewed.member }
      refused(rebindFor(record, shares, { who }), 'E_REBIND_CARD', 'the old ones')
    }
  })

  test('its digest is its content’s, whoever signed it', () => {
    const plain = parseRebind(encoded, record)
    const digest = hex(rebindDigest(plain))
    expect(hex(rebindDigest({ ...plain, signature: filled(1, 64) }))).toBe(digest)
    expect(hex(rebindDigest({ ...plain, created: 5 }))).not.toBe(digest)
    expect(hex(rebindDigest({ ...plain, card: bob.card }))).not.toBe(digest)
  })

  test('is made for members only', () => {
    expect(() => rebindFor(record, shares, { index: 4, share: shares[0] as Secret })).toThrow(RangeError)
  })
})

describe('a rebind that is offered to a new identity', () => {
  const share = shares[0] as Secret
  const inRecord = { card: alice.card, signing: alice.identity.signing }
  const offer = offerRebind(record, 1, share, renewed.card, inRecord, 'treasury', CREATED, rng)
  const completes = (bytes: Uint8Array, who = renewed, key = who.identity.signing, r = record) =>
    completeRebind(bytes, r, who.card, key)

  test('is whole once that one has signed it, and no rebind before', () => {
    const { key, index, rebind } = completes(offer)
    expect([key, index]).toEqual(['treasury', 1])
    const whole = parseRebind(rebind, record)
    expect(whole.card.line).toBe(renewed.card.line)
    expect(whole.old_signature).not.toBeNull()
    refused(offer, 'E_REBIND')
  })

  test('comes without the old identity where the share lies with one that took its seat', () => {
    const bare = offerRebind(record, 1, share, renewed.card, null, 'treasury', CREATED, rng)
    expect(parseRebind(completes(bare).rebind, record).old_signature).toBeNull()
  })

  test('is completed by nobody else, for no other epoch, and not altered', () => {
    const refusal = (act: () => unknown, code: string, problem: string) => {
      const failure = failureOf(act)
      expect(failure).toMatchObject({ kind: 'authentication', code })
      expect(failure.message).toContain(problem)
      expectNoSecret(failure, secrets)
    }
    refusal(() => completes(offer, mallory), 'E_REBIND', 'for another card')
    refusal(() => completes(offer, renewed, mallory.identity.signing), 'E_REBIND', 'not signed by the new')
    const other = { ...record, definition: filled(9) }
    refusal(() => completes(offer, renewed, renewed.identity.signing, other), 'E_REBIND', 'of another epoch')
    const lie = offerRebind(record, 1, new Secret(filled(3)), renewed.card, null, 'treasury', CREATED, rng)
    refusal(() => completes(lie), 'E_REBIND_PROOF', 'knew the share of alice')
    const forged = offerRebind(
      record,
      1,
      share,
      renewed.card,
      { card: alice.card, signing: mallory.identity.signing },
      'treasury',
      CREATED,
      rng,
    )
    refusal(() => completes(forged), 'E_REBIND', 'not signed by alice')
    for (const path of leaves(offer)) {
      // What the key is called is the new machine's to say.
      if (path.join('.') === 'key') continue
      const failure = failureOf(() => completes(rewrite(offer, path, another)))
      expect(failure.kind, path.join('.')).toBe('authentication')
    }
  })

  test('is not made for a card that cannot sit there', () => {
    const make = (card: Card) => offerRebind(record, 1, share, card, null, 'treasury', CREATED, rng)
    expect(failureOf(() => make(alice.card))).toMatchObject({ code: 'E_REBIND_CARD' })
    expect(failureOf(() => make(bob.card))).toMatchObject({ code: 'E_REBIND_CARD' })
  })
})

import { describe, expect, test } from 'vitest'
import { decode, type Value } from '../../../src/protocol/core/codec.js'
import { SCHEMES } from '../../../src/protocol/group/scheme.js'
import { Secret } from '../../../src/protocol/core/secret.js'
import type { Card } from '../../../src/wire/identity/card.js'
import type { SigningKey } from '../../../src/wire/base/ed25519.js'
import { cardOfIdentity, newIdentity } from '../../../src/wire/identity/identity.js'
import {
  completeRebind,
  makeRebind,
  offerRebind,
  parseRebind,
  type Rebind,
  rebindDigest,
  type Seat,
} from '../../../src/wire/key/rebind.js'
import { type KeyRecord, recordDigest } from '../../../src/wire/key/record.js'
import { SIGNED } from '../../../src/wire/base/domain-tags.js'
import { hex } from '../../../src/wire/base/text.js'
import { handing, type Person } from '../../support/members.js'
import { seededRng } from '../../support/rng.js'
import { certifiedKey } from '../escrow-support.js'
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
} from '../support.js'

/** Alice's machine is gone; she has made a new identity. */
const renewed = memberOf('alice', 'new machine')
const rng = seededRng('rebind')

type From = { readonly card: Card; readonly signing: SigningKey }
type Changes = { who?: Person; from?: From | null; index?: number; share?: Secret; next?: Person }
const rebindFor = (r: KeyRecord, shares: readonly Secret[], changes: Changes = {}) => {
  const { who = renewed, from = null, index = 1 } = changes
  const share = changes.share ?? shares[index - 1] ?? new Secret(filled(3))
  const seat = { index, share, card: who.card, from, created: CREATED }
  return makeRebind(r, seat, (changes.next ?? who).identity.signing, rng)
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
      const from = old && handing(old)
      const rebind = parseRebind(rebindFor(record, shares, { from }), record)
      expect(rebind).toMatchObject({ index: 1, card: renewed.card, created: CREATED })
      expect(hex(rebind.old)).toBe(hex(alice.card.fingerprint))
      expect(rebind.handed_by?.line).toBe(old?.card.line)
      expect(rebindDigest(rebind)).toHaveLength(32)
    }
  })

  test('may keep the name of the seat, or bring a new one', () => {
    const elsewhere = memberOf('alice-two')
    expect(parseRebind(rebindFor(record, shares, { who: elsewhere }), record).card.name).toBe('alice-two')
  })

  test('with any field changed, missing, or one more is refused', () => {
    for (const bytes of [encoded, rebindFor(record, shares, { from: handing(alice) })]) {
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
    refused(
      rebindFor(record, shares, { share: shares[1] as Secret, from: handing(alice) }),
      'E_REBIND_PROOF',
      named,
    )
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
    const forged = { card: alice.card, signing: mallory.identity.signing }
    refused(rebindFor(record, shares, { from: forged }), 'E_REBIND', 'not signed by alice')
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

  test('has another digest with anything else in it, so that one digest is one file', () => {
    const plain = parseRebind(rebindFor(record, shares, { from: handing(alice) }), record)
    const others: Partial<Rebind>[] = [
      { created: 5 },
      { card: bob.card },
      { handed_by: null },
      { handed_by: bob.card },
      { handed_signature: null },
      { handed_signature: filled(1, 64) },
      { signature: filled(1, 64) },
      { proof: { ...plain.proof, z: filled(1) } },
    ]
    const digests = [{}, ...others].map((change) => hex(rebindDigest({ ...plain, ...change })))
    expect(new Set(digests).size).toBe(digests.length)
  })

  test('says who handed the share on, and nobody on its way changes that', () => {
    const whole = rebindFor(record, shares, { from: handing(alice) })
    const { handed_signature: signed } = parseRebind(whole, record)
    const put = (bytes: Uint8Array, by: Card | null, signature: Uint8Array | null): Uint8Array =>
      rewrite(
        rewrite(bytes, ['handed_by'], () => by && by.line),
        ['handed_signature'],
        () => signature,
      )
    /** As somebody signs it who was not asked: the very fields that two identities sign, with its own card among them. */
    const signedBy = (who: Person, by: Card | null): Uint8Array => {
      const fields = decode(put(whole, by, null)) as ReadonlyMap<string, Value>
      const form = [...fields].filter(([name]) => !['signature', 'handed_signature'].includes(name))
      return who.identity.signing.sign(SIGNED.rebind, Object.fromEntries(form))
    }
    const [proof, handed] = ['knew the share of alice', 'without its signature, or the reverse']
    // Cut off, whole or in part; a stranger's in its place; put onto one come back after a loss. The proof
    // with the share covers it as well, and fails first.
    refused(put(whole, null, null), 'E_REBIND_PROOF', proof)
    refused(put(whole, alice.card, null), 'E_REBIND', handed)
    refused(put(whole, null, signed), 'E_REBIND_PROOF', proof)
    refused(put(whole, mallory.card, signedBy(mallory, mallory.card)), 'E_REBIND_PROOF', proof)
    refused(put(whole, alice.card, signedBy(mallory, alice.card)), 'E_REBIND', 'not signed by alice')
    refused(put(encoded, mallory.card, signedBy(mallory, mallory.card)), 'E_REBIND_PROOF', proof)
    refused(put(encoded, null, signed), 'E_REBIND', handed)
    // A knower of the share proves any of it, and cannot sign for the new identity.
    const mine = (from: From | null): Uint8Array => rebindFor(record, shares, { from, next: mallory })
    for (const bytes of [mine(null), mine(handing(mallory))]) {
      refused(bytes, 'E_REBIND', 'not signed by the new identity')
    }
    const theirs = parseRebind(whole, record)
    const kept = rewrite(mine(null), ['signature'], () => theirs.signature)
    refused(kept, 'E_REBIND', 'not signed by the new identity')
  })

  test('is handed on by the old identity or one between, not by the new one nor by another member', () => {
    const between = memberOf('alice', 'machine between')
    const rebind = parseRebind(rebindFor(record, shares, { from: handing(between) }), record)
    expect(rebind.handed_by?.line).toBe(between.card.line)
    for (const who of [renewed, bob]) {
      const problem = `${who.card.name} did not have the seat before`
      refused(rebindFor(record, shares, { from: handing(who) }), 'E_REBIND', problem)
    }
  })

  test('is made for members only', () => {
    expect(() => rebindFor(record, shares, { index: 4, share: shares[0] as Secret })).toThrow(RangeError)
  })
})

describe('a rebind that is offered to a new identity', () => {
  const share = shares[0] as Secret
  const offered = (changes: Partial<Seat> = {}): Uint8Array => {
    const seat = { index: 1, share, card: renewed.card, from: null, created: CREATED, ...changes }
    return offerRebind(record, seat, 'treasury', rng)
  }
  const offer = offered({ from: handing(alice) })
  const completes = (bytes: Uint8Array, who = renewed, key = who.identity.signing, r = record) =>
    completeRebind(bytes, r, who.card, key)

  test('is whole once that one has signed it, and no rebind before', () => {
    const { key, index, rebind } = completes(offer)
    expect([key, index]).toEqual(['treasury', 1])
    const whole = parseRebind(rebind, record)
    expect(whole.card.line).toBe(renewed.card.line)
    expect(whole.handed_by?.line).toBe(alice.card.line)
    refused(offer, 'E_REBIND')
  })

  test('may come without anybody who handed the share on', () => {
    expect(parseRebind(completes(offered()).rebind, record).handed_by).toBeNull()
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
    const lie = offered({ share: new Secret(filled(3)) })
    refusal(() => completes(lie), 'E_REBIND_PROOF', 'knew the share of alice')
    const forged = offered({ from: { card: alice.card, signing: mallory.identity.signing } })
    refusal(() => completes(forged), 'E_REBIND', 'not signed by alice')
    for (const path of leaves(offer)) {
      // The key's name is the new machine's to choose.
      if (path.join('.') === 'key') continue
      const failure = failureOf(() => completes(rewrite(offer, path, another)))
      expect(failure.kind, path.join('.')).toBe('authentication')
    }
  })

  test('is not made for a card that cannot sit there', () => {
    expect(failureOf(() => offered({ card: alice.card }))).toMatchObject({ code: 'E_REBIND_CARD' })
    expect(failureOf(() => offered({ card: bob.card }))).toMatchObject({ code: 'E_REBIND_CARD' })
  })
})

import { describe, expect, test } from 'vitest'
import { makeNote, type Note, noteAgrees, parseNote } from '../../../src/wire/escrow/note.js'
import { type EscrowHolder, manifestDigest } from '../../../src/wire/escrow/manifest.js'
import { hex } from '../../../src/wire/base/text.js'
import { backup, dave, HOLDERS } from '../escrow-support.js'
import {
  alice,
  another,
  bob,
  carol,
  CREATED,
  failureOf,
  filled,
  flip,
  leaves,
  mallory,
  rewrite,
} from '../support.js'

const { manifest } = backup('eddsa-ed25519')
const known = [alice, bob, carol, dave].map(({ card }) => card)
const signingOf = (fingerprint: Uint8Array) =>
  known.find((card) => hex(card.fingerprint) === hex(fingerprint))?.signing ?? null
const [bobs, , vault, sister] = HOLDERS as unknown as [EscrowHolder, EscrowHolder, EscrowHolder, EscrowHolder]
const byBob = (said: Note['said'] = 'verified', under = manifest) =>
  makeNote(under, bobs, said, CREATED, bob.identity.signing)
const note = byBob()

const refused = (encoded: Uint8Array, ...words: readonly string[]): void => {
  const failure = failureOf(() => parseNote(encoded, signingOf))
  expect(failure).toMatchObject({ kind: 'verification', code: 'E_NOTE' })
  for (const word of words) expect(failure.message).toContain(word)
}

describe('a holder’s note', () => {
  test('by a card is signed, and agrees with the manifest that it names', () => {
    for (const said of ['verified', 'destroyed'] as const) {
      const parsed = parseNote(byBob(said), signingOf)
      expect(parsed).toMatchObject({ said, time: CREATED, holder: { index: 1, name: 'bob' } })
      expect(hex(parsed.manifest)).toBe(hex(manifestDigest(manifest)))
      expect(noteAgrees(parsed, manifest)).toBe(true)
    }
  })

  test.each([vault, sister])('by $to.kind is not signed, and cannot be', (holder) => {
    const parsed = parseNote(makeNote(manifest, holder, 'verified', CREATED, null), signingOf)
    expect(parsed).toMatchObject({ by: null, signature: null, holder: { name: holder.name } })
    expect(noteAgrees(parsed, manifest)).toBe(true)
    expect(() => makeNote(manifest, holder, 'verified', CREATED, bob.identity.signing)).toThrow(RangeError)
    expect(() => makeNote(manifest, bobs, 'verified', CREATED, null)).toThrow(RangeError)
  })

  test('about another manifest is a note, and does not agree', () => {
    const other = backup('eddsa-ed25519', { seed: 'two' }).manifest
    const parsed = parseNote(byBob('verified', other), signingOf)
    expect(noteAgrees(parsed, other)).toBe(true)
    expect(noteAgrees(parsed, manifest)).toBe(false)
  })

  test('with any field changed, missing, or one more is refused', () => {
    for (const path of leaves(note)) {
      for (const change of [another, () => undefined, () => null]) refused(rewrite(note, path, change))
    }
    refused(rewrite(note, ['note'], () => 'x'))
    for (let at = 0; at < note.length; at += 5) refused(flip(note, at))
    refused(note.slice(1))
  })

  test('signed by somebody else, or in somebody’s name, is refused', () => {
    const { card } = mallory
    const asMallory = makeNote(
      manifest,
      { ...bobs, to: { kind: 'card', fingerprint: card.fingerprint } },
      'verified',
      CREATED,
      mallory.identity.signing,
    )
    refused(asMallory, 'the identity that bob signs with is not known')
    refused(makeNote(manifest, bobs, 'verified', CREATED, mallory.identity.signing), 'not signed by bob')
    // Carol says that she holds bob's piece: a note of hers, and not what the manifest wants to hear.
    const byCarol = makeNote(
      manifest,
      { ...bobs, to: { kind: 'card', fingerprint: carol.card.fingerprint } },
      'verified',
      CREATED,
      carol.identity.signing,
    )
    expect(noteAgrees(parseNote(byCarol, signingOf), manifest)).toBe(false)
  })

  test('without a signature does not agree for a holder who can sign', () => {
    const unsigned = makeNote(manifest, { ...bobs, to: { kind: 'passphrase' } }, 'verified', CREATED, null)
    expect(noteAgrees(parseNote(unsigned, signingOf), manifest)).toBe(false)
  })

  test('of no holder, another split, epoch or key does not agree', () => {
    const parsed = parseNote(note, signingOf)
    const others: Partial<Note>[] = [
      { holder: { index: 6, name: 'bob' } },
      { holder: { index: 2, name: 'bob' } },
      { holder: { index: 1, name: 'carol' } },
      { key_id: filled(1) },
      { epoch: filled(1) },
      { custodian: 2 },
      { manifest: filled(1) },
    ]
    for (const other of others) expect(noteAgrees({ ...parsed, ...other }, manifest)).toBe(false)
  })
})

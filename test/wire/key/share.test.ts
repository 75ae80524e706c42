import { describe, expect, test } from 'vitest'
import { ed25519 } from '../../../src/protocol/group/curve.js'
import { type KeyRecord, recordDigest } from '../../../src/wire/key/record.js'
import { encodeShare, parseShare } from '../../../src/wire/key/share.js'
import { hex } from '../../../src/wire/base/text.js'
import { another, expectNoSecret, failureOf, filled, flip, leaves, madeKey, rewrite } from '../support.js'

const schemes = ['eddsa-ed25519', 'schnorr-taproot'] as const
const plaintextOf = (scheme: (typeof schemes)[number], index: number): Uint8Array => {
  const { record, shares } = madeKey(scheme)
  const share = shares[index - 1]?.reveal() as Uint8Array
  return encodeShare({ record: recordDigest(record), scheme, index, share, auxiliary: null })
}
const { record, shares } = madeKey('eddsa-ed25519')
const plaintext = plaintextOf('eddsa-ed25519', 1)
const share = shares[0]?.reveal() as Uint8Array

const refused = (
  changed: Uint8Array,
  r: KeyRecord = record,
  index = 1,
  codes: readonly string[] = ['E_SHARE'],
): string => {
  const before = changed.slice()
  const failure = failureOf(() => parseShare(changed, r, index))
  expect(codes).toContain(failure.code)
  expect(failure.kind).toBe(failure.code === 'E_SHARE' ? 'decryption' : 'configuration')
  expectNoSecret(failure, [share, ...shares.map((s) => s.reveal()), before])
  return failure.message
}

describe('a share', () => {
  test.each(schemes)('%s: round trip, for each member', (scheme) => {
    const { record, shares } = madeKey(scheme)
    for (const index of [1, 2, 3]) {
      const parsed = parseShare(plaintextOf(scheme, index), record, index)
      expect(parsed.share).toMatchObject({ scheme, index, threshold: 2, groupPoint: record.group_point })
      expect(hex(parsed.share.share.reveal())).toBe(hex(shares[index - 1]?.reveal() as Uint8Array))
    }
  })

  test('outlives the plaintext, which is its caller’s to wipe', () => {
    const copy = plaintext.slice()
    const parsed = parseShare(copy, record, 1)
    copy.fill(0)
    expect(hex(parsed.share.share.reveal())).toBe(hex(share))
    parsed.share.share.wipe()
    expect(() => parsed.share.share.reveal()).toThrow('wiped')
  })

  test('of another member is refused', () => {
    expect(refused(plaintext, record, 2)).toContain('of another epoch or member')
    expect(refused(plaintextOf('eddsa-ed25519', 2))).toContain('of another epoch or member')
  })

  test('of another epoch is refused, also where the share itself would fit', () => {
    const next = { ...record, epoch: 2, parent: recordDigest(record) }
    expect(refused(plaintext, next)).toContain('of another epoch or member')
  })

  test('of another scheme is refused', () => {
    const taproot = madeKey('schnorr-taproot').record
    refused(plaintext, taproot)
    const named = rewrite(plaintext, ['scheme'], () => 'schnorr-taproot')
    expect(refused(named)).toContain('of another epoch or member')
  })

  test('that is not the share of its public share is refused', () => {
    for (const changed of [flip(share, 0), ed25519.scalarBytes(5n), shares[1]?.reveal() as Uint8Array]) {
      expect(refused(rewrite(plaintext, ['share'], () => changed))).toContain('share')
    }
  })

  test('that is zero, or not below the order, is refused', () => {
    expect(refused(rewrite(plaintext, ['share'], () => filled(0)))).toContain('zero')
    expect(refused(rewrite(plaintext, ['share'], () => filled(255)))).toContain('order')
  })

  test('with any field changed, missing, or one more is refused', () => {
    for (const path of leaves(plaintext)) {
      refused(rewrite(plaintext, path, another))
      refused(rewrite(plaintext, path, () => undefined))
      refused(rewrite(plaintext, path, () => null))
    }
    refused(rewrite(plaintext, ['note'], () => 'x'))
  })

  test('with any bit changed or cut short is refused, and says nothing of the secret', () => {
    const engine = Buffer.from(plaintext).indexOf('frost/1')
    for (let at = 0; at < plaintext.length; at++) {
      const codes = at >= engine && at < engine + 'frost/1'.length ? ['E_SHARE', 'E_ENGINE'] : ['E_SHARE']
      refused(flip(plaintext, at, at % 8), record, 1, codes)
    }
    for (const length of [0, 1, plaintext.length - 1]) refused(plaintext.slice(0, length))
    refused(Uint8Array.of(...plaintext, 0))
    refused(new Uint8Array(5000))
  })
})

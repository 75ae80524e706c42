/** The statements of custodians on their shares, those that count, and the file that hands them on. */
import { describe, expect, test } from 'vitest'
import { exportHandover, parseExportedHandover } from '../../../src/wire/paper/json-export.js'
import { makeRebind, parseRebind } from '../../../src/wire/key/rebind.js'
import { type KeyRecord, recordDigest } from '../../../src/wire/key/record.js'
import { encodeHandover, parseHandover } from '../../../src/wire/ceremony/handover.js'
import {
  parseStatement,
  sayActivated,
  sayDeleted,
  statementEpoch,
} from '../../../src/wire/key/attestation.js'
import type { Person } from '../../support/members.js'
import { seededRng } from '../../support/rng.js'
import { certifiedKey } from '../escrow-support.js'
import {
  alice,
  another,
  bob,
  CREATED,
  failureOf,
  filled,
  flip,
  leaves,
  mallory,
  memberOf,
  rewrite,
  utf8,
} from '../support.js'

const { record, certificate, shares } = certifiedKey('eddsa-ed25519')
const NEWER = filled(7)
const speaker = ({ card, identity }: Person, index: number) => ({ card, index, signing: identity.signing })
const activated = sayActivated(record, speaker(alice, 1), CREATED)
const deleted = sayDeleted(record, NEWER, speaker(bob, 2), CREATED)

const refused = (bytes: Uint8Array, problem = '', r: KeyRecord = record, code = 'E_STATEMENT') => {
  const failure = failureOf(() => parseStatement(bytes, r))
  expect(failure).toMatchObject({ kind: 'verification', code })
  expect(failure.message).toContain(problem)
}

describe('a statement', () => {
  test('says who went over, or destroyed what, and is about one epoch', () => {
    const epoch = recordDigest(record)
    expect(parseStatement(activated, record)).toMatchObject({
      said: 'activated',
      key_id: record.key_id,
      epoch,
      index: 1,
      replaced_by: null,
      by: alice.card.fingerprint,
      time: CREATED,
    })
    expect(parseStatement(deleted, record)).toMatchObject({
      said: 'deleted',
      epoch,
      index: 2,
      replaced_by: NEWER,
    })
    expect(statementEpoch(deleted)).toEqual(epoch)
    expect(() => statementEpoch(filled(3))).toThrow(expect.objectContaining({ code: 'E_STATEMENT' }))
  })

  test('with any field changed, missing, or one more, or any bit flipped is refused', () => {
    for (const bytes of [activated, deleted]) {
      for (const path of leaves(bytes)) {
        for (const change of [another, () => undefined, () => filled(3, 40)]) {
          const failure = failureOf(() => parseStatement(rewrite(bytes, path, change), record))
          expect(failure.kind, path.join('.')).toBe('verification')
        }
      }
      refused(rewrite(bytes, ['note'], () => 'x'))
      for (let at = 0; at < bytes.length; at++) {
        expect(failureOf(() => parseStatement(flip(bytes, at), record)).kind).toBe('verification')
      }
    }
  })

  test('of another epoch or key is refused, as are those that nobody in the seat signed', () => {
    refused(activated, 'of another epoch', { ...record, epoch: 2, parent: NEWER })
    refused(activated, 'of another key', { ...record, key_id: filled(9) })
    const impostor = { ...speaker(alice, 1), signing: mallory.identity.signing }
    refused(sayActivated(record, impostor, CREATED), 'not signed by alice')
    refused(sayActivated(record, speaker(mallory, 1), CREATED), 'no seat', record, 'E_STATEMENT_SEAT')
    // Bob sits in another seat than he says.
    refused(sayDeleted(record, NEWER, speaker(bob, 1), CREATED), 'no seat', record, 'E_STATEMENT_SEAT')
    refused(sayActivated(record, speaker(bob, 60), CREATED), 'no seat', record, 'E_STATEMENT_SEAT')
  })

  test('that one went over is no statement that one destroyed something, nor the reverse', () => {
    refused(
      rewrite(activated, ['said'], () => 'deleted'),
      'replaced_by',
    )
    const turned = rewrite(
      rewrite(activated, ['said'], () => 'deleted'),
      ['replaced_by'],
      () => NEWER,
    )
    refused(turned, 'not signed by alice')
    expect(() => sayDeleted(record, recordDigest(record), speaker(alice, 1), CREATED)).toThrow(
      'another epoch',
    )
  })

  test('of who sits by a rebind counts where that is accepted', () => {
    const renewed = memberOf('alice', 'new machine')
    const share = shares[0] as (typeof shares)[0]
    const seat = { index: 1, share, card: renewed.card, from: null, created: CREATED }
    const rebind = parseRebind(
      makeRebind(record, seat, renewed.identity.signing, seededRng('statement')),
      record,
    )
    const said = sayActivated(record, speaker(renewed, 1), CREATED)
    refused(said, 'no seat', record, 'E_STATEMENT_SEAT')
    expect(parseStatement(said, record, [rebind]).by).toEqual(renewed.card.fingerprint)
    // It took her seat, and no other.
    const other = sayActivated(record, speaker(renewed, 2), CREATED)
    expect(failureOf(() => parseStatement(other, record, [rebind]))).toMatchObject({
      code: 'E_STATEMENT_SEAT',
    })
  })
})

describe('a handover', () => {
  const handover = { records: [record] as const, certificate, statements: [activated, deleted] }

  test('gives back what was put into it, as bytes and as a line of JSON', () => {
    expect(parseHandover(encodeHandover(handover))).toEqual(handover)
    const file = exportHandover(handover)
    expect(Buffer.from(file).toString('utf8')).toMatch(/^\{"format":"mpc\/share-handover\/v1",[^\n]+\}\n$/)
    expect(parseExportedHandover(file)).toEqual(handover)
  })

  test('without the certificate of its newest record is refused', () => {
    const other = certifiedKey('schnorr-taproot')
    for (const wrong of [other.certificate, flip(certificate, certificate.length - 1)]) {
      const failure = failureOf(() => parseHandover(encodeHandover({ ...handover, certificate: wrong })))
      expect(failure).toMatchObject({ kind: 'verification', code: 'E_CERTIFICATE' })
    }
  })

  test('with records that do not follow on each other is refused', () => {
    const before = { ...record, definition: filled(8) }
    const failure = failureOf(() => parseHandover(encodeHandover({ ...handover, records: [before, record] })))
    expect(failure).toMatchObject({ kind: 'verification', code: 'E_STATEMENT' })
    expect(failure.message).toContain('does not follow on')
  })

  test.each([
    '',
    'null',
    '{"format":"mpc/key-record/v1","handover":"00"}',
    '{"format":"mpc/share-handover/v1"}',
  ])('that is %j is none', (text) => {
    const failure = failureOf(() => parseExportedHandover(utf8(text)))
    expect(failure).toMatchObject({ kind: 'verification', code: 'E_STATEMENT' })
  })
})

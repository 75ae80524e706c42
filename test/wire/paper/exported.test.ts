/** Public records and manifests as JSON files, and records with seats that are taken anew. */
import { describe, expect, test } from 'vitest'
import {
  exportManifest,
  exportRecord,
  parseExportedManifest,
  parseExportedRecord,
  parsePublicRecord,
} from '../../../src/wire/paper/json-export.js'
import { makeRebind, parseRebind } from '../../../src/wire/key/rebind.js'
import { encodeRecord, recordDigest } from '../../../src/wire/key/record.js'
import { encodeSeating, parseSeating, seatedBy } from '../../../src/wire/key/seated-record.js'
import { hex } from '../../../src/wire/base/text.js'
import type { Secret } from '../../../src/protocol/core/secret.js'
import { seededRng } from '../../support/rng.js'
import { backup } from '../escrow-support.js'
import { alice, bob, CREATED, failureOf, filled, memberOf, utf8 } from '../support.js'

const made = backup('eddsa-ed25519')
const { record, manifest, shares, certificate } = made

describe('an exported file', () => {
  test('gives back what was put into it, and is one line of JSON', () => {
    for (const file of [exportRecord(record), exportManifest(manifest)]) {
      expect(Buffer.from(file).toString('utf8')).toMatch(/^\{"format":"mpc\/[a-z-]+\/v1",[^\n]+\}\n$/)
    }
    expect(encodeRecord(parseExportedRecord(exportRecord(record)))).toEqual(encodeRecord(record))
    expect(parseExportedManifest(exportManifest(manifest))).toEqual(manifest)
  })

  test.each([
    ['no JSON', 'record'],
    ['null', 'null'],
    ['a list', '[]'],
    ['another format', '{"format":"mpc/escrow-piece/v1","record":"00"}'],
    ['no bytes', '{"format":"mpc/key-record/v1"}'],
    ['bytes that are no hex', '{"format":"mpc/key-record/v1","record":"xyz"}'],
    ['half a byte', '{"format":"mpc/key-record/v1","record":"abc"}'],
    ['bytes that are no record', '{"format":"mpc/key-record/v1","record":"00"}'],
  ])('with %s is no record', (_, text) => {
    expect(failureOf(() => parseExportedRecord(utf8(text)))).toMatchObject({
      kind: 'verification',
      code: 'E_RECORD',
    })
  })

  test('of a record holds its certificate, or none; never one of another record', () => {
    expect(parsePublicRecord(exportRecord(record))).toEqual({ record, certificate: null })
    expect(parsePublicRecord(exportRecord(record, certificate))).toEqual({ record, certificate })
    const other = exportRecord({ ...record, key_id: filled(0) }, certificate)
    expect(failureOf(() => parsePublicRecord(other))).toMatchObject({
      kind: 'verification',
      code: 'E_CERTIFICATE',
    })
    const broken = Buffer.from(exportRecord(record, certificate))
      .toString('utf8')
      .replace('"certificate":"', '"certificate":"x')
    expect(failureOf(() => parsePublicRecord(utf8(broken)))).toMatchObject({ code: 'E_RECORD' })
  })

  test('of the one kind is not taken for the other', () => {
    expect(failureOf(() => parseExportedManifest(exportRecord(record))).code).toBe('E_MANIFEST')
    expect(failureOf(() => parseExportedRecord(exportManifest(manifest))).code).toBe('E_RECORD')
  })
})

describe('a record with seats that are taken anew', () => {
  const fresh = memberOf('alice', 'fresh')
  const rebindOf = (person = fresh, index = 1): Uint8Array =>
    makeRebind(
      record,
      { index, share: shares[index - 1] as Secret, card: person.card, from: null, created: CREATED },
      person.identity.signing,
      seededRng('rebind', person.card.name),
    )

  test('is the record itself, byte for byte, where none is', () => {
    expect(encodeSeating(record, [])).toEqual(encodeRecord(record))
    expect(parseSeating(encodeRecord(record)).seated).toEqual(parseSeating(encodeRecord(record)).record)
  })

  test('has the new card in the old seat, and the old record unchanged', () => {
    const held = parseSeating(encodeSeating(record, [rebindOf()]))
    expect(hex(recordDigest(held.record))).toBe(hex(recordDigest(record)))
    expect(held.record.members[0]?.card.line).toBe(alice.card.line)
    expect(held.seated.members.map(({ card }) => card.line)).toEqual([
      fresh.card.line,
      bob.card.line,
      record.members[2]?.card.line,
    ])
    expect(held.seated.members.map((member) => member.public_share)).toEqual(
      record.members.map((member) => member.public_share),
    )
  })

  test('refuses one identity in two seats, and a rebind that does not hold', () => {
    const stranger = memberOf('zoe')
    const both = [rebindOf(stranger, 1), rebindOf(stranger, 2)]
    const rebinds = both.map((encoded) => parseRebind(encoded, record))
    expect(failureOf(() => seatedBy(record, rebinds))).toMatchObject({ code: 'E_REBIND_CARD' })
    expect(failureOf(() => parseSeating(encodeSeating(record, both))).code).toBe('E_REBIND_CARD')
    const altered = rebindOf().map((byte, i, all) => (i === all.length - 3 ? byte ^ 1 : byte))
    expect(failureOf(() => parseSeating(encodeSeating(record, [altered]))).kind).toBe('authentication')
  })
})

/** The files of shares after their birth, format version 1, load for ever, say what they said, and are made again alike. */
import { describe, expect, test } from 'vitest'
import { exportHandover, parseExportedHandover } from '../../src/wire/paper/json-export.js'
import { completeRebind, parseRebind } from '../../src/wire/key/rebind.js'
import { parseRecord } from '../../src/wire/key/record.js'
import { parseStatement, sayActivated, sayDeleted } from '../../src/wire/key/attestation.js'
import { held } from '../golden/make.js'
import { NEWER, speakerOf, writeShareGolden } from '../golden/make-share.js'

const writing = process.env['MPC_GOLDEN'] === 'write'
test.runIf(writing)('the golden files of shares are written', writeShareGolden, 60_000)

describe.skipIf(writing)('the golden files of shares, version 1', () => {
  const record = () => parseRecord(held('eddsa-ed25519.record.cbor'))

  test('the statements, and both sign the same again', () => {
    const activated = parseStatement(held('activated.cbor'), record())
    expect(activated).toMatchObject({ said: 'activated', index: 1, replaced_by: null })
    expect(sayActivated(record(), speakerOf('test-alice', 1), activated.time)).toEqual(held('activated.cbor'))
    const deleted = parseStatement(held('deleted.cbor'), record())
    expect(deleted).toMatchObject({ said: 'deleted', index: 2, replaced_by: NEWER })
    expect(sayDeleted(record(), NEWER, speakerOf('test-bob', 2), deleted.time)).toEqual(held('deleted.cbor'))
  })

  test('the handover', () => {
    const handover = parseExportedHandover(held('handover.json'))
    expect(handover.statements).toEqual([held('activated.cbor'), held('deleted.cbor')])
    expect(handover.certificate).toEqual(held('eddsa-ed25519.certificate.cbor'))
    expect(handover.records).toEqual([record()])
    expect(exportHandover(handover)).toEqual(held('handover.json'))
  })

  test('the offered rebind, and the new identity completes it', () => {
    const { card, signing } = speakerOf('test-alice-elsewhere', 1)
    const whole = completeRebind(held('rebind.offer'), record(), card, signing)
    expect([whole.key, whole.index]).toEqual(['test-treasury', 1])
    const rebind = parseRebind(whole.rebind, record())
    expect(rebind.card.line).toBe(card.line)
    expect(rebind.handed_by?.fingerprint).toEqual(rebind.old)
  })
})

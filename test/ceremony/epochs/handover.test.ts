/** The handover of how a key went over, where that is a long story. */
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { handoverOf, takeHandover } from '../../../src/ceremony/epochs/attestations.js'
import { openHome } from '../../../src/storage/home/home.js'
import { createState, stageEpoch } from '../../../src/storage/home/epochs.js'
import { writeStatement } from '../../../src/storage/home/attestations.js'
import { encodeRecord, type KeyRecord, recordDigest } from '../../../src/wire/key/record.js'
import { encodeHandover, parseHandover } from '../../../src/wire/ceremony/handover.js'
import { sayActivated } from '../../../src/wire/key/attestation.js'
import { certifiedKey, dave } from '../../wire/escrow-support.js'
import { alice, CREATED } from '../../wire/support.js'

const emptyHome = async () => openHome(join(await mkdtemp(join(tmpdir(), 'mpc-handover-')), 'home'))

test('of more epochs than a file holds it hands on the last, and what was said of these', async () => {
  const home = await emptyHome()
  const records: KeyRecord[] = []
  const made = certifiedKey('eddsa-ed25519')
  for (let epoch = 1; epoch <= 66; epoch += 1) {
    const before = records.at(-1)
    const changes = { epoch, parent: before ? recordDigest(before) : null }
    const { record, certificate } =
      epoch === 66
        ? certifiedKey('eddsa-ed25519', changes)
        : { record: { ...made.record, ...changes }, certificate: null }
    const digest = recordDigest(record)
    await stageEpoch(home, 'treasury', digest, {
      'record.cbor': encodeRecord(record),
      ...(certificate && { 'certificate.cbor': certificate }),
    })
    const speaker = { card: alice.card, index: 1, signing: alice.identity.signing }
    const said = sayActivated(record, speaker, CREATED)
    await writeStatement(home, 'treasury', digest, { said: 'activated', by: alice.card.fingerprint }, said)
    records.push(record)
  }
  const handover = parseHandover(encodeHandover(await handoverOf(home, 'treasury')))
  expect(handover.records.map(({ epoch }) => epoch)).toEqual(records.slice(-64).map(({ epoch }) => epoch))
  expect(handover.statements).toHaveLength(64)
  // It is taken in whole by who holds one of them.
  const there = await emptyHome()
  const held = records[3] as KeyRecord
  const digest = recordDigest(held)
  await stageEpoch(there, 'treasury', digest, { 'record.cbor': encodeRecord(held) })
  await createState(there, 'treasury', {
    format: 'mpc/key-state/v1',
    policy: 0,
    key_id: held.key_id,
    epochs: [{ digest, number: held.epoch, status: 'retired' }],
  })
  const taken = await takeHandover({ home: there, card: dave.card }, 'treasury', handover)
  expect(taken).toEqual({ added: 64, strange: 0, frozen: null })
})

/** A threshold ECDSA key dealt anew: one leaves, one joins, and everybody has new primes. */
import { createHash } from 'node:crypto'
import { verify } from 'tiny-secp256k1'
import { afterAll, expect, test } from 'vitest'
import { verifyTranscript } from '../../../src/audit/transcript.js'
import { findKey, openToSign } from '../../../src/ceremony/epochs/find-key.js'
import type { MadeKey } from '../../../src/ceremony/dkg/plan.js'
import type * as workers from '../../../src/cli/threads/workers.js'
import { readEpochFile } from '../../../src/storage/home/epochs.js'
import { enterRehearsal } from '../../../src/wire/base/realm.js'
import { auxiliaryOf, recordPublicKey } from '../../../src/wire/key/record.js'
import { hex } from '../../../src/wire/base/text.js'
import { failureOf } from '../../storage/support.js'
import { built } from '../../support/built.js'
import { expectSigns } from '../../support/keys.js'
import { accept, restored } from '../../support/rebound.js'
import { defined, makeTreasury, reshared, signed } from '../../support/reshares.js'
import { type Custodian, custodians } from '../../support/worlds.js'
import { only } from '../../support/only.js'

// At the level of rehearsals, which is the one that is quick.
enterRehearsal()

const { Workers } = await built<typeof workers>('cli/threads/workers.js')
const threads = new Workers()
afterAll(() => threads.close())
const patience = { join: 50_000, round: 50_000, total: null }
const world = { compute: threads.compute, patience, linger: 500 }

test('an ECDSA key goes on with new shares and new auxiliary data', async () => {
  const everybody = await custodians('alice', 'bob', 'carol')
  const [alice, bob, carol] = everybody as [Custodian, Custodian, Custodian]
  const before = await makeTreasury([alice, bob], 2, 'ecdsa-secp256k1', world)
  const file = await defined(alice, everybody, { members: ['carol', 'alice'] })
  const made = await reshared([carol, alice, bob], file, world)
  const [{ record, digest }] = made as [MadeKey]
  expect(new Set(made.map((each) => hex(each.digest))).size).toBe(1)
  expect(made.map(({ holds }) => holds)).toEqual([true, true, false])
  expect(hex(recordPublicKey(record))).toBe(hex(recordPublicKey(before.record)))
  const data = auxiliaryOf(record)
  expect([...(data?.parties.keys() ?? [])]).toEqual([1, 2])
  const old = [...(auxiliaryOf(before.record)?.parties.values() ?? [])].map(({ N }) => N)
  for (const { N } of data?.parties.values() ?? []) expect(old).not.toContain(N)

  const transcript = await readEpochFile(bob.home, 'treasury', digest, 'transcript.cbor')
  expect(await verifyTranscript(transcript as Uint8Array)).toMatchObject({ kind: 'reshare', missing: [] })

  const payload = Buffer.from('pay nobody')
  for (const result of await signed([alice, carol], payload, world)) {
    if (result.status === 'rejected') throw result.reason as Error
    const hash = createHash('sha256').update(payload).digest()
    expect(verify(hash, recordPublicKey(record), only(result.value))).toBe(true)
  }
})

test('a share that came back from paper without its primes refreshes under a new identity, and signs', async () => {
  const everybody = await custodians('alice', 'bob')
  const [old, bob] = everybody as [Custodian, Custodian]
  const { record } = await makeTreasury([old, bob], 2, 'ecdsa-secp256k1', world)
  const alice = await restored(old, 'paper')
  await accept([bob], alice)
  const lost = await failureOf(async () =>
    openToSign(alice.home, await findKey(alice.home, 'treasury'), alice.identity, alice.card),
  )
  expect(lost).toMatchObject({ kind: 'configuration', code: 'E_AUXILIARY_LOST' })
  expect(lost.hint).toContain('refresh the key, then sign')

  const file = await defined(bob, [alice, bob], { kind: 'refresh' })
  const [made] = (await reshared([alice, bob], file, world)) as [MadeKey]
  expect(made.record.members.map(({ card }) => card.line)).toEqual([alice.card.line, bob.card.line])
  await expectSigns([alice, bob], record, world)
})

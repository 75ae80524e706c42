/** Keys dealt anew where custodians have new identities: by whom, with whose leave, and what becomes of the old ones. */
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { verifyTranscript } from '../../../src/audit/transcript.js'
import { splitShare } from '../../../src/ceremony/backup/split.js'
import { heldKey } from '../../../src/ceremony/epochs/held-epochs.js'
import { findKey } from '../../../src/ceremony/epochs/find-key.js'
import type { MadeKey } from '../../../src/ceremony/dkg/plan.js'
import { planRetire, retire } from '../../../src/ceremony/epochs/retire.js'
import { planReshare, voteAhead } from '../../../src/ceremony/dkg/reshare.js'
import { handoverOf, takeHandover } from '../../../src/ceremony/epochs/attestations.js'
import { knownCards, markVerified } from '../../../src/ceremony/contacts/contacts.js'
import { MemoryNetwork } from '../../../src/messaging/transport/memory.js'
import { readEpochFile } from '../../../src/storage/home/epochs.js'
import { lastVote } from '../../../src/storage/home/votes.js'
import { watchersNeeded, watchersOf } from '../../../src/wire/ceremony/key-definition.js'
import { hex } from '../../../src/wire/base/text.js'
import { failureOf } from '../../storage/support.js'
import { codeOf, expectSigns, statesOf } from '../../support/keys.js'
import { rng } from '../../support/members.js'
import { raze } from '../../support/processes.js'
import { accept, moved, restored } from '../../support/rebound.js'
import { defined, makeTreasury, reshared, takesPart } from '../../support/reshares.js'
import { approving, asks, joins, somePayload } from '../../support/signing.js'
import { type Custodian, custodians, worldOf } from '../../support/worlds.js'

const NOW = 1_900_000_000_000
const quick = { linger: 500 }
const impatient = { patience: { join: 3000, round: 3000, total: null }, linger: 200 }
const COMMAND = 'mpc identity import NEW.card --rebind FILE --fingerprint FP'

const made: Custodian[] = []
afterAll(() => raze(made))
const kept = <C extends Custodian>(custodian: C): C => {
  made.push(custodian)
  return custodian
}
async function treasury(threshold: number, ...names: string[]) {
  const everybody = (await custodians(...names)).map(kept)
  const { record, digest } = await makeTreasury(everybody, threshold)
  return { everybody, record, digest }
}
const plans = (who: Custodian, file: Parameters<typeof planReshare>[2]) =>
  failureOf(() => planReshare(who.home, who.card, file, Date.now()))
const lines = (record: MadeKey['record']) => record.members.map(({ card }) => card.line)

test('who restored a share under a new identity deals a refresh; the next record has it, and the old one is nobody', async () => {
  const { everybody, record, digest } = await treasury(2, 'alice', 'bob', 'carol')
  const [old, bob, carol] = everybody as [Custodian, Custodian, Custodian]
  const alice = kept(await restored(old))
  await accept([bob, carol], alice)
  const now = [alice, bob, carol]

  const file = await defined(bob, now, { kind: 'refresh', dealers: ['alice', 'bob'] })
  expect(file.definition.parent_record).toEqual(record)
  expect(hex(file.definition.parent)).toBe(hex(digest))
  const ousted = await plans(old, file)
  expect(ousted).toMatchObject({ kind: 'authentication', code: 'E_NO_SEAT' })
  expect(ousted.message).toContain('alice has your seat of the key in this ceremony')
  expect(ousted.hint).toContain(hex(alice.card.fingerprint))

  const [first, ...others] = (await reshared(now, file, quick)) as [MadeKey, ...MadeKey[]]
  for (const each of others) expect(hex(each.digest)).toBe(hex(first.digest))
  expect(lines(first.record)).toEqual(now.map(({ card }) => card.line))
  expect(first.record).toMatchObject({ epoch: 2, parent: digest, key_id: record.key_id })
  expect(await statesOf(alice)).toEqual(['1 parent', '2 active'])
  const transcript = await readEpochFile(carol.home, 'treasury', first.digest, 'transcript.cbor')
  const verified = await verifyTranscript(transcript as Uint8Array)
  expect(verified).toMatchObject({ kind: 'refresh', missing: [] })
  expect(verified.participants.map(({ line }) => line)).toEqual(now.map(({ card }) => card.line))
  await expectSigns([alice, carol], record)
  await expectSigns([bob, carol], record)

  // The seat is in the record now: its custodian splits its share again, which a rebind does not let it.
  const holders = [bob, carol].map(({ card }) => ({ name: card.name, kind: 'card', card }) as const)
  const out = join(await mkdtemp(join(tmpdir(), 'mpc-rebound-')), 'out')
  const key = await findKey(alice.home, 'treasury')
  await splitShare(alice, key, { threshold: 2, holders, out, now: NOW, rng })

  // The old identity: to sign with, to refresh from what it has, to take part in what comes next.
  const network = new MemoryNetwork()
  const payload = somePayload()
  const [asking, hearing] = await Promise.all([
    failureOf(() => asks(worldOf(old, network.connect('alice'), impatient), payload, [old, bob])),
    failureOf(() => joins(worldOf(bob, network.connect('bob'), impatient), approving(payload))),
  ])
  expect(asking.kind).toBe('absent')
  expect(hearing).toMatchObject({ kind: 'authentication', code: 'E_NO_SEAT' })
  const byOld = await defined(old, everybody, { kind: 'refresh' })
  expect(await codeOf(planReshare(bob.home, bob.card, byOld, Date.now()))).toBe('E_PARENT')
  const next = await defined(bob, now, { kind: 'refresh' })
  expect(next.definition.rebinds).toEqual([])
  expect(await plans(old, next)).toMatchObject({ kind: 'authentication', code: 'E_NOT_MEMBER' })
})

test('a 2-of-2, one of whom has a new machine, is refreshed and signs', async () => {
  const { everybody, record } = await treasury(2, 'alice', 'bob')
  const [old, bob] = everybody as [Custodian, Custodian]
  const alice = kept(await moved(old))
  await accept([bob], alice)
  const refreshed = await reshared(
    [alice, bob],
    await defined(alice, [alice, bob], { kind: 'refresh' }),
    quick,
  )
  expect(lines((refreshed[0] as MadeKey).record)).toEqual([alice.card.line, bob.card.line])
  await expectSigns([alice, bob], record)
}, 30_000)

test('whoever has not accepted the rebind refuses, and is told by which command it would; nothing was promised', async () => {
  const { everybody, digest } = await treasury(2, 'alice', 'bob', 'carol')
  const [old, bob, carol] = everybody as [Custodian, Custodian, Custodian]
  const alice = kept(await moved(old))
  await accept([bob], alice)
  const now = [alice, bob, carol]
  // Carol gets a share, or deals too, or only watches.
  for (const changes of [
    { kind: 'refresh' as const, dealers: ['alice', 'bob'] },
    { kind: 'refresh' as const, dealers: ['bob', 'carol'] },
    { members: ['alice', 'bob'] },
  ]) {
    const file = await defined(bob, now, changes)
    for (const failure of [
      await plans(carol, file),
      await failureOf(() => voteAhead(carol.home, carol.card, file)),
      await failureOf(() => takesPart(carol, file, new MemoryNetwork(), quick)),
    ]) {
      expect(failure).toMatchObject({ kind: 'authentication', code: 'E_NO_SEAT' })
      expect(failure.message).toContain(
        'alice sits in a seat of the key by a rebind that was not accepted here',
      )
      expect(failure.hint).toContain(COMMAND)
    }
    expect(await lastVote(carol.home, digest)).toBeNull()
  }

  // By carol's own definition the old identity sits there still: that is refused by who accepted the new one.
  const behind = await defined(carol, everybody, { kind: 'refresh' })
  for (const who of [alice, bob]) {
    const failure = await plans(who, behind)
    expect(failure).toMatchObject({ kind: 'authentication', code: 'E_NO_SEAT' })
    expect(failure.message).toContain('the author of this ceremony has not accepted the rebind of alice')
    expect(failure.hint).toContain(COMMAND)
  }

  // Alice moves once more: whoever knows only of the first machine is behind.
  const again = kept(await moved(alice, NOW + 1))
  await accept([bob], again)
  await accept([carol], alice)
  const older = await defined(carol, now, { kind: 'refresh' })
  expect((await plans(bob, older)).message).toContain('has not accepted the rebind of alice')
  const newer = await defined(bob, [again, bob, carol], { kind: 'refresh' })
  expect((await plans(carol, newer)).hint).toContain(COMMAND)
  expect((await plans(alice, newer)).message).toContain('alice has your seat')
  await accept([carol], again)
  const [{ record }] = (await reshared([again, bob, carol], newer, quick)) as [MadeKey]
  expect(lines(record)[0]).toBe(again.card.line)
})

test('two with new identities deal and leave; who joins knows them by the definition, and what they say of old shares', async () => {
  const everybody = (await custodians('alice', 'bob', 'carol', 'dave')).map(kept)
  const [oldAlice, oldBob, carol, dave] = everybody as [Custodian, Custodian, Custodian, Custodian]
  const { record, digest } = await makeTreasury([oldAlice, oldBob, carol], 2)
  const [alice, bob] = [kept(await restored(oldAlice)), kept(await moved(oldBob))]
  await accept([carol, bob], alice)
  await accept([carol, alice], bob)
  for (const { card } of [alice, bob]) await markVerified(dave.home, card, 'fingerprint', NOW)
  for (const one of [alice, bob]) await markVerified(one.home, dave.card, 'fingerprint', NOW)

  const plan = { members: ['carol', 'dave'], dealers: ['bob', 'alice'] }
  const file = await defined(carol, [alice, bob, carol, dave], plan)
  const results = (await reshared([carol, dave, alice, bob], file, quick)) as [MadeKey, ...MadeKey[]]
  expect(results.map(({ holds }) => holds)).toEqual([true, true, false, false])
  const transcript = await readEpochFile(dave.home, 'treasury', results[0].digest, 'transcript.cbor')
  expect(await verifyTranscript(transcript as Uint8Array)).toMatchObject({ kind: 'reshare', missing: [] })
  await expectSigns([carol, dave], record)

  await retire(alice, await planRetire(alice.home, alice.card, 'treasury', null), NOW)
  const taken = await takeHandover(dave, 'treasury', await handoverOf(alice.home, 'treasury'))
  expect(taken).toMatchObject({ strange: 0 })
  const { epochs } = await heldKey(dave.home, 'treasury')
  const before = epochs.find((each) => hex(each.digest) === hex(digest))
  expect(before?.problems).toEqual([])
  expect(before?.statements.map(({ said, by }) => [said, hex(by)])).toContainEqual([
    'deleted',
    hex(alice.card.fingerprint),
  ])
})

test('one who only watches says yes by its new identity: that counts to more than half', async () => {
  const everybody = (await custodians('alice', 'bob', 'carol', 'dave', 'erin')).map(kept)
  const [old, bob, carol, dave, erin] = everybody as [Custodian, Custodian, Custodian, Custodian, Custodian]
  const { record } = await makeTreasury([old, bob, carol, dave], 2)
  const alice = kept(await moved(old))
  await accept([bob, carol, dave], alice)
  await markVerified(alice.home, erin.card, 'fingerprint', NOW)
  await markVerified(erin.home, alice.card, 'fingerprint', NOW)
  const now = [alice, bob, carol, dave, erin]
  const file = await defined(bob, now, { members: ['erin', 'bob'], dealers: ['bob', 'carol'] })
  expect(watchersOf(file.definition).map(({ line }) => line)).toEqual([alice.card.line, dave.card.line])
  expect(watchersNeeded(file.definition)).toBe(1)
  expect(await codeOf(voteAhead(old.home, old.card, file))).toBe('E_NO_SEAT')
  const results = await reshared([erin, bob, carol, alice], file, quick)
  expect(results.map(({ holds, watched }) => [holds, watched === true])).toEqual([
    [true, false],
    [true, false],
    [false, false],
    [false, true],
  ])
  await expectSigns([bob, erin], record)
})

test('a name means the new identity also where the old one is still known by it', async () => {
  const { everybody } = await treasury(2, 'alice', 'bob', 'carol')
  const [old, bob, carol] = everybody as [Custodian, Custodian, Custodian]
  const alice = kept(await moved(old))
  await accept([bob, carol], alice)
  const known = await knownCards(bob.home)
  expect(known.filter(({ card }) => card.name === 'alice').map(({ beside }) => beside)).toEqual(
    expect.arrayContaining([true, false]),
  )
  // As a home has it in which the name was given back to the old card.
  const { definition } = await defined(bob, [old, bob, carol], { members: ['alice', 'carol'] })
  expect(definition.members.map(({ card }) => card.line)).toEqual([alice.card.line, carol.card.line])
})

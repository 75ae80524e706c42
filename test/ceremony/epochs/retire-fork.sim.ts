/** Old shares where somebody withheld a certificate, or a run came to nothing: whose word counts, and what is left on disks. */
import { listRunShares } from '../../../src/storage/home/run-shares.js'
import { cp, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { expect, test } from 'vitest'
import { heldKey } from '../../../src/ceremony/epochs/held-epochs.js'
import { findKey } from '../../../src/ceremony/epochs/find-key.js'
import { finish } from '../../../src/ceremony/dkg/run.js'
import { planReshare } from '../../../src/ceremony/dkg/reshare.js'
import { oldShares, planRetire, retire } from '../../../src/ceremony/epochs/retire.js'
import { handoverOf, ownWord, takeHandover } from '../../../src/ceremony/epochs/attestations.js'
import { MemoryNetwork } from '../../../src/messaging/transport/memory.js'
import { CeremonyFiles } from '../../../src/storage/home/ceremonies.js'
import { epochPath } from '../../../src/storage/home/epochs.js'
import { decodeEnvelope } from '../../../src/wire/session/envelope.js'
import { encodeHandover, parseHandover } from '../../../src/wire/ceremony/handover.js'
import { hex } from '../../../src/wire/base/text.js'
import { failureOf } from '../../storage/support.js'
import { codeOf, expectSigns, statesOf } from '../../support/keys.js'
import { holderOf, quorumsIn } from '../../support/quorum.js'
import { defined, makeTreasury, reshared, takesPart } from '../../support/reshares.js'
import { copyOf } from '../../support/shares.js'
import { type Custodian, custodians } from '../../support/worlds.js'

const NOW = 1_900_000_000_000
type Four = readonly [Custodian, Custodian, Custodian, Custodian]
const brief = { patience: { join: 30_000, round: 5000, total: null }, linger: 0 }

/** A network on which she gives neither her receipt nor a certificate. */
function withheldBy({ card }: Custodian): MemoryNetwork {
  const network = new MemoryNetwork()
  network.interfere = ({ bytes }) => {
    const { kind, from } = decodeEnvelope(bytes).header
    const isHers = kind === 'receipt' && hex(from) === hex(card.fingerprint)
    return isHers || kind === 'certificate' ? [] : [bytes]
  }
  return network
}

const files = ({ home }: Custodian, { id }: { readonly id: Uint8Array }) => new CeremonyFiles(home, id)
const handed = async (who: Custodian) => parseHandover(encodeHandover(await handoverOf(who.home, 'treasury')))

/**
 * Carol deals with alice, and, from a copy of her home, is dealt by alice and bob, who replace the first. She alone has both
 * certificates: alice and bob are in doubt of the second; dave, who joins, gets that of the first.
 */
async function forked() {
  const everybody = (await custodians('alice', 'bob', 'carol', 'dave')) as unknown as Four
  const [alice, bob, carol, dave] = everybody
  const old = await makeTreasury([alice, bob, carol], 2)
  const [unaware, again] = [await copyOf(bob), await copyOf(carol)]
  const dealers = ['alice', 'carol']
  const first = await defined(alice, everybody, { members: ['alice', 'carol', 'dave'], dealers })
  const play = (players: readonly Custodian[], file: typeof first) => {
    const network = withheldBy(carol)
    return Promise.all(players.map((who) => codeOf(takesPart(who, file, network, brief))))
  }
  expect(await play([alice, carol, dave], first)).toEqual(['E_IN_DOUBT', 'fine', 'E_IN_DOUBT'])
  const members = ['alice', 'bob', 'carol']
  const second = await defined(alice, everybody, {
    members,
    dealers: ['alice', 'bob'],
    supersedes: [first.id],
  })
  expect(await play([alice, bob, again], second)).toEqual(['E_IN_DOUBT', 'E_IN_DOUBT', 'fine'])
  const certificate = (await files(carol, first).readCertificate()) as Uint8Array
  await finish(dave.home, await planReshare(dave.home, dave.card, first, Date.now()), certificate)
  const { record } = await findKey(dave.home, 'treasury')
  await ownWord(dave, 'treasury', record, NOW)
  await takeHandover(carol, 'treasury', await handed(dave))
  return { alice, bob, carol, dave, old, second, again, unaware }
}

test('a certificate that was voted out freezes nothing and destroys nothing, also of who never voted for it', async () => {
  const { alice, bob, carol, old, second, again, unaware } = await forked()
  const handover = await handed(carol)
  // Alice voted for both, bob for the second alone.
  for (const who of [alice, bob]) {
    const refused = await failureOf(() => takeHandover(who, 'treasury', handover))
    expect(refused).toMatchObject({ kind: 'conflict', code: 'E_VOTED_PARENT' })
    expect(refused.hint).toContain(`--supersedes ${hex(second.id)}`)
    expect(await statesOf(who)).toEqual(['1 active'])
    expect((await planRetire(who.home, who.card, 'treasury', null)).epochs).toEqual([])
  }
  await expectSigns([alice, bob], old.record)
  expect(await quorumsIn([alice, bob].map(holderOf), old.record.group_point)).toEqual([1, 2])
  // They may finish the one they doubt.
  const certificate = (await files(again, second).readCertificate()) as Uint8Array
  for (const who of [alice, bob]) {
    await finish(who.home, await planReshare(who.home, who.card, second, Date.now()), certificate)
  }
  await expectSigns([alice, bob], old.record)

  // One that took it in before its vote keeps its shares too; they would go without it.
  expect(await takeHandover(unaware, 'treasury', handover)).toMatchObject({ frozen: 1 })
  const plan = () => planRetire(unaware.home, unaware.card, 'treasury', null)
  expect((await plan()).epochs).toHaveLength(1)
  await cp(bob.home.ceremonies, unaware.home.ceremonies, { recursive: true })
  expect(await failureOf(plan)).toMatchObject({ code: 'E_VOTED_PARENT' })
})

test('what a home voted for and nothing replaced stays, whatever it is told of another', async () => {
  const everybody = (await custodians('alice', 'bob', 'carol', 'dave')) as unknown as Four
  const [alice, bob, carol, dave] = everybody
  const old = await makeTreasury([alice, bob, carol], 2)
  const again = await copyOf(carol)
  const members = ['alice', 'carol', 'dave']
  const made = await defined(alice, everybody, { members, dealers: ['alice', 'carol'] })
  const other = await defined(bob, everybody, { members: ['bob', 'carol'], dealers: ['bob', 'carol'] })
  await reshared([alice, carol, dave], made, { linger: 2000 })
  const network = withheldBy(carol)
  const ends = [bob, again].map((who) => codeOf(takesPart(who, other, network, brief)))
  expect(await Promise.all(ends)).toEqual(['E_IN_DOUBT', 'fine'])

  expect(await takeHandover(bob, 'treasury', await handed(alice))).toMatchObject({ frozen: 1 })
  const plan = await planRetire(bob.home, bob.card, 'treasury', null)
  const { destroyed } = await retire(bob, plan, NOW)
  expect(destroyed).toContain(epochPath(bob.home, 'treasury', old.digest, 'share.age'))
  expect(await listRunShares(files(bob, other), true)).toHaveLength(1)
  expect((await planRetire(bob.home, bob.card, 'treasury', null)).epochs).toEqual([])
})

test('who joined destroys what runs before left with it, though it never held a share of what they started from', async () => {
  const everybody = (await custodians('alice', 'bob', 'carol', 'dave')) as unknown as Four
  const [alice, bob, carol, dave] = everybody
  const joined = [alice, carol, dave]
  const old = await makeTreasury([alice, bob], 2)
  const network = new MemoryNetwork()
  network.interfere = ({ bytes }) => (decodeEnvelope(bytes).header.kind === 'prepared' ? [] : [bytes])
  const members = ['alice', 'bob', 'carol', 'dave']
  const failed = await defined(alice, everybody, { members })
  await Promise.all(everybody.map((who) => failureOf(() => takesPart(who, failed, network, brief))))
  for (const who of everybody) expect(await listRunShares(files(who, failed), true)).toHaveLength(1)

  const next = await defined(alice, everybody, { members: ['alice', 'carol', 'dave'] })
  await reshared(everybody, next, { linger: 2000 })
  const left = async (who: Custodian) => (await oldShares(who.home, who.card, 'treasury')).epochs
  for (const who of joined) expect(await left(who), who.member.name).toEqual([1])
  const planOf = (who: Custodian, digest: Uint8Array | null = null) =>
    planRetire(who.home, who.card, 'treasury', digest)
  expect((await planOf(dave, old.digest)).epochs.map(({ number }) => number)).toEqual([1])
  await reshared(joined, await defined(alice, everybody, { kind: 'refresh' }), { linger: 2000 })
  expect(await left(carol)).toEqual([1, 2])
  // One who knows nothing of the first epoch but the runs that started from it.
  await rm(dirname(epochPath(dave.home, 'treasury', old.digest, 'record.cbor')), { recursive: true })
  expect(await left(dave)).toEqual([2])
  for (const who of joined) {
    await retire(who, await planOf(who), NOW)
    expect((await planOf(who)).epochs, who.member.name).toEqual([])
    expect(await left(who)).toEqual([])
    expect(await listRunShares(files(who, failed), true)).toEqual([])
    const { epochs } = await heldKey(who.home, 'treasury')
    const deleted = epochs.map(({ statements }) => statements.filter(({ said }) => said === 'deleted').length)
    // Nobody says of an epoch that it held no share of that this is destroyed.
    expect(deleted, who.member.name).toEqual(
      { alice: [1, 1, 0], carol: [0, 1, 0], dave: [1, 0] }[who.member.name],
    )
  }
  expect(await quorumsIn(joined.map(holderOf), old.record.group_point)).toEqual([3])
  await expectSigns([carol, dave], old.record)
})

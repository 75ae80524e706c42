/** Custodians whose home is behind: what they vote for they hold, and a quorum of the newest epoch always signs. */
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { findKey, openShare } from '../../../src/ceremony/epochs/find-key.js'
import { lostWord } from '../../../src/ceremony/epochs/tell-behind.js'
import { finish } from '../../../src/ceremony/dkg/run.js'
import { planReshare } from '../../../src/ceremony/dkg/reshare.js'
import type { ResharePlan } from '../../../src/ceremony/dkg/plan.js'
import { planRetire, retire } from '../../../src/ceremony/epochs/retire.js'
import { handoverOf, takeHandover } from '../../../src/ceremony/epochs/attestations.js'
import { keepCeremony } from '../../../src/ceremony/definition/ceremony-store.js'
import { ceremoniesIn, keysIn } from '../../../src/ceremony/home/status.js'
import { takeUp } from '../../../src/ceremony/home/take-up.js'
import { MemoryNetwork } from '../../../src/messaging/transport/memory.js'
import { CeremonyFiles, listCeremonies } from '../../../src/storage/home/ceremonies.js'
import { replaceFile, setFaultPoint } from '../../../src/storage/fs/atomic.js'
import type { Home } from '../../../src/storage/home/home.js'
import {
  createState,
  type KeyState,
  readState,
  stageEpoch,
  writeState,
} from '../../../src/storage/home/epochs.js'
import { writePeer } from '../../../src/storage/home/contacts.js'
import { sealTo } from '../../../src/storage/sealed/age.js'
import { votesFrom } from '../../../src/storage/home/votes.js'
import { requireHeld } from '../../../src/wire/ceremony/certified-record.js'
import { decodeEnvelope } from '../../../src/wire/session/envelope.js'
import { type KeyRecord, parseRecord, recordDigest } from '../../../src/wire/key/record.js'
import { decodeCertificate, makeCertificate } from '../../../src/wire/ceremony/certificate.js'
import { hex } from '../../../src/wire/base/text.js'
import { failureOf } from '../../storage/support.js'
import { codeOf, expectSigns, statesOf } from '../../support/keys.js'
import { restored } from '../../support/rebound.js'
import { defined, makeTreasury, reshared, takesPart } from '../../support/reshares.js'
import { copyOf } from '../../support/shares.js'
import { type Custodian, custodians, fileOf } from '../../support/worlds.js'

type Four = readonly [Custodian, Custodian, Custodian, Custodian]
const quick = { linger: 800 }
const NOW = 1_900_000_000_000

/** Of alice, bob, carol and dave the first three hold `treasury`, two must sign. */
let everybody: Four
let record: KeyRecord
beforeAll(async () => {
  everybody = (await custodians('alice', 'bob', 'carol', 'dave')) as unknown as Four
  record = (await makeTreasury(everybody.slice(0, 3), 2)).record
})

/** The four in homes of their own, as they are now. */
const four = (): Promise<Four> => Promise.all(everybody.map(copyOf)) as unknown as Promise<Four>
const dealt = async (
  author: Custodian,
  players: readonly Custodian[],
  members: readonly string[],
  dealers: readonly string[],
): Promise<void> => {
  await reshared(players, await defined(author, everybody, { members, dealers }), quick)
}
const start = (who: Custodian, file: { readonly id: Uint8Array }) =>
  planReshare(who.home, who.card, file as ResharePlan['file'], Date.now())
/** These are known to it by their fingerprints. */
const verify = async ({ home, card: own }: Custodian, known: readonly Custodian[]): Promise<void> => {
  for (const { card } of known) {
    if (card === own) continue
    const about = { status: 'verified', since: '2026-01-01T00:00:00Z', how: 'fingerprint' } as const
    await writePeer(home, { fingerprint: card.fingerprint, card: card.line, ...about })
  }
}
const stateOf = async ({ home }: Custodian, id: Uint8Array) =>
  (await ceremoniesIn(home, await keysIn(home), Date.now())).find((each) => hex(each.id) === hex(id))

async function otherKey(home: Home, name: string, i: number): Promise<void> {
  const digest = new Uint8Array(32).fill(i)
  const files = { 'record.cbor': digest, 'share.age': new TextEncoder().encode('share') }
  await stageEpoch(home, name, digest, files)
  const epochs = [{ digest, number: 1, status: 'active' as const }]
  await createState(home, name, { format: 'mpc/key-state/v1', policy: 0, key_id: digest, epochs })
}

describe('who missed resharings and is dealt in again', () => {
  test.each([1, 2])('holds what it voted for: %i missed', async (missed) => {
    const [alice, bob, carol, dave] = await four()
    await dealt(bob, [bob, carol, dave], ['bob', 'carol', 'dave'], ['bob', 'carol'])
    if (missed === 2) await dealt(bob, [bob, carol, dave], ['bob', 'carol', 'dave'], ['bob', 'carol'])
    const file = await defined(bob, everybody, { members: ['alice', 'bob'], dealers: ['bob', 'carol'] })
    expect(await start(alice, file)).toMatchObject({ behind: 1, begun: false })
    const made = await reshared([alice, bob, carol, dave], file, quick)
    expect(made.map(({ holds }) => holds)).toEqual([true, true, false, false])
    expect(await statesOf(alice)).toEqual(['1 parent', `${missed + 2} active`])
    await expectSigns([alice, bob], record)
    // Once the epochs between are known here, the old share can go.
    if (missed === 2) await takeHandover(alice, 'treasury', await handoverOf(bob.home, 'treasury'))
    await retire(alice, await planRetire(alice.home, alice.card, 'treasury', null), NOW)
    expect(await statesOf(alice)).toEqual(['1 retired', `${missed + 2} active`])
    await expectSigns([bob, alice], record)
  })

  test('also where its share was restored from pieces of an epoch that had been replaced', async () => {
    const [alice, bob, carol] = await four()
    const lost = await restored(alice)
    await reshared([alice, bob, carol], await defined(bob, everybody, { kind: 'refresh' }), quick)
    const known = [lost, bob, carol]
    await Promise.all(known.map((who) => verify(who, known)))
    const file = await defined(bob, known, {
      members: ['alice', 'bob', 'carol'],
      dealers: ['bob', 'carol'],
    })
    await reshared(known, file, quick)
    expect(await statesOf(lost)).toEqual(['1 parent', '3 active'])
    await expectSigns([lost, bob], record)
  })

  test('of an older copy of its home, where it deals nothing; else it hears who is to deal', async () => {
    const [alice, bob, carol] = await four()
    const copy = await copyOf(alice)
    await reshared([alice, bob, carol], await defined(bob, everybody, { kind: 'refresh' }), quick)
    const asDealer = await defined(bob, everybody, { kind: 'refresh' })
    const refused = await failureOf(() => start(copy, asDealer))
    expect(refused).toMatchObject({ kind: 'conflict', code: 'E_PARENT' })
    expect(refused.hint).toContain('--dealers')
    const asWatcher = await defined(bob, everybody, { members: ['bob', 'carol'], dealers: ['bob', 'carol'] })
    expect(await failureOf(() => start(copy, asWatcher))).toMatchObject({ code: 'E_PARENT' })
    expect(await votesFrom(copy.home, asDealer.definition.parent)).toEqual([])

    const file = await defined(bob, everybody, { kind: 'refresh', dealers: ['bob', 'carol'] })
    await reshared([copy, bob, carol], file, quick)
    expect(await statesOf(copy)).toEqual(['1 parent', '3 active'])
    await expectSigns([copy, carol], record)
  })

  test('is refused what starts from an epoch before the one that it has, and votes for nothing', async () => {
    const [alice, bob, carol, dave] = await four()
    const dealers = ['bob', 'carol']
    const old = await defined(carol, everybody, { members: ['carol', 'dave'], dealers })
    await dealt(bob, [alice, bob, carol, dave], ['alice', 'bob', 'dave'], dealers)
    expect(await failureOf(() => start(dave, old))).toMatchObject({ kind: 'conflict', code: 'E_PARENT' })
    // Nor what goes on from another epoch of the number that it has.
    const other = await four()
    await dealt(other[1], other.slice(0, 3), ['bob', 'carol'], dealers)
    const beside = await defined(other[1], everybody, { members: ['bob', 'dave'], dealers })
    expect(await failureOf(() => start(dave, beside))).toMatchObject({ code: 'E_PARENT' })
    for (const { id, definition } of [old, beside]) {
      expect(await votesFrom(dave.home, definition.parent)).not.toContainEqual(id)
    }
  })

  test('is refused before anything is begun where a damaged key might be this one, and not where it is another', async () => {
    const [alice, bob, carol, dave] = await four()
    const members = ['alice', 'bob', 'carol', 'dave']
    const file = await defined(bob, everybody, { members, dealers: ['bob', 'carol'] })
    for (const { home } of [alice, dave]) {
      await otherKey(home, 'silver', 7)
      await replaceFile(join(home.keys, 'silver', 'state.cbor'), new Uint8Array([1]))
    }
    expect(await failureOf(() => start(dave, file))).toMatchObject({ kind: 'conflict', code: 'E_KEY_STATE' })
    const again = await defined(bob, everybody, { kind: 'refresh', dealers: ['bob', 'carol'] })
    await reshared([alice, bob, carol], again, quick)
    expect(await statesOf(alice)).toEqual(['1 parent', '2 active'])
  })

  test('is refused an epoch of the same key with another public key', async () => {
    const [alice, bob, carol] = await four()
    const file = await defined(bob, everybody, { members: ['bob', 'dave'], dealers: ['bob', 'carol'] })
    const others = (await custodians('bob', 'carol')) as [Custodian, Custodian]
    const made = await makeTreasury(others, 2)
    const forged = { ...made.record, key_id: record.key_id, epoch: 2, parent: recordDigest(record) }
    const definition = {
      ...file.definition,
      members: [alice, ...others].map(({ card }) => ({ card, role: 'custodian' as const })),
      parent: recordDigest(forged),
      parent_record: forged,
      dealers: others.map(({ card }) => card.fingerprint),
    }
    const failure = await failureOf(() => start(alice, fileOf(definition)))
    expect(failure).toMatchObject({ kind: 'verification', code: 'E_PUBLIC_KEY' })
    expect(carol.card.name).toBe('carol')
  })
})

describe('after the vote', () => {
  const patience = { join: 20_000, round: 4000, total: null }
  /** Carol has the certificate; alice and bob have voted, and heard nothing more. */
  async function inDoubt(at: Four, kind: 'refresh' | 'reshare' = 'refresh') {
    const [alice, bob, carol, dave] = at
    const network = new MemoryNetwork()
    network.interfere = ({ bytes }) => {
      const { kind: what, from } = decodeEnvelope(bytes).header
      const isCarols = hex(from) === hex(carol.card.fingerprint)
      return isCarols && ['receipt', 'certificate'].includes(what) ? [] : [bytes]
    }
    const isRefresh = kind === 'refresh'
    const changes = isRefresh ? { kind } : { members: ['alice', 'bob', 'carol', 'dave'] }
    const file = await defined(alice, everybody, { ...changes, dealers: ['bob', 'carol'] })
    const players = isRefresh ? [alice, bob, carol] : [alice, bob, carol, dave]
    const codes = await Promise.all(
      players.map((who) => codeOf(takesPart(who, file, network, { patience, linger: 300 }))),
    )
    expect(codes).toEqual(players.map((who) => (who === carol ? 'fine' : 'E_IN_DOUBT')))
    return {
      file,
      certificate: (await new CeremonyFiles(carol.home, file.id).readCertificate()) as Uint8Array,
    }
  }
  const finished = async (who: Custodian, file: { readonly id: Uint8Array }, certificate: Uint8Array) =>
    finish(who.home, await start(who, file), certificate)

  test('a certificate in a file of statements is enough: the next command takes the share up', async () => {
    const at = await four()
    const [alice, , carol] = at
    const { file } = await inDoubt(at)
    expect(await stateOf(alice, file.id)).toMatchObject({ state: 'in-doubt', owner: 'you' })
    const taken = await takeHandover(alice, 'treasury', await handoverOf(carol.home, 'treasury'))
    expect(taken.frozen).toBeNull()
    expect(await stateOf(alice, file.id)).toMatchObject({ state: 'certified', owner: 'you' })
    // Nor is it lost where no other epoch is in use.
    const aside = await copyOf(alice)
    const state = (await readState(aside.home, 'treasury')) as KeyState
    const epochs = state.epochs.map((each) => ({ ...each, status: 'parent' as const }))
    await writeState(aside.home, 'treasury', { ...state, epochs })
    const { records } = await handoverOf(carol.home, 'treasury')
    expect(await lostWord(aside, 'treasury', records.at(-1) as KeyRecord, Date.now())).toBeNull()
    expect((await takeUp(alice.home, alice.card, Date.now())).keys).toMatchObject([
      { name: 'treasury', holds: true },
    ])
    expect(await statesOf(alice)).toEqual(['1 parent', '2 active'])
    expect(await stateOf(alice, file.id)).toMatchObject({ state: 'done', next: null })
    await expectSigns([alice, carol], record)
  })

  test('who was dealt a later epoch meanwhile keeps this one as an old one', async () => {
    const at = await four()
    const [alice, bob, carol] = at
    const { file, certificate } = await inDoubt(at)
    await finished(bob, file, certificate)
    await dealt(bob, [alice, bob, carol], ['alice', 'bob', 'carol'], ['bob', 'carol'])
    expect(await stateOf(alice, file.id)).toMatchObject({ state: 'overtaken', next: null })
    await finished(alice, file, certificate)
    expect(await statesOf(alice)).toEqual(['1 parent', '2 parent', '3 active'])
    await expectSigns([alice, bob], record)
    await retire(alice, await planRetire(alice.home, alice.card, 'treasury', null), NOW)
    expect(await statesOf(alice)).toEqual(['1 retired', '2 retired', '3 active'])
  })

  test('where the ceremony is known, a certificate without a dealer who left is none, and changes nothing', async () => {
    const [alice, bob, carol] = await four()
    const aside = await copyOf(alice)
    const file = await defined(bob, everybody, { members: ['alice', 'bob'], dealers: ['bob', 'carol'] })
    await reshared([alice, bob, carol], file, quick)
    const handover = await handoverOf(bob.home, 'treasury')
    const { receipts, ...ran } = decodeCertificate(handover.certificate)
    const without = receipts.filter((each) => hex(each.fingerprint) !== hex(carol.card.fingerprint))
    const certificate = makeCertificate(ran, ran.result, without)
    requireHeld(certificate, handover.records.at(-1) as KeyRecord)
    await keepCeremony(aside.home, file)
    const taken = (given: Uint8Array) => takeHandover(aside, 'treasury', { ...handover, certificate: given })
    expect(await failureOf(() => taken(certificate))).toMatchObject({ code: 'E_CERTIFICATE' })
    expect(await statesOf(aside)).toEqual(['1 active'])
    expect(await taken(handover.certificate)).toMatchObject({ frozen: 1 })
  })

  /** States that a home may have come to meanwhile, or at the same instant. */
  const STATES: Record<string, (who: Custodian, digest: Uint8Array) => Promise<void>> = {
    'its name and the next ones are those of other keys': async ({ home }) => {
      const id = hex(record.key_id)
      const names = ['treasury', ...[8, 16].map((n) => `${'treasury'.slice(0, 31 - n)}-${id.slice(0, n)}`)]
      for (const [i, name] of names.entries()) await otherKey(home, name, i)
    },
    'another certificate and another sealing of the share lie there': async ({ home, card }, digest) => {
      const file = { 'certificate.cbor': new Uint8Array([1]), 'share.age': await sealTo([card.age], digest) }
      await stageEpoch(home, 'treasury', digest, { ...file, 'record.cbor': await outcomeOf(home, digest) })
    },
  }
  const outcomeOf = async (home: Home, digest: Uint8Array): Promise<Uint8Array> => {
    for (const id of await listCeremonies(home)) {
      const outcome = await new CeremonyFiles(home, id).readPending('record.cbor')
      if (outcome && hex(recordDigest(parseRecord(outcome))) === hex(digest)) return outcome
    }
    throw new Error('nothing is pending')
  }

  test.each(Object.keys(STATES))('who joins holds it although %s', async (state) => {
    const at = await four()
    const [, bob, , dave] = at
    const { file, certificate } = await inDoubt(at, 'reshare')
    const pending = await new CeremonyFiles(dave.home, file.id).readPending('record.cbor')
    await STATES[state]?.(dave, recordDigest(parseRecord(pending as Uint8Array)))
    await finished(bob, file, certificate)
    const { name } = await finished(dave, file, certificate)
    const key = await findKey(dave.home, name)
    expect(key.record.epoch).toBe(2)
    const own = await openShare(dave.home, key, dave.identity, dave.card)
    expect(own.share.index).toBe(4)
    if (name === 'treasury') await expectSigns([bob, dave], record)
  })

  test.each([
    ['its receipt', '/receipt.cbor', 'prepared', 'mpc refresh --join'],
    ['the certificate', '/certificate.cbor', 'in-doubt', 'mpc ceremony finish'],
    ['the epoch', '/epochs/', 'certified', 'mpc ceremony finish'],
  ])('a disk too full for %s: in doubt, with the command that finishes it', async (_, where, state, next) => {
    const [alice, bob, carol] = await four()
    const file = await defined(bob, everybody, { kind: 'refresh', dealers: ['bob', 'carol'] })
    const network = new MemoryNetwork()
    setFaultPoint((operation, path) => {
      const isHere = path.startsWith(alice.home.root) && path.includes(where)
      if (isHere && operation === 'link')
        throw Object.assign(new Error('full'), { code: 'ENOSPC', errno: -28 })
      if (isHere && operation === 'rename')
        throw Object.assign(new Error('full'), { code: 'ENOSPC', errno: -28 })
    })
    const [failure] = await Promise.all([
      failureOf(() => takesPart(alice, file, network, { patience, ...quick })),
      ...[bob, carol].map((who) => codeOf(takesPart(who, file, network, { patience, ...quick }))),
    ]).finally(() => setFaultPoint(null))
    expect(failure).toMatchObject({ kind: 'doubt', code: 'E_UNFINISHED' })
    expect(failure.hint).toContain(`${next} ${hex(file.id)}`)
    expect(`${failure.message} ${failure.hint}`).not.toContain('unchanged')
    expect(await stateOf(alice, file.id)).toMatchObject({ state, owner: 'you' })
    if (state === 'certified') await takeUp(alice.home, alice.card, Date.now())
    else await reshared([alice, bob, carol], file, quick)
    expect(await statesOf(alice)).toEqual(['1 parent', '2 active'])
    await expectSigns([alice, bob], record)
  })
})

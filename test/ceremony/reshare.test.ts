/** Keys dealt anew: to more, to fewer, to the same, to others; what each home holds then, and who can sign. */
import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { verifyTranscript } from '../../src/audit/transcript.js'
import { findKey, openShare } from '../../src/ceremony/keys.js'
import type { MadeKey } from '../../src/ceremony/keygen.js'
import { finish } from '../../src/ceremony/making.js'
import { planReshare } from '../../src/ceremony/reshare.js'
import { MemoryNetwork } from '../../src/messaging/memory.js'
import { wipeSigningKey } from '../../src/protocol/engine.js'
import { CeremonyFiles } from '../../src/storage/ceremonies.js'
import { type KeyState, readEpochFile, readState, writeState } from '../../src/storage/keys.js'
import { lastVote } from '../../src/storage/votes.js'
import { requireCertified } from '../../src/wire/certified.js'
import { decodeEnvelope } from '../../src/wire/envelope.js'
import { encodeRecord, recordPublicKey } from '../../src/wire/record.js'
import { hex } from '../../src/wire/text.js'
import { transcriptCodec } from '../../src/wire/transcript.js'
import { codeOf, expectSigns, statesOf } from '../support/keys.js'
import { defined, makeTreasury, reshared, signed, takesPart } from '../support/reshares.js'
import { type Custodian, custodians } from '../support/worlds.js'

const NAMES = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank'] as const
type Name = (typeof NAMES)[number]

const quick = { linger: 500 }

type Case = {
  readonly what: string
  readonly from: readonly Name[]
  readonly of: number
  readonly to: readonly Name[]
  readonly now: number
  readonly dealers?: readonly Name[]
}

const CASES: readonly Case[] = [
  { what: '2 of 3 to 3 of 5', from: NAMES.slice(0, 3), of: 2, to: NAMES.slice(0, 5), now: 3 },
  {
    what: '3 of 5 to 2 of 3, two of the dealers leave',
    from: NAMES.slice(0, 5),
    of: 3,
    to: ['alice', 'bob', 'carol'],
    now: 2,
    dealers: ['carol', 'dave', 'erin'],
  },
  { what: 'one replaced', from: NAMES.slice(0, 3), of: 2, to: ['alice', 'bob', 'dave'], now: 2 },
  { what: 'all replaced', from: NAMES.slice(0, 3), of: 2, to: ['erin', 'dave', 'frank'], now: 2 },
  {
    what: 'the same in another order',
    from: NAMES.slice(0, 3),
    of: 2,
    to: ['carol', 'alice', 'bob'],
    now: 2,
  },
]

test.concurrent.each(CASES)(
  '$what: the public key stays, the new epoch signs, and homes hold what they should',
  async ({ from, of, to, now, dealers }) => {
    const everybody = await custodians(...NAMES)
    const named = (names: readonly Name[]) =>
      names.map((name) => everybody.find((who) => who.member.name === name) as Custodian)
    const before = await makeTreasury(named(from), of)
    const [author] = named(from) as [Custodian]
    const file = await defined(author, everybody, { threshold: now, members: to, dealers: dealers ?? null })
    const dealing = dealers ?? from.slice(0, of)
    const players = [...to, ...dealing.filter((name) => !to.includes(name))]
    const made = await reshared(named(players), file, quick)

    const [{ record, digest }] = made as [MadeKey]
    expect(new Set(made.map((each) => hex(each.digest))).size).toBe(1)
    expect(hex(recordPublicKey(record))).toBe(hex(recordPublicKey(before.record)))
    expect(record).toMatchObject({ key_id: before.record.key_id, epoch: 2, parent: before.digest })
    expect(record.members.map(({ card }) => card.name)).toEqual(to)
    for (const who of named(players)) {
      const { name } = who.member
      const wanted = {
        stays: ['1 parent', '2 active'],
        joins: ['2 active'],
        leaves: ['1 parent'],
      }[to.includes(name as Name) ? (from.includes(name as Name) ? 'stays' : 'joins') : 'leaves']
      expect(await statesOf(who), name).toEqual(wanted)
      const certificate = await readEpochFile(who.home, 'treasury', digest, 'certificate.cbor')
      requireCertified(certificate as Uint8Array, record)
      if (!to.includes(name as Name)) {
        expect(await codeOf(findKey(who.home, 'treasury'))).toBe('E_NO_KEY')
        continue
      }
      const own = await openShare(who.home, await findKey(who.home, 'treasury'), who.identity, who.card)
      expect(own.share.index).toBe(to.indexOf(name as Name) + 1)
      wipeSigningKey(own)
    }
    await expectSigns(named(to.slice(-now)), before.record)

    const [last] = named(players.slice(-1)) as [Custodian]
    const encoded = await readEpochFile(last.home, 'treasury', digest, 'transcript.cbor')
    expect(verifyTranscript(encoded as Uint8Array)).toMatchObject({ kind: 'reshare', missing: [] })
    const parts = transcriptCodec.decode(encoded as Uint8Array)
    for (const change of [{ epoch: 3 }, { parent: digest }, { key_id: digest }]) {
      const outcome = encodeRecord({ ...record, ...change })
      const forged = transcriptCodec.encode({ ...parts, outcome })
      expect(() => verifyTranscript(forged)).toThrow('the epoch is not what was said in making it')
    }
  },
)

describe('a refresh', () => {
  test('of a taproot key twice over: the third epoch signs, a quorum of two epochs does not', async () => {
    const everybody = await custodians('alice', 'bob', 'carol')
    const [alice, bob, carol] = everybody as [Custodian, Custodian, Custodian]
    const { record } = await makeTreasury(everybody, 2, 'schnorr-taproot')
    for (const epoch of [2, 3]) {
      const file = await defined(alice, everybody, { kind: 'refresh' })
      const made = await reshared(everybody, file, quick)
      expect(made.map((each) => [each.record.epoch, each.holds, each.already])).toEqual(
        everybody.map(() => [epoch, true, false]),
      )
    }
    expect(await statesOf(bob)).toEqual(['1 parent', '2 parent', '3 active'])
    await expectSigns([alice, carol], record)

    // A home that missed it: the epoch before is active there.
    const state = (await readState(bob.home, 'treasury')) as KeyState
    const [first, second, third] = state.epochs as [
      KeyState['epochs'][0],
      KeyState['epochs'][0],
      KeyState['epochs'][0],
    ]
    const back = [first, { ...second, status: 'active' as const }, { ...third, status: 'parent' as const }]
    await writeState(bob.home, 'treasury', { ...state, epochs: back })
    const patience = { join: 1500, round: 1500, total: null }
    const mixed = await signed([alice, bob], Uint8Array.from(randomBytes(32)), { ...quick, patience })
    expect(mixed.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  })

  test('run again by one who is done prints the same, and by an expired definition is refused', async () => {
    const everybody = await custodians('alice', 'bob')
    const [alice] = everybody as [Custodian]
    await makeTreasury(everybody, 2)
    const file = await defined(alice, everybody, { kind: 'refresh' })
    const [made] = (await reshared(everybody, file, quick)) as [MadeKey]
    const again = await takesPart(alice, file, new MemoryNetwork(), quick)
    expect(again).toMatchObject({ already: true, digest: made.digest, holds: true })
    const late = Date.UTC(2041, 0, 1)
    const next = await defined(alice, everybody, { kind: 'refresh' })
    expect(await codeOf(planReshare(alice.home, alice.card, next, late))).toBe('E_EXPIRED')
  })
})

describe('who may take part', () => {
  test('a stranger does not; an old custodian who neither deals nor gets a share watches', async () => {
    const everybody = await custodians('alice', 'bob', 'carol', 'dave')
    const [alice, bob, carol, dave] = everybody as [Custodian, Custodian, Custodian, Custodian]
    await makeTreasury([alice, bob, carol], 2)
    const file = await defined(alice, everybody, { members: ['alice', 'bob'] })
    expect(await codeOf(planReshare(dave.home, dave.card, file, Date.now()))).toBe('E_NOT_MEMBER')
    expect(await planReshare(carol.home, carol.card, file, Date.now())).toMatchObject({
      place: 0,
      index: null,
    })
  })

  test('nobody goes on from an epoch that is not active in its home', async () => {
    const everybody = await custodians('alice', 'bob', 'carol')
    const [alice] = everybody as [Custodian]
    await makeTreasury(everybody, 2)
    const old = await defined(alice, everybody, { kind: 'refresh' })
    await reshared(everybody, await defined(alice, everybody, { kind: 'refresh' }), quick)
    expect(await codeOf(planReshare(alice.home, alice.card, old, Date.now()))).toBe('E_PARENT')
  })
})

describe('one vote an epoch', () => {
  const patience = { join: 20_000, round: 2000, total: null }

  /** Carol gathers everybody's receipts and shows nobody hers: she has a certificate, the others are in doubt. */
  async function withheld() {
    const everybody = await custodians('alice', 'bob', 'carol')
    const [alice, bob, carol] = everybody as [Custodian, Custodian, Custodian]
    const { digest, record } = await makeTreasury(everybody, 2)
    const first = await defined(alice, everybody, { kind: 'refresh' })
    const network = new MemoryNetwork()
    network.interfere = ({ bytes }) => {
      const { kind, from } = decodeEnvelope(bytes).header
      const hers = hex(from) === hex(carol.card.fingerprint)
      return hers && ['receipt', 'certificate'].includes(kind) ? [] : [bytes]
    }
    const codes = await Promise.all(
      everybody.map((who) => codeOf(takesPart(who, first, network, { patience, ...quick }))),
    )
    expect(codes).toEqual(['E_IN_DOUBT', 'E_IN_DOUBT', 'fine'])
    return { everybody, alice, bob, carol, digest, record, first }
  }

  test('who is in doubt votes for no other, but for one that replaces it, and then refuses the former', async () => {
    const { everybody, alice, bob, digest, record, first, carol } = await withheld()
    expect(hex((await lastVote(bob.home, digest)) as Uint8Array)).toBe(hex(first.id))
    expect((await findKey(alice.home, 'treasury')).digest).toEqual(digest)
    await expectSigns([alice, bob], record)

    const members = ['alice', 'bob']
    const other = await defined(alice, everybody, { members })
    expect(await codeOf(planReshare(bob.home, bob.card, other, Date.now()))).toBe('E_VOTED_PARENT')
    const next = await defined(alice, everybody, { members, supersedes: first.id })
    const late = await planReshare(bob.home, bob.card, first, Date.now())
    await reshared([alice, bob], next, quick)
    expect(hex((await lastVote(bob.home, digest)) as Uint8Array)).toBe(hex(next.id))
    const certificate = await new CeremonyFiles(carol.home, first.id).readCertificate()
    expect(await codeOf(finish(bob.home, late, certificate as Uint8Array))).toBe('E_VOTED_PARENT')
    expect(await statesOf(bob)).toEqual(['1 parent', '2 active'])
    await expectSigns([bob, alice], record)
  })

  test('of two that start side by side at most one is certified', async () => {
    const everybody = await custodians('alice', 'bob', 'carol', 'dave')
    const [alice, bob, carol, dave] = everybody as [Custodian, Custodian, Custodian, Custodian]
    const { digest } = await makeTreasury(everybody, 2)
    const one = {
      players: [alice, bob, carol],
      members: ['alice', 'bob', 'carol'],
      dealers: ['alice', 'bob'],
    }
    const two = { players: [bob, carol, dave], members: ['bob', 'carol', 'dave'], dealers: ['carol', 'dave'] }
    const ids = await Promise.all(
      [one, two].map(async ({ players, members, dealers }) => {
        const file = await defined(alice, everybody, { members, dealers })
        const network = new MemoryNetwork()
        await Promise.all(players.map((who) => codeOf(takesPart(who, file, network, { patience, ...quick }))))
        return file.id
      }),
    )
    const voted = await Promise.all(everybody.map(({ home }) => lastVote(home, digest)))
    const certified = await Promise.all(
      ids.map(async (id) => {
        const held = await Promise.all(
          everybody.map(({ home }) => new CeremonyFiles(home, id).readCertificate()),
        )
        return held.some((certificate) => certificate !== null)
      }),
    )
    expect(certified).not.toEqual([true, true])
    // Whoever stands in both gave a receipt in one.
    for (const { home } of [bob, carol]) {
      const receipts = await Promise.all(ids.map((id) => new CeremonyFiles(home, id).readReceipt()))
      expect(receipts.filter((receipt) => receipt !== null)).toHaveLength(1)
    }
    expect(voted.some((vote) => vote !== null)).toBe(true)
  })

  test('who gets the certificate of what it voted for finishes without the others', async () => {
    const { alice, bob, carol, record, first } = await withheld()
    const certificate = await new CeremonyFiles(carol.home, first.id).readCertificate()
    const plan = await planReshare(bob.home, bob.card, first, Date.now())
    expect(plan.begun).toBe(true)
    await finish(bob.home, plan, certificate as Uint8Array)
    expect(await statesOf(bob)).toEqual(['1 parent', '2 active'])
    expect(await statesOf(alice)).toEqual(['1 active'])
    await expectSigns([bob, carol], record)
  })
})

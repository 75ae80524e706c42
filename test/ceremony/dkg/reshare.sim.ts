/** Keys dealt anew: to more, to fewer, to the same, to others; what each home holds then, and who can sign. */
import { listRunShares } from '../../../src/storage/home/run-shares.js'
import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { findKey } from '../../../src/ceremony/epochs/find-key.js'
import type { MadeKey, ResharePlan } from '../../../src/ceremony/dkg/plan.js'
import { finish } from '../../../src/ceremony/dkg/run.js'
import { planReshare, runReshare } from '../../../src/ceremony/dkg/reshare.js'
import { handoverOf, takeHandover } from '../../../src/ceremony/epochs/attestations.js'
import { MemoryNetwork } from '../../../src/messaging/transport/memory.js'
import { CeremonyFiles } from '../../../src/storage/home/ceremonies.js'
import { setFaultPoint } from '../../../src/storage/fs/atomic.js'
import { type KeyState, readState, writeState } from '../../../src/storage/home/epochs.js'
import { lastVote } from '../../../src/storage/home/votes.js'
import { decodeEnvelope } from '../../../src/wire/session/envelope.js'
import { hex } from '../../../src/wire/base/text.js'
import { codeOf, expectSigns, statesOf } from '../../support/keys.js'
import { raze } from '../../support/processes.js'
import { defined, makeTreasury, reshared, signed, takesPart } from '../../support/reshares.js'
import { playShape, SHAPES } from '../../support/shapes.js'
import { copyOf } from '../../support/shares.js'
import { type Custodian, custodians, worldOf } from '../../support/worlds.js'

const quick = { linger: 500 }

describe.each(['eddsa-ed25519', 'schnorr-taproot'] as const)('%s', (scheme) => {
  test.each(SHAPES)('$what: the public key stays, and the new epoch signs', (shape) =>
    playShape(scheme, shape, quick),
  )
})

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
    const mixed = await signed([alice, bob], Uint8Array.from(randomBytes(40)), { ...quick, patience })
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
    const plans = await Promise.all(
      everybody.map(({ home, card }) => planReshare(home, card, old, Date.now())),
    )
    await reshared(everybody, await defined(alice, everybody, { kind: 'refresh' }), quick)
    expect(await codeOf(planReshare(alice.home, alice.card, old, Date.now()))).toBe('E_PARENT')
    // Nor who looked before, while another process was at it.
    const network = new MemoryNetwork()
    const playing = everybody.map((who, i) =>
      codeOf(runReshare(worldOf(who, network.connect(who.member.name), quick), plans[i] as ResharePlan)),
    )
    const codes = await Promise.all(playing)
    expect(codes.slice(0, 2)).toEqual(['E_PARENT', 'E_PARENT'])
  })
})

describe('one vote an epoch', () => {
  const patience = { join: 20_000, round: 5000, total: null }

  /** In which a cheat gathers everybody's receipts and shows nobody its own. */
  function withholding(cheat: Custodian): MemoryNetwork {
    const network = new MemoryNetwork()
    network.interfere = ({ bytes }) => {
      const { kind, from } = decodeEnvelope(bytes).header
      const isCheats = hex(from) === hex(cheat.card.fingerprint)
      return isCheats && ['receipt', 'certificate'].includes(kind) ? [] : [bytes]
    }
    return network
  }

  /** Carol gathers everybody's receipts and shows nobody hers: she has a certificate, the others are in doubt. */
  async function withheld() {
    const everybody = await custodians('alice', 'bob', 'carol')
    const [alice, bob, carol] = everybody as [Custodian, Custodian, Custodian]
    const { digest, record } = await makeTreasury(everybody, 2)
    const first = await defined(alice, everybody, { kind: 'refresh' })
    const network = withholding(carol)
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
    const next = await defined(alice, everybody, { members, supersedes: [first.id] })
    const late = await planReshare(bob.home, bob.card, first, Date.now())
    await reshared([alice, bob], next, quick)
    expect(hex((await lastVote(bob.home, digest)) as Uint8Array)).toBe(hex(next.id))
    const certificate = await new CeremonyFiles(carol.home, first.id).readCertificate()
    expect(await codeOf(finish(bob.home, late, certificate as Uint8Array))).toBe('E_VOTED_PARENT')
    expect(await statesOf(bob)).toEqual(['1 parent', '2 active'])
    await expectSigns([bob, alice], record)
  })

  test.each([
    ['letter', 0],
    ['prepared', 1],
  ])(
    'who finishes the former meanwhile, before any %s, votes no more for what is to replace it',
    async (kind, left) => {
      const { everybody, alice, bob, carol, digest, first } = await withheld()
      const certificate = (await new CeremonyFiles(carol.home, first.id).readCertificate()) as Uint8Array
      const next = await defined(alice, everybody, { members: ['alice', 'bob'], supersedes: [first.id] })
      const former = await planReshare(bob.home, bob.card, first, Date.now())
      const network = new MemoryNetwork()
      let finishing: Promise<unknown> | null = null
      let isDone = false
      // Nobody goes further before it is done.
      network.interfere = ({ bytes }) => {
        if (decodeEnvelope(bytes).header.kind !== kind) return [bytes]
        finishing ??= finish(bob.home, former, certificate).then(() => (isDone = true))
        return isDone ? [bytes] : []
      }
      const world = { ...quick, patience: { ...patience, round: 15_000 } }
      const [, code] = await Promise.all(
        [alice, bob].map((who) => codeOf(takesPart(who, next, network, world))),
      )
      expect([code, await statesOf(bob)]).toEqual(['E_VOTED_PARENT', ['1 parent', '2 active']])
      expect(await lastVote(bob.home, digest)).toEqual(first.id)
      const files = new CeremonyFiles(bob.home, next.id)
      expect(await files.readReceipt()).toBeNull()
      expect(await listRunShares(files, true)).toHaveLength(left)
    },
  )

  test('who cheats with each of the others from homes of its own is removed by one that replaces both', async () => {
    const everybody = await custodians('alice', 'bob', 'carol', 'dave')
    const [alice, bob, carol, dave] = everybody as [Custodian, Custodian, Custodian, Custodian]
    const { digest, record } = await makeTreasury([alice, bob, carol], 2)
    const cheats = [carol, await copyOf(carol)] as const
    const crossed = await Promise.all(
      ([alice, bob] as const).map(async (honest, i) => {
        const cheat = cheats[i] as Custodian
        const dealers = [honest, cheat].map(({ member }) => member.name)
        const file = await defined(honest, everybody, { members: dealers, dealers })
        const network = withholding(cheat)
        const codes = [honest, cheat].map((who) =>
          codeOf(takesPart(who, file, network, { patience, linger: 0 })),
        )
        expect(await Promise.all(codes)).toEqual(['E_IN_DOUBT', 'fine'])
        const late = await planReshare(honest.home, honest.card, file, Date.now())
        const certificate = await new CeremonyFiles(cheat.home, file.id).readCertificate()
        const handover = await handoverOf(cheat.home, 'treasury')
        return { id: file.id, honest, late, certificate: certificate as Uint8Array, handover }
      }),
    )
    const without = (supersedes: readonly Uint8Array[] | null) =>
      defined(alice, everybody, { members: ['alice', 'bob', 'dave'], dealers: ['alice', 'bob'], supersedes })
    const [one, two] = crossed.map(({ id }) => id) as [Uint8Array, Uint8Array]
    for (const [supersedes, ends] of [
      [null, ['E_VOTED_PARENT', 'E_VOTED_PARENT']],
      [[one], ['fine', 'E_VOTED_PARENT']],
      [[two], ['E_VOTED_PARENT', 'fine']],
    ] as const) {
      const file = await without(supersedes)
      const codes = [alice, bob].map((who) => codeOf(planReshare(who.home, who.card, file, Date.now())))
      expect(await Promise.all(codes)).toEqual(ends)
    }

    const both = await without([one, two])
    await reshared([alice, bob, dave], both, quick)
    for (const { honest, late, certificate } of crossed) {
      expect(hex((await lastVote(honest.home, digest)) as Uint8Array)).toBe(hex(both.id))
      // The outcome of the one that it voted for is refused.
      expect(await codeOf(finish(honest.home, late, certificate))).toBe('E_VOTED_PARENT')
      expect(await statesOf(honest)).toEqual(['1 parent', '2 active'])
      // So is that of the other one, for which it never voted: it freezes nothing, in whatever way it comes.
      for (const { handover } of crossed) {
        expect(await codeOf(takeHandover(honest, 'treasury', handover))).toBe('E_VOTED_PARENT')
      }
      expect(await statesOf(honest)).toEqual(['1 parent', '2 active'])
    }
    await expectSigns([bob, dave], record)
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
    // Members of both gave a receipt in one.
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

test('who joined and finishes two epochs at once, in two processes, has every one that it is told it has', async () => {
  const everybody = await custodians('alice', 'bob', 'carol')
  const [alice, , carol] = everybody as [Custodian, Custodian, Custodian]
  await makeTreasury(everybody.slice(0, 2), 2)
  const members = ['alice', 'bob', 'carol']
  const first = await defined(alice, everybody, { members })
  await reshared(everybody, first, quick)
  const second = await defined(alice, everybody, { members })
  await reshared(everybody, second, quick)
  let isOver = false
  for (let at = 1; !isOver; at++) {
    const there = await copyOf(carol)
    // As it was when she had both certificates, and neither counted yet.
    await rm(join(there.home.keys, 'treasury'), { recursive: true })
    const finishing = async (file: typeof first): Promise<string> => {
      const plan = await planReshare(there.home, there.card, file, Date.now())
      const certificate = await new CeremonyFiles(there.home, file.id).readCertificate()
      return codeOf(finish(there.home, plan, certificate as Uint8Array))
    }
    let operations = 0
    let other: Promise<string> | null = null
    setFaultPoint(() => {
      if (++operations === at) other = finishing(second)
    })
    const code = await finishing(first)
    setFaultPoint(null)
    isOver = other === null
    const codes = [code, await (other ?? finishing(second))]
    const states = await statesOf(there)
    for (const [i, epoch] of ['2', '3'].entries()) {
      if (codes[i] === 'fine')
        expect(
          states.map((state) => state[0]),
          `from operation ${at} on`,
        ).toContain(epoch)
    }
    raze([there])
  }
})

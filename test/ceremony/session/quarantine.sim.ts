/** Only faults that this machine saw count against a member here, until its person says otherwise. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rememberFaults, requireAllowed } from '../../../src/ceremony/session/quarantine.js'
import type { World } from '../../../src/ceremony/world.js'
import { MemoryNetwork } from '../../../src/messaging/transport/memory.js'
import { CeremonyFiles } from '../../../src/storage/home/ceremonies.js'
import { addFault, readQuarantine } from '../../../src/storage/home/quarantine.js'
import { ensureDir, listDir, readFile, replaceFile } from '../../../src/storage/fs/atomic.js'
import { type Accused, Failure } from '../../../src/wire/base/failure.js'
import { hex } from '../../../src/wire/base/text.js'
import { resigned } from '../../support/mischief.js'
import { raze } from '../../support/processes.js'
import { approving, asks, joins, somePayload, type Three, withKey } from '../../support/signing.js'
import { type Custodian, custodians, worldOf } from '../../support/worlds.js'
import { clock } from '../../support/clock.js'
import { join } from 'node:path'

const impatient = { join: 4000, round: 4000, total: null, silence: 200, receipts: 1000, handOver: 500 }
const occasion = { id: new Uint8Array(32).fill(1), kind: 'sign' as const, epoch: new Uint8Array(32).fill(2) }
const failureOf = (act: Promise<unknown>): Promise<Failure> =>
  act.then(
    () => expect.unreachable('it went on'),
    (error: unknown) => {
      expect(error).toBeInstanceOf(Failure)
      return error as Failure
    },
  )

describe('a signer whose share does not verify', () => {
  let everybody: Three
  beforeAll(async () => {
    everybody = await withKey()
  })
  afterAll(() => raze(everybody))

  const sign = (
    network: MemoryNetwork,
    allowed: readonly string[],
    present = false,
    asked: string[] = [],
  ) => {
    const [alice, bob] = everybody
    const payload = somePayload()
    const person: World['person'] = {
      present,
      heard: () => Promise.resolve(),
      allow: async ({ name }, worn) => void asked.push(`${name}${worn ? ', worn' : ''}`),
    }
    const world = (who: Custodian, changes: Partial<World>) =>
      worldOf(who, network.connect(who.member.name), { patience: impatient, linger: 300, ...changes })
    return [
      asks(world(alice, { allowed, person }), payload, [alice, bob]),
      joins(world(bob, {}), approving(payload), null),
    ] as const
  }
  const cheating = (): MemoryNetwork => {
    const network = new MemoryNetwork()
    network.interfere = resigned(everybody[1], ({ header, body }) =>
      header.kind === 'letter' && header.round === 'share'
        ? body.map((byte, i) => (i === body.length - 32 ? byte ^ 1 : byte))
        : undefined,
    )
    return network
  }

  test('is not met again before a script allows it by name, or a person does', async () => {
    const [alice, bob] = everybody
    await Promise.allSettled(sign(cheating(), []))
    const held = await readQuarantine(alice.home, bob.card.fingerprint)
    expect(held).toMatchObject({
      name: 'bob',
      allowed: null,
      faults: [{ kind: 'sign', round: 'share', reason: 'signature share does not verify' }],
    })
    // Nobody else's machine has anything against anybody.
    expect(await readQuarantine(bob.home, alice.card.fingerprint)).toBeNull()
    expect(await readQuarantine(everybody[2].home, bob.card.fingerprint)).toBeNull()

    const [refused, other] = await Promise.allSettled(sign(new MemoryNetwork(), ['carol']))
    expect((refused as PromiseRejectedResult).reason).toMatchObject({
      kind: 'refused',
      code: 'E_QUARANTINED',
      party: 'bob',
    })
    expect(other?.status).toBe('rejected')

    const asked: string[] = []
    const [signature] = await Promise.all(sign(new MemoryNetwork(), [], true, asked))
    expect([asked, signature.signatures.length]).toEqual([['bob'], 1])
    // Once allowed, it is met without a question, until there is something new.
    await Promise.all(sign(new MemoryNetwork(), []))
    await Promise.allSettled(sign(cheating(), []))
    const again: string[] = []
    await Promise.all(sign(new MemoryNetwork(), [], true, again))
    expect(again).toEqual(['bob, worn'])
    await Promise.allSettled(sign(cheating(), []))
    await Promise.all(sign(new MemoryNetwork(), ['bob']))
  })
})

describe('what is held against a member', () => {
  const accused = (changes: Partial<Accused>, who: Custodian): Accused => ({
    name: who.member.name,
    fingerprint: hex(who.card.fingerprint),
    round: 'open',
    kind: 'witnessed',
    reason: 'opening is not what was committed to',
    entry: null,
    evidence: null,
    ...changes,
  })

  test.each([
    ['what this machine checked', {}, true],
    ['what signed bytes prove', { kind: 'proven' }, true],
    ['what may be the other of a pair', { kind: 'pair' }, false],
    ['two hellos, which an old copy of a home makes', { round: 'hello' }, false],
    ['a letter of its that could not be read', { reason: 'malformed letter: too long' }, true],
    ['that it began again and again', { round: 'start', reason: 'began again 8 times' }, true],
  ] as const)('%s: %j, %s', async (_, changes, counts) => {
    const everybody = await custodians('alice', 'bob')
    const [alice, bob] = everybody as [Custodian, Custodian]
    await rememberFaults({ home: alice.home, clock }, occasion, [accused(changes, bob)])
    expect((await readQuarantine(alice.home, bob.card.fingerprint)) !== null).toBe(counts)
    raze(everybody)
  })

  test('stops nobody who has voted, and is told with what to do', async () => {
    const everybody = await custodians('alice', 'bob')
    const [alice, bob] = everybody as [Custodian, Custodian]
    const world = worldOf(alice, new MemoryNetwork().connect('alice'), { allowed: [] })
    const files = new CeremonyFiles(alice.home, occasion.id)
    const { id: ceremony, kind, epoch } = occasion
    const fault = { at: 1, ceremony, kind, epoch, round: 'share', reason: 'no' }
    const member = { fingerprint: bob.card.fingerprint, name: 'bob' }
    for (const times of [1, 2]) {
      await addFault(alice.home, member, fault)
      const failure = await failureOf(requireAllowed(world, occasion, [bob.card], files))
      expect(failure.hint?.includes('refresh the key')).toBe(times === 2)
    }
    const other = { ...occasion, epoch: new Uint8Array(32).fill(3) }
    expect((await failureOf(requireAllowed(world, other, [bob.card], files))).hint).not.toContain('refresh')
    await files.writeReceipt(new Uint8Array(10))
    await requireAllowed(world, occasion, [bob.card], files)
    raze(everybody)
  })

  test('and was seen by another process while the person was asked is asked for too, and kept', async () => {
    const everybody = await custodians('alice', 'bob')
    const [alice, bob] = everybody as [Custodian, Custodian]
    const files = new CeremonyFiles(alice.home, occasion.id)
    const { id: ceremony, kind, epoch } = occasion
    const member = { fingerprint: bob.card.fingerprint, name: 'bob' }
    const sees = (at: number) =>
      addFault(alice.home, member, { at, ceremony, kind, epoch, round: 'share', reason: 'no' })
    await sees(1)
    const asked: number[] = []
    const person: World['person'] = {
      present: true,
      heard: () => Promise.resolve(),
      allow: async ({ faults }) => {
        if (asked.push(faults.length) === 1) await sees(2)
      },
    }
    const world = worldOf(alice, new MemoryNetwork().connect('alice'), { allowed: [], person })
    await requireAllowed(world, occasion, [bob.card], files)
    expect(asked).toEqual([1, 2])
    const held = await readQuarantine(alice.home, bob.card.fingerprint)
    expect(held?.faults.map(({ at }) => at)).toEqual([1, 2])
    expect(held?.allowed).not.toBeNull()
    raze(everybody)
  })

  test('is all of it, whatever several processes see at one instant', async () => {
    const everybody = await custodians('alice', 'bob')
    const [alice, bob] = everybody as [Custodian, Custodian]
    const { id: ceremony, kind, epoch } = occasion
    const member = { fingerprint: bob.card.fingerprint, name: 'bob' }
    const rounds = Array.from({ length: 40 }, (_, i) => `r${i}`)
    await Promise.all(
      rounds.map((round) =>
        addFault(alice.home, member, { at: 1, ceremony, kind, epoch, round, reason: 'no' }),
      ),
    )
    const held = await readQuarantine(alice.home, bob.card.fingerprint)
    expect(held?.faults.map(({ round }) => round).sort()).toEqual([...rounds].sort())
    raze(everybody)
  })

  test('is not forgotten because its file is damaged, or of another member', async () => {
    const everybody = await custodians('alice', 'bob', 'carol')
    const [alice, bob, carol] = everybody as [Custodian, Custodian, Custodian]
    await rememberFaults({ home: alice.home, clock }, occasion, [accused({}, bob)])
    const folderOf = (who: Custodian) => join(alice.home.quarantine, hex(who.card.fingerprint))
    const [name] = (await listDir(folderOf(bob))) as [string]
    const bobs = (await readFile(join(folderOf(bob), name), 1 << 16)) as Uint8Array
    for (const [who, bytes] of [
      [carol, bobs],
      [bob, bobs.slice(1)],
    ] as const) {
      await ensureDir(folderOf(who))
      await replaceFile(join(folderOf(who), name), bytes)
      const failure = await failureOf(readQuarantine(alice.home, who.card.fingerprint))
      expect(failure).toMatchObject({ kind: 'configuration', code: 'E_QUARANTINE_FILE' })
    }
    raze(everybody)
  })
})

import { afterAll, describe, expect, test } from 'vitest'
import { handshakeAmong, type Met, runHandshake } from '../../../src/ceremony/session/handshake.js'
import type { Person, World } from '../../../src/ceremony/world.js'
import { MemoryNetwork } from '../../../src/messaging/transport/memory.js'
import { readPeer, writePeer } from '../../../src/storage/home/contacts.js'
import { decodeEnvelope } from '../../../src/wire/session/envelope.js'
import { Failure } from '../../../src/wire/base/failure.js'
import type { Keys } from '../../../src/wire/identity/card.js'
import { hex } from '../../../src/wire/base/text.js'
import { clock, dated } from '../../support/clock.js'
import { recorded } from '../../support/mischief.js'
import { raze } from '../../support/processes.js'
import { type Custodian, custodians, worldOf } from '../../support/worlds.js'

const made: Custodian[] = []
afterAll(() => raze(made))

async function three(): Promise<readonly [Custodian, Custodian, Custodian]> {
  const everybody = (await custodians('alice', 'bob', 'carol')) as [Custodian, Custodian, Custodian]
  made.push(...everybody)
  return everybody
}

/** Forgets at home that somebody was verified. */
async function distrust(home: Custodian['home'], { card }: Custodian): Promise<void> {
  await writePeer(home, {
    fingerprint: card.fingerprint,
    card: card.line,
    status: 'unverified',
    since: '2026-01-01T00:00:00Z',
    how: 'import',
  })
}

const impatient = { join: 2000, round: 1500, total: null }

const meet = (
  network: MemoryNetwork,
  everybody: readonly Custodian[],
  changes: (who: Custodian) => Partial<World> = () => ({}),
): Promise<PromiseSettledResult<Met>[]> =>
  Promise.allSettled(
    everybody.map((who) =>
      runHandshake(
        worldOf(who, network.connect(who.member.name), { patience: impatient, ...changes(who) }),
        handshakeAmong(everybody.map(({ card }) => card)),
      ),
    ),
  )

const met = (results: readonly PromiseSettledResult<Met>[]): Met[] =>
  results.map((result) => {
    if (result.status === 'rejected') throw result.reason
    return result.value
  })
const reasonOf = (result: PromiseSettledResult<Met> | undefined): unknown =>
  result?.status === 'rejected' ? result.reason : undefined

describe('a handshake for its own sake', () => {
  test('everybody meets everybody, whatever order they are listed in', async () => {
    const everybody = await three()
    const [alice, bob, carol] = everybody
    const orders = [
      [alice, bob, carol],
      [carol, alice, bob],
      [bob, carol, alice],
    ] as const
    const network = new MemoryNetwork()
    const all = await Promise.all(
      everybody.map((who, i) => {
        const file = handshakeAmong((orders[i] as readonly Custodian[]).map(({ card }) => card))
        return runHandshake(worldOf(who, network.connect(who.member.name)), file)
      }),
    )
    expect(new Set(all.map(({ sid }) => hex(sid))).size).toBe(1)
    expect(new Set(all.map(({ words }) => words.join(' '))).size).toBe(1)
    for (const [i, { peers }] of all.entries()) {
      const others = everybody.filter((_, other) => other !== i).map(({ card }) => hex(card.fingerprint))
      expect(peers.map(({ fingerprint }) => hex(fingerprint)).sort()).toEqual(others.sort())
      expect(peers.every(({ verified }) => verified)).toBe(true)
    }
  })

  test('shows how far off a clock is, also where the first question is lost', async () => {
    const everybody = await three()
    const [alice, bob] = everybody
    const network = new MemoryNetwork()
    let lost = 0
    network.interfere = ({ bytes }) => {
      const { kind, from } = decodeEnvelope(bytes).header
      // Alice's first question reaches nobody.
      const first = kind === 'ping' && hex(from) === hex(alice.card.fingerprint) && lost++ < 2
      return first ? [] : [bytes]
    }
    const ahead = (who: Custodian) => (who === bob ? { clock: dated(() => clock.now() + 60_000) } : {})
    const [a] = met(await meet(network, everybody, ahead))
    const [toBob, toCarol] = ['bob', 'carol'].map((name) => a?.peers.find((peer) => peer.name === name))
    expect(lost).toBeGreaterThanOrEqual(4)
    expect(Math.abs((toBob?.clock as number) - 60_000)).toBeLessThan(400)
    expect(Math.abs(toCarol?.clock as number)).toBeLessThan(400)
    // This measures the second question, not the time since the first.
    expect(toBob?.rtt).toBeLessThan(800)
  })

  test('people who hear the words make cards verified; each home remembers whom it heard', async () => {
    const everybody = await three()
    const [alice, bob, carol] = everybody
    await distrust(alice.home, bob)
    const asked: (readonly Keys[])[] = []
    const ears: Person = {
      present: true,
      allow: () => Promise.resolve(),
      heard: (words, unverified) => {
        expect(words).toHaveLength(6)
        asked.push(unverified)
        return Promise.resolve()
      },
    }
    const [a] = met(
      await meet(new MemoryNetwork(), everybody, (who) => (who === alice ? { person: ears } : {})),
    )
    expect(asked.map((keys) => keys.map(({ name }) => name))).toEqual([['bob']])
    expect(a?.peers.every(({ verified }) => verified)).toBe(true)
    expect(await readPeer(alice.home, bob.card.fingerprint)).toMatchObject({
      status: 'verified',
      how: 'words',
    })
    expect(await readPeer(alice.home, carol.card.fingerprint)).toMatchObject({ how: 'fingerprint' })
  })

  test('who did not hear them marks nobody, and ends it for all', async () => {
    const everybody = await three()
    const [alice, bob] = everybody
    await distrust(alice.home, bob)
    const deaf: Person = {
      present: true,
      allow: () => Promise.resolve(),
      heard: () => Promise.reject(new Failure('authentication', 'E_WORDS_DIFFER', 'the words differ')),
    }
    const [a, b, c] = await meet(new MemoryNetwork(), everybody, (who) =>
      who === alice ? { person: deaf } : {},
    )
    expect(reasonOf(a)).toMatchObject({ kind: 'authentication', code: 'E_WORDS_DIFFER' })
    for (const other of [b, c])
      expect(reasonOf(other)).toMatchObject({ code: 'E_WORDS_DIFFER', party: 'alice' })
    expect(await readPeer(alice.home, bob.card.fingerprint)).toMatchObject({ status: 'unverified' })
  })

  test('a script with an unverified card says so before it says anything else', async () => {
    const everybody = await three()
    const [alice, bob] = everybody
    await distrust(alice.home, bob)
    const network = new MemoryNetwork()
    const record = recorded(network)
    network.connect('spy').subscribe('mpc.v1.*.*.*', () => {})
    const file = handshakeAmong(everybody.map(({ card }) => card))
    await expect(runHandshake(worldOf(alice, network.connect('alice')), file)).rejects.toMatchObject({
      kind: 'authentication',
      code: 'E_UNVERIFIED',
      party: 'bob',
    })
    expect(record).toEqual([])
  })

  test('who is no member is told so', async () => {
    const [alice, bob, carol] = await three()
    const file = handshakeAmong([alice.card, bob.card])
    await expect(
      runHandshake(worldOf(carol, new MemoryNetwork().connect('carol')), file),
    ).rejects.toMatchObject({
      kind: 'authentication',
      code: 'E_NOT_MEMBER',
    })
  })

  test('one that keeps starting in the same home is met again, under a higher number', async () => {
    const everybody = await three()
    const first = met(await meet(new MemoryNetwork(), everybody))
    const again = met(await meet(new MemoryNetwork(), everybody))
    expect(hex(first[0]?.sid as Uint8Array)).not.toBe(hex(again[0]?.sid as Uint8Array))
  })

  test('whose home remembers a higher number is met, whoever was there first', async () => {
    const everybody = await three()
    const [alice, bob, carol] = everybody
    const network = new MemoryNetwork()
    const file = handshakeAmong(everybody.map(({ card }) => card))
    // Twice alice waits in vain, so her home is two ahead of the others'.
    for (let i = 0; i < 2; i++) {
      const brief = { patience: { join: 50, round: 1000, total: null } }
      await expect(runHandshake(worldOf(alice, network.connect('alice'), brief), file)).rejects.toMatchObject(
        {
          kind: 'absent',
          code: 'E_ABSENT',
        },
      )
    }
    const all = await Promise.all(
      [alice, bob, carol].map((who) => runHandshake(worldOf(who, network.connect(who.member.name)), file)),
    )
    expect(new Set(all.map(({ sid }) => hex(sid))).size).toBe(1)
  })
})

/** A custodian with a new identity, in its old seat: accepted by each other custodian for itself, over memory. */
import { cp, mkdtemp } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { verifyTranscript } from '../../../src/audit/transcript.js'
import { acceptRebind, examineRebind } from '../../../src/ceremony/recovery/accept-rebind.js'
import { splitShare } from '../../../src/ceremony/backup/split.js'
import type { HolderSeal } from '../../../src/ceremony/backup/holders.js'
import { findKey } from '../../../src/ceremony/epochs/find-key.js'
import { indexIn } from '../../../src/ceremony/keys/key.js'
import { markVerified } from '../../../src/ceremony/contacts/contacts.js'
import { MemoryNetwork } from '../../../src/messaging/transport/memory.js'
import { type Home, openHome } from '../../../src/storage/home/home.js'
import { failureOf } from '../../storage/support.js'
import { type Person, rng } from '../../support/members.js'
import { type Rebound, restored } from '../../support/rebound.js'
import { approving, asks, isValid, joins, somePayload, type Three, withKey } from '../../support/signing.js'
import { type Custodian, worldOf } from '../../support/worlds.js'
import { only } from '../../support/only.js'

const NOW = 1_900_000_000_000
let [oldAlice, bob, carol] = [] as unknown as Three
let alice: Rebound
let statement: Uint8Array

const emptyHome = async (): Promise<Home> =>
  openHome(join(await mkdtemp(join(tmpdir(), 'mpc-rebind-')), 'home'))
const copyOf = async (custodian: Custodian): Promise<Custodian> => {
  const root = join(await mkdtemp(join(tmpdir(), 'mpc-rebind-')), 'home')
  await cp(custodian.home.root, root, { recursive: true })
  return { ...custodian, home: await openHome(root) }
}
const impatient = { patience: { join: 3000, round: 3000, total: null }, linger: 200 }

beforeAll(async () => {
  ;[oldAlice, bob, carol] = await withKey()
  alice = await restored(oldAlice)
  statement = alice.rebind
  for (const { card } of [bob, carol]) await markVerified(alice.home, card, 'fingerprint', NOW)
})

/** Somebody's home in which alice's new identity was accepted, as `identity import --rebind` does it. */
async function accepting(custodian: Custodian): Promise<Custodian> {
  const copy = await copyOf(custodian)
  await acceptRebind(copy.home, await examineRebind(copy, alice.card, statement, NOW))
  await markVerified(copy.home, alice.card, 'rebind', NOW)
  return copy
}

test('the restored custodian signs with one who accepted it; the transcript shows by which rebind', async () => {
  const network = new MemoryNetwork()
  const payload = somePayload()
  const there = await accepting(bob)
  const [a, b] = await Promise.all([
    asks(worldOf(alice, network.connect('alice')), payload, [alice, there]),
    joins(worldOf(there, network.connect('bob')), approving(payload)),
  ])
  expect(await isValid(carol, payload, only(a))).toBe(true)
  expect(b.order.rebinds).toHaveLength(1)
  expect(a.order.signers[0]?.fingerprint).toEqual(alice.card.fingerprint)
  const seen = Uint8Array.from(readFileSync(b.transcript as string))
  expect(await verifyTranscript(seen)).toMatchObject({
    kind: 'sign',
    missing: [],
    signatures: [{ signature: only(a) }],
  })
  expect(seen).toEqual(Uint8Array.from(readFileSync(a.transcript as string)))
}, 30_000)

test('who has not accepted it refuses to sign with it, and is told by which command it would', async () => {
  const network = new MemoryNetwork()
  const payload = somePayload()
  const there = await accepting(bob)
  const leave = new AbortController()
  const asking = asks(worldOf(there, network.connect('bob'), { signal: leave.signal }), payload, [
    alice,
    carol,
  ]).catch(() => null)
  const failure = await failureOf(() =>
    joins(worldOf(carol, network.connect('carol'), impatient), approving(payload)),
  )
  leave.abort(new Error('over'))
  await asking
  expect(failure).toMatchObject({ kind: 'absent', code: 'E_NO_REQUEST', party: 'bob' })
  expect(failure.cause).toMatchObject({ kind: 'authentication', code: 'E_NO_SEAT' })
  expect(failure.hint).toContain('mpc identity import NEW.card --rebind FILE --fingerprint FP')
}, 30_000)

test('the old identity is refused by who accepted the new one', async () => {
  const network = new MemoryNetwork()
  const payload = somePayload()
  const there = await accepting(bob)
  const [old, failure] = await Promise.all([
    failureOf(() => asks(worldOf(oldAlice, network.connect('alice'), impatient), payload, [oldAlice, bob])),
    failureOf(() => joins(worldOf(there, network.connect('bob'), impatient), approving(payload))),
  ])
  expect(old.kind).toBe('absent')
  expect(failure).toMatchObject({ kind: 'authentication', code: 'E_NO_SEAT' })
  const key = await findKey(there.home, 'treasury')
  expect(indexIn(key, alice.card)).toBe(1)
  expect(() => indexIn(key, oldAlice.card)).toThrow('holds no share')
}, 30_000)

test('a rebind changes neither the record nor who is heard before it is accepted', async () => {
  const there = await accepting(bob)
  const [before, after] = [await findKey(bob.home, 'treasury'), await findKey(there.home, 'treasury')]
  expect(after.digest).toEqual(before.digest)
  expect(after.record).toEqual(before.record)
  expect(before.seated.members[0]?.card.fingerprint).toEqual(oldAlice.card.fingerprint)
  expect(after.seated.members[0]?.card.fingerprint).toEqual(alice.card.fingerprint)
})

test('is refused for another card, for the own seat, for no key here, and where it is none', async () => {
  const examine = (home: Home, self: Custodian, card: Person, encoded = statement) =>
    failureOf(() => examineRebind({ home, card: self.card }, card.card, encoded, NOW))
  const key = { kind: 'authentication', code: 'E_REBIND' }
  expect(await examine(bob.home, bob, carol)).toMatchObject(key)
  expect(await examine(await emptyHome(), bob, alice)).toMatchObject(key)
  expect(await examine(bob.home, bob, alice, new Uint8Array(7))).toMatchObject(key)
  const own = await examine(oldAlice.home, oldAlice, alice)
  expect(own).toMatchObject({ kind: 'authentication', code: 'E_REBIND_CARD' })
  expect(own.message).toContain('your own seat')
})

test('who sits by a rebind splits its share only after a refresh', async () => {
  const key = await findKey(alice.home, 'treasury')
  const out = join(await mkdtemp(join(tmpdir(), 'mpc-rebind-')), 'out')
  const holders = [bob, carol].map(({ card }): HolderSeal => ({ name: card.name, kind: 'card', card }))
  const failure = await failureOf(() => splitShare(alice, key, { threshold: 2, holders, out, now: NOW, rng }))
  expect(failure).toMatchObject({ kind: 'configuration', code: 'E_SPLIT_REBOUND' })
})

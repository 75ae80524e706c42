/** A share on its way to another machine of its custodian: who may take it in, what is refused, and an import that is killed. */
import { mkdtemp, rm } from 'node:fs/promises'
import { readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { acceptRebind, examineRebind } from '../../../src/ceremony/recovery/accept-rebind.js'
import { findKey } from '../../../src/ceremony/epochs/find-key.js'
import {
  importMoved,
  MOVED_FILES,
  type MovedFiles,
  rekey,
} from '../../../src/ceremony/recovery/move-share.js'
import { markVerified } from '../../../src/ceremony/contacts/contacts.js'
import type { World } from '../../../src/ceremony/world.js'
import { MemoryNetwork } from '../../../src/messaging/transport/memory.js'
import { openHome } from '../../../src/storage/home/home.js'
import { writeIdentity } from '../../../src/storage/home/identity.js'
import { listKeys } from '../../../src/storage/home/epochs.js'
import { sealTo } from '../../../src/storage/sealed/age.js'
import { castVote } from '../../../src/storage/home/votes.js'
import { hex } from '../../../src/wire/base/text.js'
import { failureOf } from '../../storage/support.js'
import { inParallel } from '../../support/crashes.js'
import { person, type Person, rng } from '../../support/members.js'
import { live, raze, withDisks } from '../../support/processes.js'
import { copyOf, filesWith, scalarOf } from '../../support/shares.js'
import { expectUsedUpForAWindow } from '../../support/spending.js'
import { approving, asks, isValid, joins, somePayload, type Three, withKey } from '../../support/signing.js'
import { type Custodian, worldOf } from '../../support/worlds.js'
import { only } from '../../support/only.js'

const NOW = 1_900_000_000_000
let [alice, bob, carol] = [] as unknown as Three
let elsewhere: Person
let moved: MovedFiles
let folder: string

/** A home of this person on a new machine. */
async function machineOf(who: Person): Promise<Custodian> {
  const home = await openHome(join(await mkdtemp(join(tmpdir(), 'mpc-moved-')), 'home'))
  await writeIdentity(home, { sealed: new Uint8Array(), card: who.card.line })
  return { ...who, home }
}

beforeAll(async () => {
  ;[alice, bob, carol] = await withKey()
  elsewhere = await person('alice')
  folder = await mkdtemp(join(tmpdir(), 'mpc-moved-'))
  const out = join(folder, 'moved')
  const key = await findKey(alice.home, 'treasury')
  await rekey(alice, key, { to: elsewhere.card, out, now: NOW, rng })
  const files = MOVED_FILES.map((file) => [file, Uint8Array.from(readFileSync(join(out, file)))] as const)
  moved = Object.fromEntries(files) as MovedFiles
}, 30_000)
afterAll(async () => {
  raze([alice, bob, carol])
  await rm(folder, { recursive: true })
})

test('it comes in where it was sent, under the name it had, and signs with who accepted it', async () => {
  const there = await machineOf(elsewhere)
  const arrived = await importMoved(there, moved, null, NOW)
  expect(arrived).toMatchObject({ name: 'treasury', index: 1 })
  await expectUsedUpForAWindow(there.home, arrived.record.key_id, NOW)
  expect(await scalarOf(there)).toBe(await scalarOf(alice))
  const rebind = Uint8Array.from(readFileSync(arrived.rebind))
  await acceptRebind(bob.home, await examineRebind(bob, there.card, rebind, NOW))
  await markVerified(bob.home, there.card, 'rebind', NOW)
  await markVerified(there.home, bob.card, 'fingerprint', NOW)
  const network = new MemoryNetwork()
  const payload = somePayload()
  const [a] = await Promise.all([
    asks(worldOf(there, network.connect('alice')), payload, [there, bob]),
    joins(worldOf(bob, network.connect('bob')), approving(payload)),
  ])
  expect(await isValid(carol, payload, only(a))).toBe(true)
  // The folder is of no use to anybody else: it is not in clear, and its sender cannot open it.
  for (const file of MOVED_FILES) {
    expect(Buffer.from(moved[file]).toString('hex')).not.toContain(await scalarOf(alice))
  }
  raze([there])
}, 30_000)

test('it is refused by anybody else, altered, or with what belongs to another, and nothing is written', async () => {
  const refused = async (who: Custodian, changes: Partial<MovedFiles>) => {
    const failure = await failureOf(() => importMoved(who, { ...moved, ...changes }, 'moved', NOW))
    expect(await listKeys(who.home)).not.toContain('moved')
    return failure
  }
  const other = await machineOf(await person('alice'))
  const stranger = await refused(other, {})
  expect(stranger).toMatchObject({ kind: 'authentication', code: 'E_REBIND' })
  const there = await machineOf(elsewhere)
  const damaged = moved['share.age'].slice()
  damaged[damaged.length - 9] = (damaged[damaged.length - 9] as number) ^ 1
  expect(await refused(there, { 'share.age': damaged })).toMatchObject({
    kind: 'decryption',
    code: 'E_CORRUPT',
  })
  const nothing = await sealTo([there.card.age], new Uint8Array(90))
  expect(await refused(there, { 'share.age': nothing })).toMatchObject({
    kind: 'decryption',
    code: 'E_SHARE',
  })
  // Carol's share in alice's seat.
  const out = join(folder, 'carols')
  const key = await findKey(carol.home, 'treasury')
  await rekey(carol, key, { to: elsewhere.card, out, now: NOW, rng }).catch(() => null)
  const renamed = await person('carol')
  await rekey(carol, key, { to: { ...renamed.card, age: there.card.age }, out, now: NOW, rng })
  const carols = Uint8Array.from(readFileSync(join(out, 'share.age')))
  expect(await refused(there, { 'share.age': carols })).toMatchObject({ kind: 'decryption', code: 'E_SHARE' })
  const cut = { 'certificate.cbor': moved['certificate.cbor'].slice(0, -1) }
  expect(await refused(there, cut)).toMatchObject({ kind: 'verification', code: 'E_CERTIFICATE' })
  expect(await refused(there, { 'record.json': new Uint8Array(9) })).toMatchObject({ code: 'E_RECORD' })
  raze([other, there])
}, 30_000)

test('it is not written for a card that cannot sit in the seat, nor over anything', async () => {
  const key = await findKey(alice.home, 'treasury')
  const out = join(folder, 'again')
  for (const card of [alice.card, bob.card]) {
    expect(await failureOf(() => rekey(alice, key, { to: card, out, now: NOW, rng }))).toMatchObject({
      kind: 'authentication',
      code: 'E_REBIND_CARD',
    })
  }
  expect(readdirSync(folder)).not.toContain('again')
  const there = { to: elsewhere.card, out: join(folder, 'moved'), now: NOW, rng }
  expect(await failureOf(() => rekey(alice, key, there))).toMatchObject({ code: 'E_OUTPUT_EXISTS' })
  const home = await machineOf(elsewhere)
  await importMoved(home, moved, null, NOW)
  expect(await failureOf(() => importMoved(home, moved, null, NOW))).toMatchObject({ code: 'E_KEY_EXISTS' })
  raze([home])
})

test('of the two identities one votes: after a vote nothing is moved, and who has moved its share votes no more', async () => {
  const there = (await person('bob')).card
  const key = await findKey(bob.home, 'treasury')
  const voter = await copyOf(bob)
  const vote = rng(32)
  await castVote(voter.home, key.digest, vote, null)
  const out = join(folder, 'voted')
  const failure = await failureOf(() => rekey(voter, key, { to: there, out, now: NOW, rng }))
  expect(failure).toMatchObject({ kind: 'conflict', code: 'E_VOTED_PARENT' })
  expect(failure.hint).toContain(hex(vote))
  expect(readdirSync(folder)).not.toContain('voted')

  const mover = await copyOf(bob)
  await rekey(mover, key, { to: there, out, now: NOW, rng })
  const refused = await failureOf(() => castVote(mover.home, key.digest, vote, null))
  expect(refused).toMatchObject({ kind: 'conflict', code: 'E_MOVED' })
  raze([voter, mover])
})

test('an import that is killed anywhere is there or is not, and is done when it is run again', async () => {
  const stop = withDisks()
  const scalar = await scalarOf(alice)
  const act = ({ home, identity, card }: World) => importMoved({ home, identity, card }, moved, null, NOW)
  async function killed(operation: number | null) {
    const there = await machineOf(elsewhere)
    const again = async (world: World) => {
      const isThere = (await listKeys(there.home)).includes('treasury')
      if (!isThere) return act(world)
      expect(await failureOf(() => act(world))).toMatchObject({ code: 'E_KEY_EXISTS' })
      return null
    }
    const { first } = await live(
      new MemoryNetwork(),
      there,
      act,
      operation === null ? null : { operation },
      {},
      again,
    )
    expect(await scalarOf(there)).toBe(scalar)
    // Beside what a crash left under a name that nothing reads, and that is swept out.
    const held = (await filesWith(there, scalar)).filter((path) => !path.includes('/.tmp-'))
    expect(held).toEqual([expect.stringMatching(/\/share\.age$/)])
    raze([there])
    return first
  }
  const { operations } = await killed(null)
  expect(operations).toBeGreaterThan(20)
  const at = Array.from({ length: operations }, (_, i) => i + 1)
  const processes = await inParallel(
    4,
    at.map((operation) => () => killed(operation)),
  )
  expect(processes.filter(({ dead }) => dead)).toHaveLength(at.length)
  stop()
})

/** Presignatures are void once a share, or a seat of its epoch, changes. Their bytes do not matter for that. */
import { readdirSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { splitShare } from '../../../src/ceremony/backup/split.js'
import { acceptRebind, examineRebind } from '../../../src/ceremony/recovery/accept-rebind.js'
import { findKey } from '../../../src/ceremony/epochs/find-key.js'
import {
  importMoved,
  MOVED_FILES,
  type MovedFiles,
  rekey,
} from '../../../src/ceremony/recovery/move-share.js'
import { presignaturesOf } from '../../../src/storage/home/epochs.js'
import { openHome } from '../../../src/storage/home/home.js'
import { writeIdentity } from '../../../src/storage/home/identity.js'
import { keepPresignature, listPresignatures } from '../../../src/storage/pools/presignatures.js'
import { person, rng } from '../../support/members.js'
import { raze } from '../../support/processes.js'
import { defined, makeTreasury, reshared } from '../../support/reshares.js'
import { type Custodian, custodians } from '../../support/worlds.js'

const NOW = 1_900_000_000_000

/** Alice and bob with a key, each with one presignature; and how many are left in a home of the epoch. */
async function withPools() {
  const everybody = (await custodians('alice', 'bob')) as [Custodian, Custodian]
  onTestFinished(() => raze(everybody))
  const { digest } = await makeTreasury(everybody, 2)
  const epochAt = ({ home }: Custodian) => ({ home, name: 'treasury', digest })
  const keep = (who: Custodian) =>
    keepPresignature(epochAt(who), new Uint8Array(32).fill(7), {
      'public.cbor': Uint8Array.of(1),
      'secret.age': Uint8Array.of(2),
    })
  const left = async (who: Custodian) => (await listPresignatures(epochAt(who))).length
  for (const who of everybody) await keep(who)
  for (const who of everybody) expect(await left(who)).toBe(1)
  return { everybody, keep, left }
}

test('by a refresh, at everybody who takes part', async () => {
  const { everybody, left } = await withPools()
  await reshared(everybody, await defined(everybody[0], everybody, {}))
  for (const who of everybody) expect(await left(who)).toBe(0)
})

test('by a move: where the share comes from, where it arrives, and at whoever accepts the rebind', async () => {
  const { everybody, keep, left } = await withPools()
  const [alice, bob] = everybody
  const elsewhere = await person('alice')
  const home = await openHome(join(await mkdtemp(join(tmpdir(), 'mpc-moved-')), 'home'))
  await writeIdentity(home, { sealed: new Uint8Array(), card: elsewhere.card.line })
  const there: Custodian = { ...elsewhere, home }
  await keep(there)
  const out = join(await mkdtemp(join(tmpdir(), 'mpc-moved-')), 'moved')
  await rekey(alice, await findKey(alice.home, 'treasury'), { to: elsewhere.card, out, now: NOW, rng })
  expect(await left(alice)).toBe(0)
  const files = MOVED_FILES.map((file) => [file, Uint8Array.from(readFileSync(join(out, file)))] as const)
  // The files of the share in transit are these, and no presignature is among them.
  const { rebind } = await importMoved(there, Object.fromEntries(files) as MovedFiles, null, NOW)
  expect(await left(there)).toBe(0)
  expect(await left(bob)).toBe(1)
  const statement = Uint8Array.from(readFileSync(rebind))
  await acceptRebind(bob.home, await examineRebind(bob, there.card, statement, NOW))
  expect(await left(bob)).toBe(0)
  // The same rebind again voids nothing that was made with the new seat.
  await keep(bob)
  await acceptRebind(bob.home, await examineRebind(bob, there.card, statement, NOW))
  expect(await left(bob)).toBe(1)
})

test('a split of the share reads none of them: that they cannot be read does not stop it', async () => {
  const { everybody, left } = await withPools()
  const [alice, bob] = everybody
  const key = await findKey(alice.home, 'treasury')
  const folder = join(presignaturesOf(alice.home, 'treasury', key.digest), '07'.repeat(32))
  for (const file of ['public.cbor', 'secret.age']) {
    await rm(join(folder, file))
    await mkdir(join(folder, file))
  }
  await expect(left(alice)).rejects.toMatchObject({ code: 'E_STORAGE' })
  const holders = [bob, await person('carol')].map(({ card }) => ({
    name: card.name,
    kind: 'card' as const,
    card,
  }))
  const out = join(await mkdtemp(join(tmpdir(), 'mpc-split-')), 'pieces')
  await splitShare(alice, key, { threshold: 2, holders, out, now: NOW, rng, workFactor: 4 })
  expect(readdirSync(out)).toEqual(expect.arrayContaining(['bob.piece', 'carol.piece']))
  expect(readdirSync(out, { recursive: true }).filter((file) => /presign/.test(String(file)))).toEqual([])
})

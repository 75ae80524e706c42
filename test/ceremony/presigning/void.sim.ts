/** Presignatures are void once a share, or a seat of its epoch, changes. Their bytes do not matter for that. */
import { readFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { acceptRebind, examineRebind } from '../../../src/ceremony/recovery/accept-rebind.js'
import { findKey } from '../../../src/ceremony/epochs/find-key.js'
import {
  importMoved,
  MOVED_FILES,
  type MovedFiles,
  rekey,
} from '../../../src/ceremony/recovery/move-share.js'
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

/** A threshold ECDSA share on another machine: what signing needs beside it travels too; and what `share check` finds missing. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { verify } from 'tiny-secp256k1'
import { afterAll, expect, test } from 'vitest'
import { acceptRebind, examineRebind } from '../../../src/ceremony/recovery/accept-rebind.js'
import { findKey, openShare } from '../../../src/ceremony/epochs/find-key.js'
import {
  importMoved,
  MOVED_FILES,
  type MovedFiles,
  rekey,
} from '../../../src/ceremony/recovery/move-share.js'
import { checkShares } from '../../../src/ceremony/epochs/share-check.js'
import { markVerified } from '../../../src/ceremony/contacts/contacts.js'
import type * as workers from '../../../src/cli/threads/workers.js'
import { openHome } from '../../../src/storage/home/home.js'
import { writeIdentity } from '../../../src/storage/home/identity.js'
import { epochPath } from '../../../src/storage/home/epochs.js'
import { replaceFile } from '../../../src/storage/fs/atomic.js'
import { sealTo } from '../../../src/storage/sealed/age.js'
import { enterRehearsal } from '../../../src/wire/base/realm.js'
import { recordPublicKey } from '../../../src/wire/key/record.js'
import { encodeShare } from '../../../src/wire/key/share.js'
import { built } from '../../support/built.js'
import { person, rng } from '../../support/members.js'
import { raze } from '../../support/processes.js'
import { makeTreasury, signed } from '../../support/reshares.js'
import { copyOf } from '../../support/shares.js'
import { type Custodian, custodians } from '../../support/worlds.js'
import { only } from '../../support/only.js'

// At the level of rehearsals, which is the one that is quick.
enterRehearsal()

const NOW = 1_900_000_000_000
const { Workers } = await built<typeof workers>('cli/threads/workers.js')
const threads = new Workers()
afterAll(() => threads.close())

test('an ECDSA share signs on the new machine, and is checked against the record with its primes', async () => {
  const everybody = await custodians('alice', 'bob')
  const [alice, bob] = everybody as [Custodian, Custodian]
  const patience = { join: 50_000, round: 50_000, total: null }
  const world = { compute: threads.compute, patience, linger: 500 }
  const { record, digest } = await makeTreasury([alice, bob], 2, 'ecdsa-secp256k1', world)
  const elsewhere = await person('alice')
  const out = join(await mkdtemp(join(tmpdir(), 'mpc-moved-')), 'moved')
  await rekey(alice, await findKey(alice.home, 'treasury'), { to: elsewhere.card, out, now: NOW, rng })
  const home = await openHome(join(await mkdtemp(join(tmpdir(), 'mpc-moved-')), 'home'))
  await writeIdentity(home, { sealed: new Uint8Array(), card: elsewhere.card.line })
  const there: Custodian = { ...elsewhere, home }
  const files = MOVED_FILES.map((file) => [file, Uint8Array.from(readFileSync(join(out, file)))] as const)
  const { rebind } = await importMoved(there, Object.fromEntries(files) as MovedFiles, null, NOW)
  expect((await checkShares(there, 'treasury')).shares).toMatchObject([
    { problems: [], refreshNeeded: false },
  ])

  const statement = Uint8Array.from(readFileSync(rebind))
  await acceptRebind(bob.home, await examineRebind(bob, there.card, statement, NOW))
  await markVerified(bob.home, there.card, 'rebind', NOW)
  await markVerified(home, bob.card, 'fingerprint', NOW)
  const payload = Buffer.from('pay nobody, from the new laptop')
  for (const result of await signed([there, bob], payload, world)) {
    if (result.status === 'rejected') throw result.reason as Error
    const hash = createHash('sha256').update(payload).digest()
    expect(verify(hash, recordPublicKey(record), only(result.value))).toBe(true)
  }

  // Bob's primes beside alice's share; and no primes at all.
  const [own, bobs] = await Promise.all(
    [alice, bob].map(async (who) =>
      openShare(who.home, await findKey(who.home, 'treasury'), who.identity, who.card),
    ),
  )
  const check = async (auxiliary: NonNullable<typeof own>['auxiliary']) => {
    const copy = await copyOf(alice)
    const share = own?.share.share.reveal() as Uint8Array
    const secret = auxiliary?.secret ?? null
    const plaintext = encodeShare({
      record: digest,
      scheme: record.scheme,
      index: 1,
      share,
      auxiliary: secret,
    })
    const sealed = await sealTo([alice.card.age], plaintext)
    await replaceFile(epochPath(copy.home, 'treasury', digest, 'share.age'), sealed)
    const { shares } = await checkShares(copy, 'treasury')
    raze([copy])
    return shares[0]
  }
  expect(await check(own?.auxiliary ?? null)).toMatchObject({ problems: [], refreshNeeded: false })
  expect((await check(bobs?.auxiliary ?? null))?.problems).toEqual([
    expect.stringContaining("is not this member's share"),
  ])
  expect(await check(null)).toMatchObject({ problems: [], refreshNeeded: true })
  raze([alice, bob, there])
}, 120_000)

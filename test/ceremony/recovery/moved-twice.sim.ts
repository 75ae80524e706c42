/** A share that was moved on, twice: what was said before counts after it, and each machine that held it is known to. */
import { readFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { acceptRebind, examineRebind } from '../../../src/ceremony/recovery/accept-rebind.js'
import { type HeldEpoch, heldKey, seatsGoneOver } from '../../../src/ceremony/epochs/held-epochs.js'
import { findKey } from '../../../src/ceremony/epochs/find-key.js'
import type { MadeKey } from '../../../src/ceremony/dkg/plan.js'
import {
  importMoved,
  MOVED_FILES,
  type MovedFiles,
  rekey,
} from '../../../src/ceremony/recovery/move-share.js'
import { remainingOf } from '../../../src/ceremony/epochs/remaining-quorum.js'
import { planRetire, retire } from '../../../src/ceremony/epochs/retire.js'
import { checkShares } from '../../../src/ceremony/epochs/share-check.js'
import { handoverOf, ownWord, takeHandover } from '../../../src/ceremony/epochs/attestations.js'
import { openHome } from '../../../src/storage/home/home.js'
import { writeIdentity } from '../../../src/storage/home/identity.js'
import { writeStatement } from '../../../src/storage/home/attestations.js'
import { parseRebind } from '../../../src/wire/key/rebind.js'
import { sayDeleted } from '../../../src/wire/key/attestation.js'
import { hex } from '../../../src/wire/base/text.js'
import { failureOf } from '../../storage/support.js'
import { person, rng } from '../../support/members.js'
import { defined, makeTreasury, reshared } from '../../support/reshares.js'
import { copyOf } from '../../support/shares.js'
import { type Custodian, custodians } from '../../support/worlds.js'

const NOW = 1_900_000_000_000
let [alice, bob, second, third] = [] as unknown as [Custodian, Custodian, Custodian, Custodian]
let made: MadeKey
/** Of the second and the third machine. */
let rebinds: readonly [Uint8Array, Uint8Array]

/** Alice on a machine with an identity of its own. */
async function machine(): Promise<Custodian> {
  const who = await person('alice')
  const home = await openHome(join(await mkdtemp(join(tmpdir(), 'mpc-moved-')), 'home'))
  await writeIdentity(home, { sealed: new Uint8Array(), card: who.card.line })
  return { ...who, home }
}

async function move(from: Custodian, to: Custodian, now: number): Promise<Uint8Array> {
  const out = join(await mkdtemp(join(tmpdir(), 'mpc-moved-')), 'moved')
  await rekey(from, await findKey(from.home, 'treasury'), { to: to.card, out, now, rng })
  const files = MOVED_FILES.map((file) => [file, Uint8Array.from(readFileSync(join(out, file)))] as const)
  const { rebind } = await importMoved(to, Object.fromEntries(files) as MovedFiles, null, NOW)
  return Uint8Array.from(readFileSync(rebind))
}

const accepts = async (who: Custodian, to: Custodian, rebind: Uint8Array) =>
  acceptRebind(who.home, await examineRebind(who, to.card, rebind, NOW))
const epochOf = async ({ home }: Custodian): Promise<HeldEpoch> =>
  (await heldKey(home, 'treasury')).epochs.find(({ digest }) => hex(digest) === hex(made.digest)) as HeldEpoch

beforeAll(async () => {
  ;[alice, bob] = (await custodians('alice', 'bob')) as [Custodian, Custodian]
  await makeTreasury([alice, bob], 2)
  const file = await defined(alice, [alice, bob], { kind: 'refresh' })
  ;[made] = (await reshared([alice, bob], file, { linger: 2000 })) as [MadeKey]
  ;[second, third] = [await machine(), await machine()]
  const first = await move(alice, second, NOW)
  rebinds = [first, await move(second, third, NOW + 1000)]
})

test('what the machine between said is kept when the share moves on, and nothing of it is damage', async () => {
  const there = await copyOf(bob)
  await accepts(there, second, rebinds[0])
  await ownWord(second, 'treasury', made.record, NOW)
  const { statements } = await handoverOf(second.home, 'treasury')
  const handover = { ...(await handoverOf(there.home, 'treasury')), statements }
  expect(await takeHandover(there, 'treasury', handover)).toMatchObject({ added: 1, strange: 0 })
  await accepts(there, third, rebinds[1])
  const epoch = await epochOf(there)
  expect(epoch.problems).toEqual([])
  expect(epoch.statements.map(({ by }) => hex(by))).toContain(hex(second.card.fingerprint))
  expect((await findKey(there.home, 'treasury')).seated.members[0]?.card.line).toBe(third.card.line)
  expect((await checkShares(there, 'treasury')).shares.flatMap(({ problems }) => problems)).toEqual([])
  const { destroyed } = await retire(there, await planRetire(there.home, there.card, 'treasury', null), NOW)
  expect(destroyed).not.toEqual([])

  // Where the one between was never accepted its word counts for nothing, and damages nothing.
  const other = await copyOf(bob)
  await accepts(other, third, rebinds[1])
  expect(await takeHandover(other, 'treasury', handover)).toMatchObject({ added: 0, strange: 1 })
  const file = statements[0] as Uint8Array
  await writeStatement(
    other.home,
    'treasury',
    made.digest,
    { said: 'activated', by: second.card.fingerprint },
    file,
  )
  expect((await epochOf(other)).problems).toEqual([])
  expect(await ownWord(other, 'treasury', made.record, NOW)).not.toBeNull()
  expect(seatsGoneOver(await epochOf(other))).toEqual(new Set([1, 2]))
})

test('all three machines hold it until each has said that it destroyed it', async () => {
  const there = await copyOf(bob)
  await accepts(there, second, rebinds[0])
  await accepts(there, third, rebinds[1])
  const left = async () => remainingOf(await epochOf(there), made.record).shares
  for (const { card, identity } of [third, second, alice]) {
    expect(await left()).toEqual(['alice', 'bob'])
    const speaker = { card, index: 1, signing: identity.signing }
    const said = sayDeleted(made.record, new Uint8Array(32).fill(9), speaker, NOW)
    await writeStatement(there.home, 'treasury', made.digest, { said: 'deleted', by: card.fingerprint }, said)
  }
  expect(await left()).toEqual(['bob'])
})

test('who accepted only the last move knows by its signature that the machine before holds it', async () => {
  const there = await copyOf(bob)
  await accepts(there, third, rebinds[1])
  const { card, identity } = third
  const said = sayDeleted(
    made.record,
    new Uint8Array(32).fill(9),
    { card, index: 1, signing: identity.signing },
    NOW,
  )
  await writeStatement(there.home, 'treasury', made.digest, { said: 'deleted', by: card.fingerprint }, said)
  expect(remainingOf(await epochOf(there), made.record).shares).toEqual(['alice', 'bob'])
  expect(parseRebind(rebinds[1], made.record).handed_by?.line).toBe(second.card.line)
  const forged = rebinds[1].slice()
  const at = Buffer.from(forged).lastIndexOf('signature') + 20
  forged[at] = (forged[at] as number) ^ 1
  expect(await failureOf(() => Promise.resolve().then(() => parseRebind(forged, made.record)))).toMatchObject(
    { code: 'E_REBIND' },
  )
})

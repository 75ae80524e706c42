/** Presignatures made ahead: every signer keeps the same ones, or nobody relies on any; and what voids them. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findKey } from '../../../src/ceremony/epochs/find-key.js'
import { checkHome } from '../../../src/ceremony/home/home-check.js'
import { poolsOf } from '../../../src/ceremony/presigning/pool.js'
import { presignAhead } from '../../../src/ceremony/presigning/presign-ahead.js'
import { rekey } from '../../../src/ceremony/recovery/move-share.js'
import { inRecordOrder } from '../../../src/ceremony/requests/signer-set.js'
import type * as workers from '../../../src/cli/threads/workers.js'
import { type Interfere, MemoryNetwork } from '../../../src/messaging/transport/memory.js'
import { entriesLetter } from '../../../src/protocol/core/entries.js'
import { presignaturesOf } from '../../../src/storage/home/epochs.js'
import { listPresignatures, presignatureIds } from '../../../src/storage/pools/presignatures.js'
import { Failure } from '../../../src/wire/base/failure.js'
import { enterRehearsal } from '../../../src/wire/base/realm.js'
import { hex } from '../../../src/wire/base/text.js'
import { parseCertificate } from '../../../src/wire/ceremony/certificate.js'
import { presignaturesOutcome, publicPresignatureCodec } from '../../../src/wire/key/presignature.js'
import { decodeEnvelope } from '../../../src/wire/session/envelope.js'
import { built } from '../../support/built.js'
import { evidenceOf, failureIn, verdictOn } from '../../support/ecdsa.js'
import { person, rng } from '../../support/members.js'
import { resigned } from '../../support/mischief.js'
import { raze } from '../../support/processes.js'
import { makeTreasury } from '../../support/reshares.js'
import { type Custodian, custodians, worldOf } from '../../support/worlds.js'

// At the level of rehearsals, which is the one that is quick.
enterRehearsal()

const { Workers } = await built<typeof workers>('cli/threads/workers.js')
const threads = new Workers()
const patience = { join: 50_000, round: 50_000, total: null }
const changes = { compute: threads.compute, patience, linger: 500 }

let everybody: [Custodian, Custodian, Custodian]
beforeAll(async () => {
  everybody = (await custodians('alice', 'bob', 'carol')) as typeof everybody
  await makeTreasury(everybody, 2, 'ecdsa-secp256k1', changes)
}, 120_000)
afterAll(() => {
  threads.close()
  raze(everybody)
})

/** How it ends for each of these signers, who make `count`. */
const presigning = (
  who: readonly Custodian[],
  count: number,
  interfere?: Interfere,
): Promise<PromiseSettledResult<number>[]> => {
  const network = new MemoryNetwork()
  if (interfere) network.interfere = interfere
  return Promise.allSettled(
    who.map(async (each) => {
      const key = await findKey(each.home, 'treasury')
      const named = who.map(({ card }) => card.fingerprint)
      const world = worldOf(each, network.connect(each.member.name), changes)
      return presignAhead(world, key, inRecordOrder(key.seated, named), count)
    }),
  )
}

const heldBy = async ({ home }: Custodian) => {
  const { digest } = await findKey(home, 'treasury')
  const files = await listPresignatures({ home, name: 'treasury', digest })
  return files.map((file) => publicPresignatureCodec.decode(file))
}
const leftAt = async ({ home }: Custodian) => poolsOf(home, await findKey(home, 'treasury'))
const values = (results: readonly PromiseSettledResult<number>[]) =>
  results.map((result) => {
    if (result.status === 'rejected') throw result.reason
    return result.value
  })

test('all signers keep the same ones, with the receipts of all; each set of signers has its own', async () => {
  const [alice, bob, carol] = everybody
  expect(values(await presigning([alice, carol], 3))).toEqual([3, 3])
  expect(values(await presigning([bob, alice], 1))).toEqual([1, 1])
  const withCarol = { signers: ['alice', 'carol'], left: 3 }
  const withBob = { signers: ['alice', 'bob'], left: 1 }
  expect(await leftAt(alice)).toEqual([withBob, withCarol])
  expect(await leftAt(carol)).toEqual([withCarol])
  expect(await leftAt(bob)).toEqual([withBob])
  // The files of carol are byte for byte among those of alice, and nobody else's ID is.
  const [hers, his] = [await heldBy(alice), await heldBy(carol)]
  expect(hers).toEqual(expect.arrayContaining(his))
  const holders = [alice, carol].map(({ card: { fingerprint, signing } }) => ({
    fingerprint,
    signing,
    share: null,
  }))
  for (const { certificate, ids } of his) {
    expect(parseCertificate(certificate, holders, presignaturesOutcome(ids)).receipts).toHaveLength(2)
    expect(() => parseCertificate(certificate, holders, presignaturesOutcome(ids.slice(1)))).toThrow(Failure)
  }
  expect(new Set(his.map(({ ids, entry }) => hex(ids[entry - 1] as Uint8Array))).size).toBe(3)
}, 120_000)

test('a look at the home opens each, and names the folder of one that is damaged', async () => {
  const [alice] = everybody
  const { digest } = await findKey(alice.home, 'treasury')
  const [one, other] = (await presignatureIds({ home: alice.home, name: 'treasury', digest })).map((id) =>
    join(presignaturesOf(alice.home, 'treasury', digest), hex(id)),
  ) as [string, string]
  expect(await checkHome(alice)).toEqual([])
  for (const name of ['public.cbor', 'secret.age']) {
    const file = join(one, name)
    const whole = await readFile(file)
    for (const bytes of [whole.subarray(1), whole.subarray(0, -1), await readFile(join(other, name)), null]) {
      await (bytes === null ? rm(file) : writeFile(file, bytes, { mode: 0o600 }))
      // Without its secret it is void.
      const found = bytes === null && name === 'secret.age' ? [] : [one]
      expect((await checkHome(alice)).map((finding) => finding.file)).toEqual(found)
    }
    await writeFile(file, whole, { mode: 0o600 })
  }
  expect(await checkHome(alice)).toEqual([])
}, 120_000)

test('who gets no receipt, or one over other points, keeps nothing of the run', async () => {
  const [alice, bob] = everybody
  const before = await heldBy(alice)
  const silent: Interfere = ({ bytes }) => (decodeEnvelope(bytes).header.kind === 'receipt' ? [] : [bytes])
  const other = resigned(bob, ({ header, body }) =>
    header.kind === 'receipt' ? body.map((byte, i) => (i === body.length - 1 ? byte ^ 1 : byte)) : undefined,
  )
  for (const interfere of [silent, other]) {
    const [first] = await presigning([alice, bob], 1, interfere)
    expect(failureIn(first)).toMatchObject({ kind: 'absent', code: 'E_NO_RECEIPT', missing: ['bob'] })
    expect(await heldBy(alice)).toEqual(before)
  }
}, 120_000)

test('who breaks an entry is named with its number, and the file proves it to anybody', async () => {
  const [alice, bob] = everybody
  const before = await heldBy(alice)
  const letter = entriesLetter(2)
  const interfere = resigned(bob, ({ header, body }) => {
    if (header.kind !== 'letter' || header.round !== 'presign-1' || header.to !== null) return undefined
    const [one, two] = letter.decode(body) as [Uint8Array, Uint8Array]
    return letter.encode([one, two.slice(1)])
  })
  const [first] = await presigning([alice, bob], 2, interfere)
  const failure = failureIn(first)
  expect(failure).toMatchObject({
    kind: 'abort',
    code: 'E_ABORT',
    accused: [{ name: 'bob', round: 'presign-1', entry: 2 }],
  })
  expect(await verdictOn(await evidenceOf(failure))).toEqual([['bob', 'presign-1', 'proven']])
  expect(await heldBy(alice)).toEqual(before)
}, 120_000)

describe('a pool is void', () => {
  test('where the share is handed on', async () => {
    const [, bob, carol] = everybody
    await presigning([bob, carol], 1)
    expect(await leftAt(carol)).toContainEqual({ signers: ['bob', 'carol'], left: 1 })
    const out = join(await mkdtemp(join(tmpdir(), 'mpc-moved-')), 'moved')
    const key = await findKey(carol.home, 'treasury')
    await rekey(carol, key, { to: (await person('carol')).card, out, now: Date.now(), rng })
    expect(await leftAt(carol)).toEqual([])
  }, 120_000)
})

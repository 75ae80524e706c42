/** A home with everything in it that a home can hold, and one file of it damaged: one look finds it, and names it. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { splitShare } from '../../../src/ceremony/backup/split.js'
import { keepNote } from '../../../src/ceremony/keys/split-status.js'
import { checkHome } from '../../../src/ceremony/home/home-check.js'
import { findKey } from '../../../src/ceremony/epochs/find-key.js'
import { stockPrimes } from '../../../src/ceremony/keys/prime-supply.js'
import { rememberFaults } from '../../../src/ceremony/session/quarantine.js'
import { planRetire, retire } from '../../../src/ceremony/epochs/retire.js'
import { verifyPiece } from '../../../src/ceremony/recovery/restore.js'
import { checkShares } from '../../../src/ceremony/epochs/share-check.js'
import type { Key } from '../../../src/ceremony/keys/key.js'
import { Desk } from '../../../src/ceremony/work/desk.js'
import { keptRequest } from '../../../src/ceremony/work/kept.js'
import { existingHome, findHome } from '../../../src/storage/home/home.js'
import { listKeyFolders } from '../../../src/storage/home/epochs.js'
import { listClaims, RequestClaims } from '../../../src/storage/home/request-claims.js'
import { Ledger } from '../../../src/storage/ledger/ledger.js'
import { WaitingFiles } from '../../../src/storage/work/waiting-files.js'
import { refusalCodec, type Request } from '../../../src/wire/ceremony/request.js'
import { hex } from '../../../src/wire/base/text.js'
import { dated } from '../../support/clock.js'
import { failureOf } from '../../storage/support.js'
import { rng } from '../../support/members.js'
import { raze } from '../../support/processes.js'
import { defined, makeTreasury, reshared, signed } from '../../support/reshares.js'
import { copyOf } from '../../support/shares.js'
import { type Custodian, custodians, heldPrimes } from '../../support/worlds.js'

const NOW = 1_900_000_000_000
let everybody: readonly [Custodian, Custodian, Custodian]
let alice: Custodian

beforeAll(async () => {
  everybody = (await custodians('alice', 'bob', 'carol')) as [Custodian, Custodian, Custodian]
  const [, bob, carol] = everybody
  alice = everybody[0]
  await makeTreasury(everybody, 2)
  await reshared(everybody, await defined(alice, everybody, { kind: 'refresh' }), { linger: 2000 })
  const results = await signed([alice, bob], Uint8Array.from(Buffer.from('pay nobody')), { linger: 200 })
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
  const key = await findKey(alice.home, 'treasury')
  const holders = [bob, carol].map(({ card }) => ({ name: card.name, kind: 'card' as const, card }))
  const out = join(alice.home.root, '..', `${hex(rng(8))}-pieces`)
  await splitShare(alice, key, { threshold: 2, holders, out, now: NOW, rng, workFactor: 4 })
  const sealed = Uint8Array.from(await readFile(join(out, 'bob.piece')))
  const piece = {
    label: 'bob',
    sealed,
    unlock: { kind: 'identity' as const, identities: [bob.identity.age] },
  }
  const { note } = await verifyPiece(piece, {}, bob, NOW)
  await keepNote(alice.home, key, alice.card, note as Uint8Array)
  await rm(out, { recursive: true })
  await stockPrimes(
    alice,
    { makePrimes: heldPrimes, signal: new AbortController().signal },
    1536,
    1,
    () => {},
  )
  const fingerprint = hex(bob.card.fingerprint)
  const fault = {
    name: 'bob',
    fingerprint,
    round: 'open',
    kind: 'proven',
    reason: 'test',
    entry: null,
    evidence: null,
  } as const
  await rememberFaults(
    { home: alice.home, clock: dated(() => NOW) },
    { id: key.digest, kind: 'keygen', epoch: null },
    [fault],
  )
  const [request] = await listClaims(alice.home)
  const clock = { now: () => NOW, after: () => expect.fail('nobody else is there') }
  const spending = [{ chain: 'evm:1', contract: 'native', amount: 7n }]
  const wanted = {
    request: request as Uint8Array,
    payload: key.digest,
    policy: key.digest,
    spending,
    windows: [],
  }
  await new Ledger(alice.home, key.record.key_id, clock).spend(wanted, () => ({ outcome: 'allow' }))
  await keepWaiting(alice, key, request as Uint8Array)
}, 60_000)
afterAll(() => raze(everybody))

/** The request waits too: it is signed, taken back and refused, and no server knows of any of it. */
async function keepWaiting(who: Custodian, key: Key, id: Uint8Array): Promise<void> {
  const files = new WaitingFiles(who.home, id)
  await files.keepRequest((await new RequestClaims(who.home, id).readRequest()) as Uint8Array)
  const desk = new Desk({ world: { ...who, clock: dated(() => NOW) }, key, policy: null, stream: null })
  await desk.tellSettled()
  await desk.cancel((await keptRequest(who.home, key, id)) as Request)
  await files.keepSpoken('refusal', who.card.fingerprint, refusalCodec.encode({ request: id, reason: '' }))
}

const filesOf = async (who: Custodian): Promise<string[]> => {
  const entries = await readdir(who.home.root, { recursive: true, withFileTypes: true })
  return entries
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name))
    .sort()
}

/** Everything that one look says. */
async function problemsIn(who: Custodian): Promise<string> {
  const problems = (await checkHome(who)).map(({ file, problem }) => `${file}: ${problem}`)
  for (const name of await listKeyFolders(who.home)) {
    const { shares, problem } = await checkShares(who, name)
    problems.push(...(problem === null ? [] : [problem]), ...shares.flatMap((each) => each.problems))
  }
  return problems.join('\n')
}

describe('one look at a whole home', () => {
  test('finds nothing in one that is whole, and changes nothing', async () => {
    const before = await filesOf(alice)
    expect(await problemsIn(alice)).toBe('')
    expect(await filesOf(alice)).toEqual(before)
  })

  test.each([
    ['the first bytes are others', (bytes: Buffer) => bytes.fill(0xff, 0, Math.min(4, bytes.length))],
    ['its end is missing', (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1)],
    ['it is empty', () => Buffer.alloc(0)],
    ['it is a folder', null],
  ])(
    'names every file of which %s',
    async (_, damage) => {
      const copy = await copyOf(alice)
      const all = await filesOf(copy)
      const kinds = new Set<string>()
      for (const path of all) {
        const name = relative(copy.home.root, path)
        // Files opened before the look, or needed by nobody: a lock's holder, an end, the cards of a split.
        if (/^(installation|identity\.(age|card))$|lock$|\/ended$|holders\.txt$/.test(name)) continue
        const whole = await readFile(path)
        await rm(path)
        if (damage) await writeFile(path, damage(Buffer.from(whole)), { mode: 0o600 })
        else await mkdir(path)
        const problems = await problemsIn(copy)
        expect(problems, name).not.toBe('')
        kinds.add(name.replaceAll(/[0-9a-f]{16,}/g, 'X').replaceAll(/[0-9]+/g, 'N'))
        await rm(path, { recursive: true })
        await writeFile(path, whole, { mode: 0o600 })
      }
      for (const kind of [
        'peers/X.card',
        'ceremonies/votes/X/first',
        'claims/X/claim.N',
        'claims/X/request.cbor',
        'claims/X/order.cbor',
        'claims/X/done',
        'claims/X/spend',
        'claims/spent-X',
        'requests/X/request.cbor',
        'requests/X/result.cbor',
        'requests/X/cancel.cbor',
        'requests/X/refusal.X.cbor',
        'requests/X/unsent.result.cbor',
        'requests/X/unsent.cancel.cbor',
        'ledger/X/head',
        'ledger/X/N/N',
        'primes/N-X.age',
        'quarantine/X/X-X.cbor',
        'keys/treasury/epochs/X/escrow/manifest.json',
        'keys/treasury/epochs/X/escrow.age',
        'keys/treasury/epochs/X/share.age',
        'keys/treasury/epochs/X/transcript.cbor',
        'ceremonies/X/transcript-X.cbor',
      ])
        expect([...kinds], kind).toContain(kind)
      expect(await problemsIn(copy)).toBe('')
    },
    60_000,
  )

  test('a home without its installation is no place where nothing is', async () => {
    const copy = await copyOf(alice)
    const path = join(copy.home.root, 'installation')
    await rm(path)
    for (const look of [existingHome, findHome]) {
      const failure = await failureOf(() => look(copy.home.root))
      expect(failure).toMatchObject({
        kind: 'configuration',
        code: 'E_HOME',
        message: expect.stringContaining(path),
      })
    }
  })
})

test('a look beside a command that retires finds nothing wrong', async () => {
  const who = await copyOf(alice)
  const looks = Array.from({ length: 40 }, async (_, i) => {
    for (let turns = 0; turns < i * 3; turns++) await new Promise(setImmediate)
    const { shares, problem } = await checkShares(who, 'treasury')
    return [problem, ...shares.flatMap((each) => each.problems)]
  })
  const destroyed = (await retire(who, await planRetire(who.home, who.card, 'treasury', null), NOW)).destroyed
  expect(destroyed.length).toBeGreaterThan(0)
  expect(await Promise.all(looks)).toEqual(looks.map(() => [null]))
})

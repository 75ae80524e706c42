/** A ledger that lacks something, or holds what is not its own, is never taken for one by which nothing was spent. */
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decode, encode, type Value } from '../../../src/protocol/core/codec.js'
import { type Home, openHome } from '../../../src/storage/home/home.js'
import { listClaims, RequestClaims } from '../../../src/storage/home/request-claims.js'
import { Ledger } from '../../../src/storage/ledger/ledger.js'
import { SEGMENT } from '../../../src/storage/ledger/entry.js'
import { hex } from '../../../src/wire/base/text.js'
import { bytes32, failureOf, newHome } from '../support.js'
import { DAY, idOf, KEY, SetClock, spender, START, wanted } from './support.js'

const folderOf = (home: Home, key = KEY): string => join(home.ledger, hex(key))
const markOf = (home: Home): string => join(home.claims, `spent-${hex(KEY)}`)

/** A home that spent 1 by each of `count` requests. */
async function spentHome(count: number, { key = KEY, start = START, at = null as Home | null } = {}) {
  const home = at ?? (await newHome())
  const clock = new SetClock()
  clock.time = start
  const ledger = new Ledger(home, key, clock)
  for (let n = 0; n < count; n++) {
    clock.time += 1000
    await ledger.reserve(wanted(n, 1n), () => ({ outcome: 'allow' }))
    await ledger.spend(wanted(n, 1n), () => ({ outcome: 'allow' }))
  }
  return { home, clock, folder: folderOf(home, key) }
}

/** The file of an entry in the first segment. */
const entry = (folder: string, n: number): string => join(folder, '0', String(n))

type Fields = ReadonlyMap<string, Value>

/** Changes a field of a record in a file. */
function edit(path: string, name: string, change: (value: Value) => Value): void {
  const held = decode(new Uint8Array(readFileSync(path))) as Fields
  writeFileSync(path, encode(new Map([...held].map(([k, value]) => [k, k === name ? change(value) : value]))))
}

const amountTo = (amount: number) => (event: Value) =>
  new Map([...(event as Fields), ['spending', [['evm:1', 'native', Uint8Array.of(amount)]]]] as [
    string,
    Value,
  ][])

/** Everything refuses, by a failure that says what and what to do. */
async function expectRefused(home: Home, clock: SetClock, says: RegExp): Promise<void> {
  const { ledger, reserve, spend, used } = spender(home, clock)
  const acts = [
    used,
    () => reserve(wanted(99, 1n)),
    () => spend(wanted(99, 1n)),
    () => ledger.release(idOf(0)),
  ]
  for (const act of acts) {
    const failure = await failureOf(act)
    expect(failure).toMatchObject({ kind: 'conflict', code: 'E_LEDGER' })
    expect(failure.message).toMatch(says)
    expect(failure.message).toContain(folderOf(home))
    expect(failure.hint).toContain('copy of this home')
  }
}

type Damage = (files: { folder: string; home: Home; last: number }) => void

const within: Readonly<Record<string, readonly [RegExp, Damage]>> = {
  'without its last entry': [
    /ends with entry 7, and its head names 8/,
    ({ folder, last }) => rmSync(entry(folder, last)),
  ],
  'without one in the middle': [
    /does not hold its entries from 0 on/,
    ({ folder }) => rmSync(entry(folder, 3)),
  ],
  'without its first entry': [
    /does not hold its entries from 0 on/,
    ({ folder }) => rmSync(entry(folder, 0)),
  ],
  'without its entries': [
    /lacks its entries/,
    ({ folder }) => rmSync(join(folder, '0'), { recursive: true }),
  ],
  'with an empty segment': [
    /does not hold its entries from 0 on/,
    ({ folder }) => readdirSync(join(folder, '0')).forEach((name) => rmSync(join(folder, '0', name))),
  ],
  'without its head': [/lacks its head/, ({ folder }) => rmSync(join(folder, 'head'))],
  'that is gone': [/is gone/, ({ folder }) => rmSync(folder, { recursive: true })],
  'that is gone with the mark of the last spend': [
    /is gone, and it has spent request/,
    ({ folder, home }) => {
      rmSync(folder, { recursive: true })
      rmSync(markOf(home))
    },
  ],
  'of which an entry is half there': [
    /bad entry 5/,
    ({ folder }) => writeFileSync(entry(folder, 5), readFileSync(entry(folder, 5)).subarray(0, 40)),
  ],
  'of which an entry is empty': [/bad entry 5/, ({ folder }) => writeFileSync(entry(folder, 5), '')],
  'of which an amount was changed': [
    /bad entry 7: it does not follow the entry before/,
    ({ folder }) => edit(entry(folder, 6), 'event', amountTo(7)),
  ],
  'of which the last amount was changed': [
    /another end than its head names/,
    ({ folder, last }) => edit(entry(folder, last), 'event', amountTo(7)),
  ],
  'of which the beginning was changed': [
    /bad entry 1: it does not follow/,
    ({ folder }) => edit(entry(folder, 0), 'at', (at) => Number(at) + 1),
  ],
  'of which a time was moved back': [
    /bad entry 4: it is earlier/,
    ({ folder }) => edit(entry(folder, 4), 'at', (at) => Number(at) - 1500),
  ],
  'of which two entries changed places': [
    /bad entry/,
    ({ folder }) => {
      renameSync(entry(folder, 3), join(folder, 'x'))
      renameSync(entry(folder, 5), entry(folder, 3))
      renameSync(join(folder, 'x'), entry(folder, 5))
    },
  ],
  'of which an entry stands for two': [
    /bad entry|does not hold/,
    ({ folder }) => cpSync(entry(folder, 2), entry(folder, 4)),
  ],
  'with an entry that nobody made': [
    /bad entry 9/,
    ({ folder }) => cpSync(entry(folder, 1), entry(folder, 9)),
  ],
  'whose head names an earlier end': [
    /ends with entry 8, and its head names 6/,
    ({ folder }) => edit(join(folder, 'head'), 'n', () => 6),
  ],
  'whose head names another hash': [
    /another end than its head names/,
    ({ folder }) => edit(join(folder, 'head'), 'hash', () => bytes32(1)),
  ],
  'whose head is of another key': [
    /head of another key/,
    ({ folder }) => edit(join(folder, 'head'), 'key_id', () => bytes32(1)),
  ],
  'whose head is damaged': [/bad head/, ({ folder }) => writeFileSync(join(folder, 'head'), 'half')],
}

describe('a ledger', () => {
  test.each(Object.entries(within))('%s', async (_, [says, damage]) => {
    const { home, clock, folder } = await spentHome(4)
    damage({ folder, home, last: 8 })
    await expectRefused(home, clock, says)
  })

  test('of another key in its place', async () => {
    const { home, clock, folder } = await spentHome(4)
    const other = await spentHome(4, { key: bytes32(0x77) })
    rmSync(folder, { recursive: true })
    cpSync(other.folder, folder, { recursive: true })
    await expectRefused(home, clock, /head of another key/)
    edit(join(folder, 'head'), 'key_id', () => KEY)
    await expectRefused(home, clock, /an entry 0 that is not its own/)
  })

  test('with an entry of another ledger of the same key', async () => {
    const { home, clock, folder } = await spentHome(4)
    const other = await spentHome(4, { start: START + 1 })
    cpSync(entry(other.folder, 5), entry(folder, 5))
    await expectRefused(home, clock, /bad entry/)
  })

  test('whose end was cut off with its head is noticed by the claims', async () => {
    const { home, clock, folder } = await spentHome(3)
    cpSync(folder, `${folder}-before`, { recursive: true })
    const { reserve, spend } = spender(home, clock)
    await reserve(wanted(7, 50n))
    await spend(wanted(7, 50n))
    rmSync(folder, { recursive: true })
    renameSync(`${folder}-before`, folder)
    await expectRefused(home, clock, /lacks entry 8, by which something was spent/)
    // By the claims on that very request too.
    rmSync(markOf(home))
    const failure = await failureOf(() => reserve(wanted(7, 50n)))
    expect(failure).toMatchObject({ code: 'E_LEDGER', message: expect.stringContaining('lacks entry 8') })
  })

  test('whose claims are of an older copy goes on: it knows more than they', async () => {
    const { home, clock } = await spentHome(4)
    rmSync(home.claims, { recursive: true })
    expect(await spender(home, clock).used()).toBe(4n)
  })

  test('whose marks are damaged is not believed', async () => {
    const { home, clock } = await spentHome(4)
    const mark = readFileSync(markOf(home))
    writeFileSync(markOf(home), 'half')
    expect(await failureOf(spender(home, clock).used)).toMatchObject({ kind: 'conflict', code: 'E_LEDGER' })
    writeFileSync(markOf(home), mark)
    const claims = new RequestClaims(home, idOf(2))
    writeFileSync(
      join(claims.folder, 'spend'),
      readFileSync(join(new RequestClaims(home, idOf(1)).folder, 'spend')),
    )
    const failure = await failureOf(() => spender(home, clock).reserve(wanted(2, 1n)))
    expect(failure.message).toContain('does not spend request')
  })
})

describe('a reservation whose request has a damaged claim', () => {
  test.each(['claim.1', 'left', 'done', 'refused'])('in %s is spent, and others are signed', async (name) => {
    const home = await newHome()
    const clock = new SetClock()
    const { ledger, reserve, spend, used } = spender(home, clock)
    expect(await reserve(wanted(1, 60n))).toBe('allow')
    const claims = new RequestClaims(home, idOf(1))
    await claims.take(1)
    writeFileSync(join(claims.folder, name), 'half')
    expect(await failureOf(() => claims.status())).toMatchObject({ code: 'E_CLAIM_FILES' })
    expect(await reserve(wanted(2, 41n))).toBe('deny')
    expect(await reserve(wanted(2, 40n))).toBe('allow')
    expect(await spend(wanted(2, 40n))).toBe('allow')
    // Its own process counts it no second time, and does not take it back.
    expect(await ledger.release(idOf(1))).toBe(false)
    expect(await spend(wanted(1, 60n))).toBe('allow')
    expect(await used()).toBe(100n)
    await ledger.check()
    clock.time += DAY
    expect(await used()).toBe(0n)
  })
})

describe('a ledger in which nothing is spent', () => {
  test('is held against the claims once, and then stands by itself', async () => {
    const home = await newHome()
    const clock = new SetClock()
    const claims = new RequestClaims(home, idOf(1))
    await claims.keepSpend(Buffer.from('half'))
    const { reserve, used } = spender(home, clock)
    expect(await failureOf(used)).toMatchObject({ code: 'E_LEDGER' })
    rmSync(claims.folder, { recursive: true })
    expect(await used()).toBe(0n)
    await claims.keepSpend(Buffer.from('half'))
    expect(await used()).toBe(0n)
    expect(await reserve(wanted(2, 100n))).toBe('allow')
    expect(await failureOf(() => reserve(wanted(1, 0n)))).toMatchObject({ code: 'E_LEDGER' })
  })

  test('holds no clock back', async () => {
    const clock = new SetClock()
    const { reserve, used } = spender(await newHome(), clock)
    expect(await used()).toBe(0n)
    clock.time -= 1000 * DAY
    expect(await reserve(wanted(1, 100n))).toBe('allow')
  })

  test('is missed once it is gone and something was spent since', async () => {
    const { home, clock, folder } = await spentHome(1)
    rmSync(folder, { recursive: true })
    await expectRefused(home, clock, /is gone/)
    await expectRefused(home, clock, /is gone/)
  })
})

describe('a long ledger', () => {
  const COUNT = 2 * SEGMENT
  /** The segments that are over: each request has two entries, and each segment begins with one more. */
  const OVER = Math.floor((2 * COUNT) / (SEGMENT - 1))
  let spent: Awaited<ReturnType<typeof spentHome>>
  beforeAll(async () => {
    const at = await openHome(await mkdtemp(join(tmpdir(), 'mpc-ledger-')))
    spent = await spentHome(COUNT, { at })
  })
  afterAll(() => rmSync(spent.home.root, { recursive: true }))

  /** The same in a copy of the home. */
  async function copied() {
    const { home, clock } = spent
    const copy = await newHome()
    for (const name of ['ledger', 'claims'])
      cpSync(join(home.root, name), join(copy.root, name), { recursive: true })
    return { home: copy, clock, folder: folderOf(copy) }
  }

  test('keeps what is over in one file a segment, and counts the same', async () => {
    const { home, clock, folder } = await copied()
    expect(readdirSync(join(folder, 'packed', '0')).length).toBe(OVER)
    expect(readdirSync(folder).sort()).toEqual([String(OVER), 'head', 'packed'])
    const { ledger, used } = spender(home, clock)
    expect(await used()).toBe(BigInt(COUNT))
    // Spends are a second apart.
    for (const count of [1, 2, 15, 16, 17, 30, 31, 32, 33, 34, 47, 48, COUNT - 1]) {
      expect(await used([{ ...wanted(0, 0n).windows[0]!, window: count * 1000 }])).toBe(BigInt(count))
    }
    await ledger.check()
    expect((await listClaims(home)).length).toBe(COUNT)
  })

  const over: Readonly<Record<string, (path: string) => void>> = {
    'is gone': (path) => rmSync(path),
    'is damaged': (path) => writeFileSync(path, 'half'),
    'is another': (path) => cpSync(join(dirname(path), String(Number(basename(path)) + 1)), path),
    'has a changed entry': (path) =>
      edit(path, 'entries', (entries) =>
        (entries as Uint8Array[]).map((each, i) => (i === 10 ? changed(each) : each)),
      ),
  }
  const changed = (held: Uint8Array): Uint8Array => {
    const fields = decode(held) as Fields
    return encode(new Map([...fields, ['at', Number(fields.get('at')) + 1]] as [string, Value][]))
  }

  test.each(Object.entries(over))('of which a segment that is over %s', async (_, damage) => {
    const { home, clock, folder } = await copied()
    const path = join(folder, 'packed', '0', '1')
    expect(existsSync(path)).toBe(true)
    damage(path)
    const { ledger, used } = spender(home, clock)
    // The window that begins there needs it; one that begins later or before everything does not.
    const windowed = (count: number) => used([{ ...wanted(0, 0n).windows[0]!, window: count * 1000 }])
    expect(await failureOf(() => windowed(COUNT - 20))).toMatchObject({ code: 'E_LEDGER' })
    expect(await windowed(10)).toBe(10n)
    expect(await failureOf(() => ledger.check())).toMatchObject({ code: 'E_LEDGER' })
  })
})

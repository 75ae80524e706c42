import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { encode } from '../../../src/protocol/core/codec.js'
import { createFile, ensureDir } from '../../../src/storage/fs/atomic.js'
import { thisProcess } from '../../../src/storage/fs/processes.js'
import type { Home } from '../../../src/storage/home/home.js'
import { RequestClaims } from '../../../src/storage/home/request-claims.js'
import { Chain } from '../../../src/storage/ledger/chain.js'
import { Ledger, type Wanted } from '../../../src/storage/ledger/ledger.js'
import { LONGEST_LIFE } from '../../../src/wire/ceremony/request.js'
import { bytes32, failureOf, newHome } from '../support.js'
import { A_DAY, DAY, ETHER, idOf, KEY, SetClock, spender, START, USDC, wanted } from './support.js'

const dead = async () => ({ ...(await thisProcess()), boot: 'the boot before' })
/** A process of another container, of which nobody here sees whether it lives. */
const elsewhere = async () => ({ ...(await thisProcess()), namespace: 'pid:[1]' })

/** The claim of a process; by default it has died. */
async function claimed(home: Home, request: Uint8Array, of = dead): Promise<void> {
  const { folder } = new RequestClaims(home, request)
  await ensureDir(folder)
  const claim = { format: 'mpc/claim/v1', process: await of(), order: 1 }
  await createFile(join(folder, 'claim.1'), encode(claim))
}

/** What a process reserved; by default it has died since. */
async function reserved(home: Home, clock: SetClock, each: Wanted, of = dead): Promise<void> {
  const { request, payload, policy, spending } = each
  const chain = new Chain(home, KEY)
  await chain.load(true)
  const process = await of()
  await chain.append({ kind: 'reserve', request, payload, policy, spending, process }, clock.time)
}

describe('what is reserved and spent', () => {
  test('counts, once, by exact integers', async () => {
    const one = spender(await newHome(), new SetClock())
    const { reserve, spend, used } = one
    expect(await used()).toBe(0n)
    const each = wanted(1, 60n)
    for (let again = 0; again < 3; again++) {
      expect(await reserve(each)).toBe('allow')
      expect(await used()).toBe(60n)
    }
    for (let again = 0; again < 3; again++) {
      expect(await spend(each)).toBe('allow')
      expect(await used()).toBe(60n)
    }
    // A second attempt at it is judged without itself.
    expect(await one.ledger.spent(A_DAY, each.request)).toMatchObject([{ amount: 0n }])
    expect(await reserve(each)).toBe('allow')
    expect(await used()).toBe(60n)
    expect(await reserve(wanted(2, 41n))).toBe('deny')
    expect(await reserve(wanted(3, 40n))).toBe('allow')
    expect(await used()).toBe(100n)
  })

  test('may be as large as any token holds', async () => {
    const { reserve, spend, used } = spender(await newHome(), new SetClock(), 1n << 300n)
    const most = (1n << 256n) - 1n
    for (const n of [1, 2, 3]) {
      const each = wanted(n, most)
      expect(await reserve(each)).toBe('allow')
      expect(await spend(each)).toBe('allow')
    }
    expect(await used()).toBe(3n * most)
  })

  test('is released, unless it is spent', async () => {
    const { ledger, reserve, spend, used } = spender(await newHome(), new SetClock())
    expect(await ledger.release(idOf(1))).toBe(false)
    await reserve(wanted(1, 60n))
    expect(await ledger.release(idOf(1))).toBe(true)
    expect(await used()).toBe(0n)
    await reserve(wanted(1, 60n))
    await spend(wanted(1, 60n))
    expect(await ledger.release(idOf(1))).toBe(false)
    expect(await used()).toBe(60n)
  })

  test('is spent without a reservation only if it fits', async () => {
    const { spend, used } = spender(await newHome(), new SetClock())
    expect(await spend(wanted(1, 101n))).toBe('deny')
    expect(await spend(wanted(2, 100n))).toBe('allow')
    expect(await spend(wanted(3, 1n))).toBe('deny')
    expect(await used()).toBe(100n)
  })

  test('is reserved anew with what a later attempt says of it, and not at all once it is denied', async () => {
    const { reserve, used } = spender(await newHome(), new SetClock())
    await reserve(wanted(1, 60n))
    expect(await reserve(wanted(1, 70n))).toBe('allow')
    expect(await used()).toBe(70n)
    expect(await reserve(wanted(1, 101n))).toBe('deny')
    expect(await used()).toBe(0n)
  })

  test('counts for its own asset alone, and of no asset for nothing', async () => {
    const { ledger, reserve, used } = spender(await newHome(), new SetClock())
    const both = [
      { ...USDC, amount: 60n },
      { ...ETHER, amount: 7n },
    ]
    await reserve(wanted(1, 0n, { spending: both }))
    expect(await used()).toBe(60n)
    const windows = [ETHER, USDC, { chain: 'evm:10', contract: 'native' }].map((each) => ({
      ...each,
      window: DAY,
    }))
    expect((await ledger.spent(windows)).map(({ amount }) => amount)).toEqual([7n, 60n, 0n])
    await reserve(wanted(2, 0n, { spending: [] }))
    expect(await used()).toBe(60n)
  })

  test('of two that fit only one at a time, one is reserved', async () => {
    const home = await newHome()
    const clock = new SetClock()
    const outcomes = await Promise.all([1, 2, 3, 4].map((n) => spender(home, clock).reserve(wanted(n, 60n))))
    expect(outcomes.sort()).toEqual(['allow', 'deny', 'deny', 'deny'])
    expect(await spender(home, clock).used()).toBe(60n)
  })

  test('is counted by each key for itself', async () => {
    const home = await newHome()
    const { reserve } = spender(home, new SetClock())
    await reserve(wanted(1, 60n))
    const other = new Ledger(home, bytes32(0x99), new SetClock())
    expect(await other.spent(A_DAY)).toMatchObject([{ amount: 0n }])
  })

  test('of an amount that is not known uses the window up, while it counts', async () => {
    const clock = new SetClock()
    const { ledger, spend, reserve, used } = spender(await newHome(), clock)
    const open = wanted(1, null)
    await ledger.reserve(open, () => ({ outcome: 'allow' }))
    expect(await used()).toBe(null)
    expect(await reserve(wanted(2, 1n))).toBe('deny')
    await ledger.spend(open, () => ({ outcome: 'allow' }))
    expect(await used()).toBe(null)
    // Its own attempts are judged without it.
    expect((await ledger.reserve(open, (spent) => ({ outcome: 'allow', spent }))).spent).toMatchObject([
      { amount: 0n },
    ])
    clock.time += DAY
    expect(await used()).toBe(0n)
    expect(await spend(wanted(3, 1n))).toBe('allow')
  })
})

describe('windows', () => {
  test('an entry counts as long as it is younger than the window, to the millisecond', async () => {
    const clock = new SetClock()
    const { reserve, spend, used } = spender(await newHome(), clock)
    await reserve(wanted(1, 60n))
    clock.time += 5000
    await spend(wanted(1, 60n))
    clock.time = START + 5000 + DAY - 1
    expect(await used()).toBe(60n)
    expect(await reserve(wanted(2, 41n))).toBe('deny')
    clock.time += 1
    expect(await used()).toBe(0n)
    expect(await reserve(wanted(2, 100n))).toBe('allow')
  })

  test('what is reserved counts until it is spent or released, however long', async () => {
    const clock = new SetClock()
    const { ledger, reserve, used } = spender(await newHome(), clock)
    await reserve(wanted(1, 60n))
    clock.time += 40 * DAY
    expect(await used()).toBe(60n)
    await ledger.release(idOf(1))
    expect(await used()).toBe(0n)
  })

  test('each has its own sum', async () => {
    const clock = new SetClock()
    const { ledger, spend } = spender(await newHome(), clock, 1000n)
    const hour = 3_600_000
    for (let n = 0; n < 30; n++) {
      await spend(wanted(n, 1n))
      clock.time += hour
    }
    const windows = [hour, hour + 1, 2 * hour + 1, DAY, 30 * hour, 30 * DAY].map((window) => ({
      ...USDC,
      window,
    }))
    expect((await ledger.spent(windows)).map(({ amount }) => amount)).toEqual([0n, 1n, 2n, 23n, 29n, 30n])
  })

  test('after the share came from elsewhere each is used up for as long as it lasts', async () => {
    const clock = new SetClock()
    const { ledger, reserve, used } = spender(await newHome(), clock)
    await ledger.restored()
    const hour = [{ ...USDC, window: 3_600_000 }]
    expect([await used(), await used(hour)]).toEqual([null, null])
    expect(await reserve(wanted(1, 0n))).toBe('deny')
    clock.time += 3_600_000
    expect([await used(), await used(hour)]).toEqual([null, 0n])
    clock.time = START + DAY - 1
    expect(await used()).toBe(null)
    clock.time = START + DAY
    expect(await used()).toBe(0n)
  })
})

describe('the clock', () => {
  test('up to two minutes behind is taken for the time of the last entry', async () => {
    const clock = new SetClock()
    const { spend, used } = spender(await newHome(), clock)
    await spend(wanted(1, 60n))
    clock.time -= 120_000
    expect(await used()).toBe(60n)
    await spend(wanted(2, 10n))
    // It counts from the time of the first, which is later than what the clock said.
    clock.time = START + DAY - 1
    expect(await used()).toBe(70n)
    clock.time += 1
    expect(await used()).toBe(0n)
  })

  test('further behind stops everything', async () => {
    const clock = new SetClock()
    const { ledger, reserve, spend, used } = spender(await newHome(), clock)
    await spend(wanted(1, 60n))
    clock.time -= 120_001
    const acts = [
      used,
      () => reserve(wanted(2, 1n)),
      () => spend(wanted(2, 1n)),
      () => ledger.release(idOf(2)),
      () => ledger.restored(),
    ]
    for (const act of acts) {
      const failure = await failureOf(act)
      expect(failure).toMatchObject({ kind: 'conflict', code: 'E_CLOCK_BACK' })
      expect(failure.message).toContain('2025-12-31T23:57:59')
      expect(failure.message).toContain('2026-01-01T00:00:00')
    }
  })
})

describe('a reservation', () => {
  describe.runIf(process.platform === 'linux')('of another container', () => {
    /** How old a reservation may be while its request lives. */
    const LONGEST = LONGEST_LIFE + 120_000

    test('is released once its request has lapsed, whoever of there claimed it', async () => {
      const home = await newHome()
      const clock = new SetClock()
      const { used } = spender(home, clock)
      await reserved(home, clock, wanted(1, 60n), elsewhere)
      await claimed(home, idOf(1), elsewhere)
      clock.time += LONGEST
      expect(await used()).toBe(60n)
      clock.time += 1
      expect(await used()).toBe(0n)
    })

    test('is as old as its entry, behind any number of checkpoints', async () => {
      const home = await newHome()
      const clock = new SetClock()
      const { spend, used } = spender(home, clock)
      await reserved(home, clock, wanted(1, 60n), elsewhere)
      for (let n = 100; n < 170; n++) {
        clock.time += 1000
        await spend(wanted(n, 0n))
      }
      clock.time = START + LONGEST
      expect(await used()).toBe(60n)
      clock.time += 1
      expect(await used()).toBe(0n)
    })

    test('stays while a live process of this one has claimed its request, and counts as spent once a share has left', async () => {
      const home = await newHome()
      const clock = new SetClock()
      const { used } = spender(home, clock)
      await reserved(home, clock, wanted(1, 60n), elsewhere)
      const claims = new RequestClaims(home, idOf(1))
      await claims.take(1)
      clock.time += 2 * LONGEST
      expect(await used()).toBe(60n)
      await claims.markLeft(bytes32(0x22))
      expect(await used()).toBe(60n)
      clock.time += DAY
      expect(await used()).toBe(0n)
      const spent = [{ ...USDC, window: 30 * DAY }]
      expect(await used(spent)).toBe(60n)
    })

    test('that is released while its process lives is judged again before it is spent', async () => {
      const home = await newHome()
      const clock = new SetClock()
      const { reserve, spend } = spender(home, clock)
      await reserved(home, clock, wanted(1, 60n), elsewhere)
      clock.time += LONGEST + 1
      expect(await reserve(wanted(2, 60n))).toBe('allow')
      expect(await spend(wanted(1, 60n))).toBe('deny')
    })
  })

  test('of a dead process is released by the next one that looks, whether or not it claimed the request', async () => {
    const home = await newHome()
    const clock = new SetClock()
    const { used } = spender(home, clock)
    await reserved(home, clock, wanted(1, 60n))
    await claimed(home, idOf(1))
    expect(await used()).toBe(0n)
    await reserved(home, clock, wanted(2, 60n))
    expect(await used()).toBe(0n)
  })

  test('of a live process stays, before it takes over the claim of a dead one', async () => {
    const home = await newHome()
    const { reserve, used } = spender(home, new SetClock())
    await claimed(home, idOf(1))
    await reserve(wanted(1, 60n))
    expect(await used()).toBe(60n)
  })

  test('of a dead process stays while a live one has claimed the request', async () => {
    const home = await newHome()
    const clock = new SetClock()
    await reserved(home, clock, wanted(1, 60n))
    await new RequestClaims(home, idOf(1)).take(1)
    expect(await spender(home, clock).used()).toBe(60n)
  })

  test('of a process that died with its share sent is spent, from when that is seen', async () => {
    const home = await newHome()
    const clock = new SetClock()
    const { ledger, reserve, used } = spender(home, clock)
    await reserve(wanted(1, 60n))
    const claims = new RequestClaims(home, idOf(1))
    await claims.take(1)
    await claims.markLeft(bytes32(0x22))
    clock.time += 1000
    expect(await ledger.release(idOf(1))).toBe(false)
    clock.time = START + DAY + 999
    expect(await used()).toBe(60n)
    clock.time += 1
    expect(await used()).toBe(0n)
  })

  test('of a request that a live process has claimed stays', async () => {
    const home = await newHome()
    const { reserve, used } = spender(home, new SetClock())
    await reserve(wanted(1, 60n))
    await new RequestClaims(home, idOf(1)).take(1)
    expect(await used()).toBe(60n)
  })

  test('of a request that was refused here is released', async () => {
    const home = await newHome()
    const { reserve, used } = spender(home, new SetClock())
    await reserve(wanted(1, 60n))
    await new RequestClaims(home, idOf(1)).refuse('no')
    expect(await used()).toBe(0n)
  })

  test('that was released by another process is judged again before it is spent', async () => {
    const home = await newHome()
    const clock = new SetClock()
    const { reserve, spend, used } = spender(home, clock)
    await reserved(home, clock, wanted(1, 60n))
    expect(await reserve(wanted(2, 60n))).toBe('allow')
    expect(await spend(wanted(1, 60n))).toBe('deny')
    expect(await used()).toBe(60n)
  })
})

test('a payload that moves more assets than a ledger records at once is refused', async () => {
  const { ledger } = spender(await newHome(), new SetClock())
  const many = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ chain: 'evm:1', contract: `0x${i}`, amount: 1n }))
  const allow = () => ({ outcome: 'allow' })
  const failure = await failureOf(() => ledger.reserve(wanted(1, 0n, { spending: many(257) }), allow))
  expect(failure).toMatchObject({ kind: 'refused', code: 'E_SPENDING' })
  expect(await ledger.reserve(wanted(1, 0n, { spending: many(256) }), allow)).toEqual({ outcome: 'allow' })
  // What could not be read again is not written.
  const long = [{ chain: 'evm:1', contract: 'x'.repeat(257), amount: 1n }]
  expect(await failureOf(() => ledger.reserve(wanted(2, 0n, { spending: long }), allow))).toMatchObject({
    code: 'E_SPENDING',
  })
  expect(await ledger.spent([{ chain: 'evm:1', contract: '0x7', window: DAY }])).toMatchObject([
    { amount: 1n },
  ])
})

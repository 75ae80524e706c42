/** The ledger against a list of what was said to it. */
import { expect, test } from 'vitest'
import type { Spending } from '../../../src/storage/ledger/entry.js'
import { newHome } from '../support.js'
import { seededRng } from '../../support/rng.js'
import { DAY, ETHER, idOf, SetClock, spender, USDC, wanted } from './support.js'

const HOUR = 3_600_000
const WINDOWS = [ETHER, USDC].flatMap((asset) => [HOUR, DAY, 7 * DAY].map((window) => ({ ...asset, window })))

type Counted = { readonly spending: readonly Spending[]; at: number | null }

/** The sums by adding up everything that was ever said. */
const modelled = (counted: ReadonlyMap<number, Counted>, now: number, restored: number | null) =>
  WINDOWS.map(({ chain, contract, window }) => {
    const amounts = [...counted.values()]
      .filter(({ at }) => at === null || now - at < window)
      .flatMap(({ spending }) => spending)
      .filter((each) => each.chain === chain && each.contract === contract)
      .map(({ amount }) => amount)
    const isUsedUp = amounts.includes(null) || (restored !== null && now - restored < window)
    return isUsedUp ? null : amounts.reduce<bigint>((sum, amount) => sum + (amount ?? 0n), 0n)
  })

test.each(['one', 'two'])('seed %s', async (seed) => {
  const rng = seededRng(`ledger ${seed}`, 1)
  const below = (n: number): number => new DataView(rng(4).buffer).getUint32(0) % n
  const clock = new SetClock()
  const { ledger } = spender(await newHome(), clock)
  const counted = new Map<number, Counted>()
  let restored: number | null = null
  const allow = () => ({ outcome: 'allow' })
  for (let step = 0; step < 80; step++) {
    clock.time += below(4) === 0 ? below(DAY) : below(HOUR / 4)
    const n = below(40)
    const amount = below(12) === 0 ? null : BigInt(below(1000)) << BigInt(below(240))
    const spending = [USDC, ETHER].slice(below(2), 2).map((asset) => ({ ...asset, amount }))
    const each = wanted(n, 0n, { spending, windows: WINDOWS })
    const before = counted.get(n)
    const act = below(20)
    if (act < 8) {
      await ledger.reserve(each, allow)
      if (before?.at === undefined || before.at === null) counted.set(n, { spending, at: null })
    } else if (act < 15) {
      await ledger.spend(each, allow)
      if (before?.at === undefined || before.at === null) counted.set(n, { spending, at: clock.time })
    } else if (act < 18) {
      expect(await ledger.release(idOf(n))).toBe(before?.at === null)
      if (before?.at === null) counted.delete(n)
    } else if (act === 18 && below(8) === 0) {
      await ledger.restored()
      restored = clock.time
    } else {
      // A decision is made without the request itself, and changes nothing if it is a no.
      const others = new Map([...counted].filter(([other]) => other !== n))
      const { spent } = await ledger.reserve(each, (sums) => ({ outcome: 'deny', spent: sums }))
      expect(spent.map((sum) => sum.amount)).toEqual(modelled(others, clock.time, restored))
      if (before?.at === null) counted.delete(n)
    }
    if (step % 5 === 0) {
      const sums = await ledger.spent(WINDOWS)
      expect(sums.map((sum) => sum.amount)).toEqual(modelled(counted, clock.time, restored))
    }
  }
  await ledger.check()
})

/** Sums of a ledger over rolling windows: the difference of what was spent at two times, and what is reserved. */
import { hex } from '../../wire/base/text.js'
import type { Chain } from './chain.js'
import type { Entry, Spending } from './entry.js'
import { assetOf } from './tally.js'

export type Window = {
  readonly chain: string
  readonly contract: string
  /** Milliseconds. */
  readonly window: number
}

/** The amount in smallest units; null: the window counts as used up. */
export type Sum = Window & { readonly amount: bigint | null }

/** A request that is left out, and the entry that spends it, if one does. */
type But = { readonly request: Uint8Array | null; readonly spend: Entry | null }

/** @param now milliseconds since 1970, not before the last entry */
export async function sumsOf(
  chain: Chain,
  windows: readonly Window[],
  now: number,
  but: But,
): Promise<readonly Sum[]> {
  const { tally } = chain
  const open = [...(tally?.open.values() ?? [])].filter(
    ({ request }) => but.request === null || hex(request) !== hex(but.request),
  )
  const sums = new Map<number, ReadonlyMap<string, bigint | null>>()
  for (const { window } of windows) {
    if (!sums.has(window)) sums.set(window, await spentIn(chain, window, now, but))
  }
  return windows.map((each) => {
    const { window } = each
    const isRestored = tally?.restored != null && now - tally.restored < window
    const spent = sums.get(window)?.get(assetOf(each))
    const reserved = amountsOf(open.flatMap(({ spending }) => spending).filter(isOf(each)))
    const amount = isRestored || spent === null || reserved === null ? null : (spent ?? 0n) + reserved
    return { ...each, amount }
  })
}

/** By asset, what was spent in the window; an asset of which nothing ever was is missing. */
async function spentIn(
  chain: Chain,
  window: number,
  now: number,
  { spend }: But,
): Promise<ReadonlyMap<string, bigint | null>> {
  const before = await chain.upTo(now - window)
  const counts = spend !== null && now - spend.at < window
  const own = counts && spend.event.kind === 'spend' ? spend.event.spending : []
  return new Map(
    [...(chain.tally?.totals ?? [])].map(([asset, total]) => {
      const earlier = before?.totals.get(asset)
      const mine = own.filter(isOf(total))
      const unknown =
        total.unknown - (earlier?.unknown ?? 0) - mine.filter(({ amount }) => amount === null).length
      const known = mine.reduce((sum, { amount }) => sum + (amount ?? 0n), 0n)
      return [asset, unknown > 0 ? null : total.amount - (earlier?.amount ?? 0n) - known]
    }),
  )
}

const isOf =
  (one: Pick<Window, 'chain' | 'contract'>) =>
  (other: Spending): boolean =>
    one.chain === other.chain && one.contract === other.contract

const amountsOf = (spending: readonly Spending[]): bigint | null =>
  spending.reduce<bigint | null>(
    (sum, { amount }) => (sum === null || amount === null ? null : sum + amount),
    0n,
  )

/** Sums: what a payload spends of each asset, and whether it fits into the windows of a rule. */
import type { View } from '../payload/decoder.js'
import { comparable, EVM_ANY } from '../payload/chain.js'
import type { Spent } from './inputs.js'
import type { Asset, Limit, Policy, Rule } from './language.js'
import { known } from './match.js'

/** An asset's total spent by a payload; amount null: it is not known, or has no end. */
export type Spending = { readonly chain: string; readonly contract: string; readonly amount: bigint | null }

export type LimitState = {
  readonly rule: string
  /** As the policy names it: `per-24h`. */
  readonly label: string
  readonly asset: Asset
  /** Before this payload; null: used up. */
  readonly used: bigint | null
  /** By this payload; null: not known. */
  readonly adds: bigint | null
  readonly max: bigint
  readonly fits: boolean
}

/**
 * A payload's spending: transfers, approvals and permits, whatever the rule; each asset once. A ledger
 * records it, and a batch is summed by it.
 */
export function spendingOf({ effects }: View): readonly Spending[] {
  const sums = new Map<string, Spending>()
  for (const effect of effects) {
    if (effect.kind !== 'transfer' && effect.kind !== 'approve' && effect.kind !== 'permit') continue
    if (effect.asset === null) continue
    const { chain } = effect
    const contract = comparable(chain, effect.asset)
    const amount = known(effect)
    const before = sums.get(`${chain} ${contract}`)?.amount
    const sum = amount === null || before === null ? null : (before ?? 0n) + amount
    sums.set(`${chain} ${contract}`, { chain, contract, amount: sum })
  }
  return [...sums.values()]
}

/**
 * How much a payload spends of an asset. A signature that holds on every chain spends on each.
 * @returns undefined: it does not spend it; null: the amount is not known
 */
export function spentOf(asset: Asset, spending: readonly Spending[]): bigint | null | undefined {
  const amounts = chainsOf(asset).flatMap((chain) =>
    spending.filter((each) => isOf(each, { ...asset, chain })).map(({ amount }) => amount),
  )
  return amounts.length === 0 ? undefined : sum(amounts)
}

/** The sums that a policy asks of the ledger, each once. */
export function windowsOf({ rules }: Policy): readonly Omit<Spent, 'amount'>[] {
  const windows = new Map<string, Omit<Spent, 'amount'>>()
  for (const { asset, window } of rules.flatMap(({ limits }) => limits)) {
    const { contract } = asset
    for (const chain of window === null ? [] : chainsOf(asset)) {
      windows.set(`${chain} ${contract} ${window}`, { chain, contract, window: window as number })
    }
  }
  return [...windows.values()]
}

/** The chains whose spending counts for an asset. */
const chainsOf = ({ chain }: Asset): readonly string[] =>
  chain.startsWith('evm:') && chain !== EVM_ANY ? [chain, EVM_ANY] : [chain]

/** The limits of a rule on the assets that the payload spends. */
export const limitStates = (
  { name, limits }: Rule,
  spending: readonly Spending[],
  spent: readonly Spent[],
): readonly LimitState[] =>
  limits.flatMap((limit) => {
    const adding = spentOf(limit.asset, spending)
    return adding === undefined ? [] : [stateOf(name, limit, adding, spent)]
  })

function stateOf(rule: string, limit: Limit, adds: bigint | null, spent: readonly Spent[]): LimitState {
  const { label, asset, max, window } = limit
  const used = window === null ? 0n : usedIn(window, asset, spent)
  const fits = used !== null && adds !== null && used + adds <= max
  return { rule, label, asset, used, adds, max, fits }
}

const usedIn = (window: number, asset: Asset, spent: readonly Spent[]): bigint | null =>
  sum(chainsOf(asset).map((chain) => largest(window, { ...asset, chain }, spent)))

/** The largest of the sums given: more than one is a mistake of the caller, which costs no money so. */
function largest(window: number, asset: Asset, spent: readonly Spent[]): bigint | null {
  const sums = spent.filter((each) => each.window === window && isOf(each, asset)).map(({ amount }) => amount)
  return sums.reduce<bigint | null>(
    (most, amount, i) => (i === 0 ? amount : most === null || amount === null ? null : max(most, amount)),
    null,
  )
}

const sum = (amounts: readonly (bigint | null)[]): bigint | null =>
  amounts.reduce<bigint | null>((all, each) => (all === null || each === null ? null : all + each), 0n)

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b)

const isOf = (
  each: { readonly chain: string; readonly contract: string },
  { chain, contract }: Asset,
): boolean => each.chain === chain && each.contract === contract

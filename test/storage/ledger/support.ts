/** A ledger with a clock that the test sets, and everything that a limit needs of a decision. */
import { Ledger, type Wanted } from '../../../src/storage/ledger/ledger.js'
import type { Sum, Window } from '../../../src/storage/ledger/sums.js'
import type { Home } from '../../../src/storage/home/home.js'
import { bytes32 } from '../support.js'

export const KEY = bytes32(0x11)
export const DAY = 86_400_000
export const USDC = { chain: 'evm:1', contract: '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48' }
export const ETHER = { chain: 'evm:1', contract: 'native' }
export const A_DAY: readonly Window[] = [{ ...USDC, window: DAY }]

/** 2026-01-01. */
export const START = Date.UTC(2026, 0, 1)

export class SetClock {
  time = START
  readonly now = (): number => this.time
  readonly after = (span: number, act: () => void): unknown => setTimeout(act, span)
}

/** The ID of the nth request. */
export const idOf = (n: number): Uint8Array => {
  const id = new Uint8Array(32).fill(0xee)
  new DataView(id.buffer).setUint32(0, n)
  return id
}

export const wanted = (n: number, amount: bigint | null, changes: Partial<Wanted> = {}): Wanted => ({
  request: idOf(n),
  payload: bytes32(0x22),
  policy: bytes32(0x33),
  spending: [{ ...USDC, amount }],
  windows: A_DAY,
  ...changes,
})

/** Decides by one limit on all sums. */
export const within =
  (max: bigint, { spending }: Wanted) =>
  (spent: readonly Sum[]) => {
    const adds = spending[0]?.amount ?? null
    const fits = spent.every(({ amount }) => amount !== null && adds !== null && amount + adds <= max)
    return { outcome: fits ? 'allow' : 'deny', spent }
  }

/** What a process of this home does for a limit of `max`. */
export function spender(home: Home, clock: SetClock, max = 100n) {
  const ledger = new Ledger(home, KEY, clock)
  return {
    ledger,
    reserve: async (each: Wanted) => (await ledger.reserve(each, within(max, each))).outcome,
    spend: async (each: Wanted) => (await ledger.spend(each, within(max, each))).outcome,
    /** The sum in a day. */
    used: async (windows = A_DAY) => (await ledger.spent(windows)).map(({ amount }) => amount)[0],
  }
}

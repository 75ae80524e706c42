/** The spending ledger of a home that a share has come to. */
import { expect } from 'vitest'
import type { Home } from '../../src/storage/home/home.js'
import { Ledger } from '../../src/storage/ledger/ledger.js'

/** @param at when the share came; milliseconds since 1970 */
export async function expectUsedUpForAWindow(home: Home, keyId: Uint8Array, at: number): Promise<void> {
  const windows = [3_600_000, 86_400_000].map((window) => ({ chain: 'evm:1', contract: 'native', window }))
  const usedAt = async (now: number) => {
    const clock = { now: () => now, after: () => expect.fail('nobody else is there') }
    return (await new Ledger(home, keyId, clock).spent(windows)).map(({ amount }) => amount)
  }
  expect(await usedAt(at)).toEqual([null, null])
  expect(await usedAt(at + 3_600_000)).toEqual([0n, null])
  expect(await usedAt(at + 86_400_000)).toEqual([0n, 0n])
}

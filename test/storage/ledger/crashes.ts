/** A process that is killed at its ledger, and what must hold afterwards wherever that was. */
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { decode, encode, type Value } from '../../../src/protocol/core/codec.js'
import type { Home } from '../../../src/storage/home/home.js'
import { RequestClaims } from '../../../src/storage/home/request-claims.js'
import { bytes32, newHome } from '../support.js'
import { DAY, idOf, SetClock, spender, USDC, wanted } from './support.js'

/** Locks and claims on the disk name this process, which lives. From now on one of an earlier boot. */
function bury({ root }: Home): void {
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/^(?:lock|claim\.\d+|\.tmp-[0-9a-f]{32})$/.test(entry.name)) continue
    const path = join(entry.parentPath, entry.name)
    const held = (() => {
      try {
        return decode(new Uint8Array(readFileSync(path))) as ReadonlyMap<string, Value>
      } catch {
        return null
      }
    })()
    const holder = held?.get('process') as ReadonlyMap<string, Value> | undefined
    if (!held || !holder) continue
    const dead = Object.fromEntries([...holder, ['boot', 'the boot before']])
    writeFileSync(path, encode(Object.fromEntries([...held, ['process', dead]])))
  }
}

/** The requests of the killed process. */
export const [LEAVES, GIVES_UP] = [1_000_001, 1_000_002]
const WINDOW = [{ ...USDC, window: 30 * DAY }]
const MAX = 1_000_000n

/**
 * A custodian on a copy of a home by which `before` were spent. It signs one request and gives another up; `look` plays
 * the next process.
 */
export async function killedScene(seed: Home | null, before: bigint) {
  const home = await newHome()
  if (seed) {
    for (const name of ['ledger', 'claims']) {
      cpSync(join(seed.root, name), join(home.root, name), { recursive: true })
    }
  }
  const clock = new SetClock()
  clock.time += DAY
  let hasLeft = false
  return {
    home,
    /** Says that the share of the first request has left. */
    left: () => {
      hasLeft = true
    },
    async act() {
      const { ledger, reserve, spend } = spender(home, clock, MAX)
      const each = wanted(LEAVES, 10n)
      const claims = new RequestClaims(home, each.request)
      await claims.take(1)
      expect(await reserve(each)).toBe('allow')
      expect(await spend(each)).toBe('allow')
      await claims.markLeft(each.payload)
      hasLeft = true
      const other = wanted(GIVES_UP, 500n)
      await new RequestClaims(home, other.request).take(1)
      expect(await reserve(other)).toBe('allow')
      expect(await ledger.release(other.request)).toBe(true)
    },
    async look() {
      bury(home)
      const { ledger, reserve, spend, used } = spender(home, clock, MAX)
      const isLeft = existsSync(join(new RequestClaims(home, idOf(LEAVES)).folder, 'left'))
      // Its process is this one, which lives: it is given up once more. After a real death it is gone by itself.
      await ledger.release(idOf(GIVES_UP))
      const counted = ((await used(WINDOW)) ?? -1n) - before
      if (hasLeft || isLeft) expect(counted).toBe(10n)
      else expect([0n, 10n]).toContain(counted)
      await ledger.check()
      // Another attempt, which counts no second time.
      const each = wanted(LEAVES, 10n)
      const claims = new RequestClaims(home, each.request)
      await claims.take(2)
      expect(await reserve(each)).toBe('allow')
      expect(await used(WINDOW)).toBe(before + 10n)
      expect(await spend(each)).toBe('allow')
      await claims.markLeft(bytes32(0x22))
      expect(await used(WINDOW)).toBe(before + 10n)
      await ledger.check()
    },
  }
}

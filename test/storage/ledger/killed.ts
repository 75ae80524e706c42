/** Real processes at one ledger. */
import { once } from 'node:events'
import { expect } from 'vitest'
import type { Home } from '../../../src/storage/home/home.js'
import { run } from '../support.js'
import { GIVES_UP, killedScene, LEAVES } from './crashes.js'
import { DAY, START } from './support.js'

const prelude = ({ root }: Home, limit: number): string => `
  import { appendFileSync, existsSync } from 'node:fs'
  import { setFaultPoint } from '$storage/fs/atomic.js'
  import { openHome } from '$storage/home/home.js'
  import { RequestClaims } from '$storage/home/request-claims.js'
  import { Ledger } from '$storage/ledger/ledger.js'
  const home = await openHome('${root}')
  const fill = (byte) => new Uint8Array(32).fill(byte)
  const clock = { now: () => ${START + DAY}, after: (span, act) => setTimeout(act, span) }
  const ledger = new Ledger(home, fill(0x11), clock)
  const usdc = { chain: 'evm:1', contract: '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48' }
  const windows = [{ ...usdc, window: ${DAY} }]
  const wanted = (n, amount) => {
    const request = fill(0xee)
    new DataView(request.buffer).setUint32(0, n)
    return { request, payload: fill(0x22), policy: fill(0x33), spending: [{ ...usdc, amount }], windows }
  }
  const decide = (amount) => ([sum]) => ({ outcome: sum.amount + amount <= ${limit}n ? 'allow' : 'deny' })
  const claims = ({ request }) => new RequestClaims(home, request)`

/** A process of another container, which reserves 60 for a request and stays. */
export const reserves = (home: Home, n: number, unshare: readonly string[]) =>
  run(
    `${prelude(home, 100)}
    const each = wanted(${n}, 60n)
    await claims(each).take(1)
    console.log((await ledger.reserve(each, decide(60n))).outcome)
    setInterval(() => {}, 1000)`,
    ...unshare,
  )

/** Reserves and spends 10 at a time, under a limit; says how often it might. */
export const manySpends = (home: Home, first: number, count: number, limit: number) =>
  run(`${prelude(home, limit)}
    let allowed = 0
    for (let n = ${first}; n < ${first + count}; n++) {
      const each = wanted(n, 10n)
      await claims(each).take(1)
      if ((await ledger.reserve(each, decide(10n))).outcome !== 'allow') continue
      if ((await ledger.spend(each, decide(10n))).outcome === 'allow') allowed += 1
    }
    console.log(allowed)`)

/**
 * Plays the scene in a process that is killed before its nth operation on the disk, and looks.
 * @returns whether it came that far
 */
export async function killedByForce(operation: number): Promise<boolean> {
  const { home, left, look } = await killedScene(null, 0n)
  const { process } = run(`${prelude(home, 1_000_000)}
    let operations = 0
    setFaultPoint((what, path) => {
      if (++operations !== ${operation}) return
      if (what === 'write' && existsSync(path)) appendFileSync(path, 'half')
      process.kill(process.pid, 'SIGKILL')
    })
    const each = wanted(${LEAVES}, 10n)
    const mine = claims(each)
    await mine.take(1)
    await ledger.reserve(each, decide(10n))
    await ledger.spend(each, decide(10n))
    await mine.markLeft(each.payload)
    console.log('left')
    const other = wanted(${GIVES_UP}, 500n)
    await claims(other).take(1)
    await ledger.reserve(other, decide(500n))
    await ledger.release(other.request)`)
  let said = ''
  process.stdout?.on('data', (chunk) => {
    said += String(chunk)
  })
  const [code, signal] = await once(process, 'close')
  expect([code, signal]).toContain(signal === null ? 0 : 'SIGKILL')
  if (said.includes('left')) left()
  await look()
  return signal === 'SIGKILL'
}

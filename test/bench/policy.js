/** What a policy costs a signature: the file read, a request judged, and the ledger with thousands of entries behind it. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { evaluate } from '../../dist/policy/evaluate.js'
import { windowsOf } from '../../dist/policy/limits.js'
import { parsePolicy } from '../../dist/policy/parse.js'
import { openHome } from '../../dist/storage/home/home.js'
import { Chain } from '../../dist/storage/ledger/chain.js'
import { Ledger } from '../../dist/storage/ledger/ledger.js'
import { thisProcess } from '../../dist/storage/fs/processes.js'
import { spread } from './spread.js'

/** The largest of the examples. */
const EXAMPLE = new URL('../../ceremonies/policies/trading-desk.yaml', import.meta.url)
const MINUTE = 60_000
const bytes = () => Uint8Array.from(randomBytes(32))

/**
 * @param folder for files
 * @param entries how many are in the ledger before it is measured: one signature a minute has two
 */
export async function policyFigures(folder, entries) {
  const file = Uint8Array.from(await readFile(EXAMPLE))
  const policy = await parsePolicy(file, 'policy')
  const inputs = inputsUnder(policy)
  if (evaluate(inputs).outcome !== 'allow') throw new Error('the request is one that the policy allows')
  const home = await openHome(join(await mkdtemp(join(folder, 'ledger-')), 'home'))
  const windows = windowsOf(policy)
  const empty = await ledgerTimes(home, windows, 0)
  const after = await ledgerTimes(home, windows, entries)
  return {
    'read the policy': await times(50, () => parsePolicy(file, 'policy')),
    'judge a request': await times(200, () => evaluate(inputs)),
    'reserve and spend, new ledger': empty,
    [`reserve and spend, ${entries} entries`]: after,
  }
}

function inputsUnder(policy) {
  const usdc = policy.assets.get('usdc')
  const [bot] = policy.titles.get('bots')
  const { address } = policy.recipients.get('exchange')
  const effect = {
    chain: usdc.chain,
    kind: 'transfer',
    asset: usdc.contract,
    amount: 4_000_000_000n,
    recipient: address,
  }
  const spent = windowsOf(policy).map((window) => ({ ...window, amount: 5_000_000_000n }))
  const request = {
    type: 'evm-tx',
    size: 200,
    paths: [null],
    foreignInputs: false,
    asker: bot,
    signers: [],
    custodians: [],
    firstSeen: 0,
  }
  // A Wednesday at noon.
  const now = Date.UTC(2026, 0, 14, 12)
  return { policy, request, view: { effects: [effect] }, spent, approvals: [], now }
}

const spending = (windows) => [{ chain: windows[0].chain, contract: windows[0].contract, amount: 1_000_000n }]

/** Fills the ledger up to so many entries, and times what one signature more costs. */
async function ledgerTimes(home, windows, entries) {
  const keyId = new Uint8Array(32).fill(1)
  let now = Date.UTC(2026, 0, 1)
  const process = await thisProcess()
  const chain = new Chain(home, keyId)
  await chain.load(true)
  now = Math.max(now, chain.tally?.last.entry.at ?? 0)
  while ((chain.tally?.last.entry.n ?? 0) < entries) {
    now += MINUTE
    const wanted = { request: bytes(), payload: bytes(), policy: keyId, spending: spending(windows) }
    await chain.append({ kind: 'reserve', ...wanted, process }, now)
    await chain.append({ kind: 'spend', ...wanted }, now)
  }
  const ledger = new Ledger(home, keyId, { now: () => now, after: setTimeout })
  const allow = () => ({ outcome: 'allow' })
  return times(40, async () => {
    now += MINUTE
    const wanted = { request: bytes(), payload: bytes(), policy: keyId, spending: spending(windows), windows }
    await ledger.reserve(wanted, allow)
    await ledger.spend(wanted, allow)
  })
}

async function times(count, act) {
  const figures = []
  for (let i = 0; i < count; i++) {
    const start = performance.now()
    await act()
    figures.push(performance.now() - start)
  }
  return spread(figures)
}

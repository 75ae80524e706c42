/** The policies in ceremonies/policies: each allows what it is for and denies what it is against, by the rule's name. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Effect } from '../../src/payload/decoder.js'
import { evaluate } from '../../src/policy/evaluate.js'
import type { Policy } from '../../src/policy/language.js'
import { parsePolicy } from '../../src/policy/parse.js'
import { inputsOf, NOON, print, type Try } from './support.js'

const folder = join(import.meta.dirname, '..', '..', 'ceremonies', 'policies')
const policyIn = (name: string): Promise<Policy> =>
  parsePolicy(readFileSync(join(folder, `${name}.yaml`)), `${name}.yaml`)

const HOUR = 3_600_000
const SIX = 10n ** 6n
const ETHER = 10n ** 18n
const fingerprint = (digit: number): string => String(digit).repeat(64)

/** A transfer of whole units to a recipient of the policy, or to an address. */
function pays(
  policy: Policy,
  name: string,
  amount: bigint,
  to: string,
  kind: Effect['kind'] = 'transfer',
): Effect {
  const asset = policy.assets.get(name)
  if (asset === undefined) throw new Error(`no asset ${name}`)
  const { chain, contract, decimals } = asset
  return {
    chain,
    kind,
    asset: contract,
    amount: amount * 10n ** BigInt(decimals),
    recipient: policy.recipients.get(to)?.address ?? to,
  }
}
const fee = (policy: Policy, name: string, smallest: bigint): Effect => ({
  ...pays(policy, name, 0n, 'nobody', 'fee'),
  amount: smallest,
  recipient: null,
})
const approvalBy = (digit: number, at = NOON) => ({
  fingerprint: fingerprint(digit),
  at,
  expires: at + 1000 * HOUR,
})

type Case = {
  readonly what: string
  readonly tried: (policy: Policy) => Try
  /** Outcome and rules. */
  readonly decides: string
  /** The missing conditions, if any. */
  readonly needs?: readonly string[]
}

const EXAMPLES: Readonly<Record<string, readonly Case[]>> = {
  'daily-limit': [
    {
      what: 'a payout within the limits',
      tried: (p) => ({
        effects: [pays(p, 'usdc', 20_000n, 'supplier'), fee(p, 'eth', ETHER / 20n)],
        used: 0n,
      }),
      decides: 'allow: payouts in usdc',
    },
    {
      what: 'a payout in ether',
      tried: (p) => ({ effects: [pays(p, 'eth', 25n, 'exchange')] }),
      decides: 'allow: payouts in eth',
    },
    {
      what: 'more than a payout may have',
      tried: (p) => ({
        effects: [pays(p, 'usdc', 10_000n, 'supplier'), pays(p, 'usdc', 10_001n, 'supplier')],
      }),
      decides: 'deny: payouts in usdc',
    },
    {
      what: 'more than a day may have',
      tried: (p) => ({ effects: [pays(p, 'usdc', 10_000n, 'exchange')], used: 40_001n * SIX }),
      decides: 'deny: payouts in usdc',
    },
    {
      what: 'a fee that carries money away',
      tried: (p) => ({ effects: [pays(p, 'usdc', 1n, 'exchange'), fee(p, 'eth', ETHER / 20n + 1n)] }),
      decides: 'deny: dear fees',
    },
    {
      what: 'a stranger',
      tried: (p) => ({ effects: [pays(p, 'usdc', 1n, `0x${'11'.repeat(20)}`)] }),
      decides: 'deny',
    },
  ],
  'role-approvals': [
    {
      what: 'a small payout',
      tried: (p) => ({ effects: [pays(p, 'usdc', 50_000n, 'exchange')], request: { asker: fingerprint(5) } }),
      decides: 'allow: small payouts',
    },
    {
      what: 'a large payout in small pieces',
      tried: (p) => ({
        effects: [pays(p, 'usdc', 30_000n, 'exchange'), pays(p, 'usdc', 30_000n, 'exchange')],
      }),
      decides: 'deny: small payouts',
    },
    {
      what: 'a large payout with half of its approvals',
      tried: (p) => ({
        effects: [pays(p, 'usdc', 50_001n, 'exchange')],
        approvals: [approvalBy(1), approvalBy(2)],
      }),
      decides: 'needs: large payouts',
      needs: ['1 of 2 by compliance'],
    },
    {
      what: 'a large payout with all of them',
      tried: (p) => ({
        effects: [pays(p, 'usdc', 50_001n, 'exchange')],
        approvals: [1, 3, 4].map((n) => approvalBy(n)),
      }),
      decides: 'allow: large payouts',
    },
    {
      what: 'a large payout whose approvals have lapsed',
      tried: (p) => ({
        effects: [pays(p, 'usdc', 50_001n, 'exchange')],
        approvals: [1, 3, 4].map((n) => approvalBy(n, NOON - 25 * HOUR)),
      }),
      decides: 'needs: large payouts',
      needs: ['0 of 2 by compliance', '0 of 1 by treasury-head'],
    },
    {
      what: 'a payout beside an unknown call',
      tried: (p) => ({
        effects: [
          pays(p, 'usdc', 1n, 'exchange'),
          { ...pays(p, 'usdc', 0n, 'exchange', 'unknown'), amount: null },
        ],
      }),
      decides: 'deny: no unknown calls',
    },
    {
      what: 'somebody who may not ask',
      tried: (p) => ({ effects: [pays(p, 'usdc', 1n, 'exchange')], request: { asker: print('mallory') } }),
      decides: 'deny',
    },
  ],
  'time-lock': [
    {
      what: 'a payout at once',
      tried: (p) => ({ effects: [pays(p, 'eth', 1n, 'exchange')] }),
      decides: 'needs: payouts',
      needs: ['until 1 h'],
    },
    {
      what: 'a payout after its wait',
      tried: (p) => ({ effects: [pays(p, 'eth', 1n, 'exchange')], request: { firstSeen: NOON - HOUR } }),
      decides: 'allow: payouts',
    },
    {
      what: 'a large payout, for which both rules hold',
      tried: (p) => ({ effects: [pays(p, 'eth', 101n, 'exchange')], request: { firstSeen: NOON - HOUR } }),
      decides: 'needs: payouts: large payouts',
      needs: ['0 of 3 custodians', 'until 47 h'],
    },
    {
      what: 'safety, at once',
      tried: (p) => ({ effects: [pays(p, 'eth', 1000n, 'cold')] }),
      decides: 'allow: to the cold wallet',
    },
    {
      what: 'a stranger',
      tried: (p) => ({ effects: [pays(p, 'eth', 1n, `0x${'11'.repeat(20)}`)] }),
      decides: 'deny',
    },
  ],
  payroll: [
    {
      what: 'wages that finance approves',
      tried: (p) => wages(p, { approvals: [approvalBy(2)] }),
      decides: 'allow: wages',
    },
    {
      what: 'wages without approval',
      tried: (p) => wages(p, {}),
      decides: 'needs: wages',
      needs: ['0 of 1 by finance'],
    },
    {
      what: 'wages on a Sunday',
      tried: (p) => wages(p, { approvals: [approvalBy(2)], now: NOON + 5 * 24 * HOUR }),
      decides: 'deny',
    },
    {
      what: 'wages beyond the month',
      tried: (p) => wages(p, { approvals: [approvalBy(2)], used: 5000n * SIX }),
      decides: 'deny: wages',
    },
    {
      what: 'wages that a custodian asks for',
      tried: (p) => wages(p, { approvals: [approvalBy(2)], request: { type: 'solana-tx' } }),
      decides: 'deny',
    },
    {
      what: 'wages for somebody else',
      tried: (p) =>
        wages(p, { effects: [pays(p, 'usdc', 9000n, '9we6kjtbcZ2vy3GSLLsZTEhbAqXPTRvEyoxa8wxSqKp5')] }),
      decides: 'deny',
    },
  ],
  'trading-desk': [
    {
      what: 'a small payout of a bot, with its fee',
      tried: (p) => ({ ...bot, effects: [pays(p, 'usdc', 5000n, 'exchange'), fee(p, 'eth', ETHER / 50n)] }),
      decides: 'allow: small payouts: usual fees',
    },
    {
      what: 'a large payout of a bot',
      tried: (p) => ({ ...bot, effects: [pays(p, 'usdc', 5001n, 'exchange')] }),
      decides: 'deny',
    },
    {
      what: 'a small payout of a bot at night',
      tried: (p) => ({ ...bot, effects: [pays(p, 'usdc', 5000n, 'exchange')], now: NOON + 10 * HOUR }),
      decides: 'deny',
    },
    {
      what: 'small payouts that add up',
      tried: (p) => ({ ...bot, effects: [pays(p, 'usdc', 5000n, 'exchange')], used: 15_001n * SIX }),
      decides: 'deny: small payouts',
    },
    {
      what: 'a large payout of a trader',
      tried: (p) => ({ ...trader, effects: [pays(p, 'usdc', 5001n, 'exchange')] }),
      decides: 'needs: payouts by people',
      needs: ['0 of 1 by risk'],
    },
    {
      what: 'an allowance that risk approves',
      tried: (p) => ({
        ...trader,
        effects: [pays(p, 'usdc', 50_000n, 'router', 'approve')],
        approvals: [approvalBy(4)],
      }),
      decides: 'allow: allowances of the router',
    },
    {
      what: 'an allowance without end',
      tried: (p) => ({ ...trader, effects: [{ ...pays(p, 'usdc', 0n, 'router', 'approve'), amount: null }] }),
      decides: 'deny',
    },
    {
      what: 'a permit',
      tried: (p) => ({ ...trader, effects: [pays(p, 'usdc', 1n, 'router', 'permit')] }),
      decides: 'deny: no delegatecall',
    },
    {
      what: 'a dear fee',
      tried: (p) => ({ ...bot, effects: [pays(p, 'usdc', 1n, 'exchange'), fee(p, 'eth', ETHER / 49n)] }),
      decides: 'deny',
    },
  ],
  'cold-vault': [
    {
      what: 'a payment that everybody has agreed to and waited for',
      tried: (p) => vault(p, { approvals: [1, 2].map((n) => approvalBy(n)) }),
      decides: 'allow: to the hot wallet',
    },
    {
      what: 'a payment that two custodians sign, of whom one asks: a third is needed',
      tried: (p) => {
        const { request, ...rest } = vault(p, { approvals: [1, 2].map((n) => approvalBy(n)) }, print('alice'))
        return { ...rest, request: { ...request, signers: ['alice', 'bob'].map(print) } }
      },
      decides: 'needs: to the hot wallet',
      needs: ['2 of 3 custodians'],
    },
    {
      what: 'a payment beyond the month',
      tried: (p) => vault(p, { approvals: [1, 2].map((n) => approvalBy(n)), used: 45n * 10n ** 8n + 1n }),
      decides: 'deny: to the hot wallet',
    },
    {
      what: 'a payment to anybody else',
      tried: (p) => vault(p, { effects: [pays(p, 'btc', 1n, '1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2')] }),
      decides: 'deny',
    },
    {
      what: 'coins that go together, with a fee',
      tried: (p) =>
        vault(p, { effects: [{ ...pays(p, 'btc', 9n, 'hot-wallet', 'change') }, fee(p, 'btc', 500_000n)] }),
      decides: 'allow: consolidation',
    },
    {
      what: 'the same with a dear fee',
      tried: (p) =>
        vault(p, { effects: [{ ...pays(p, 'btc', 9n, 'hot-wallet', 'change') }, fee(p, 'btc', 500_001n)] }),
      decides: 'deny: dear fees',
    },
    {
      what: 'coins of others beside its own',
      tried: (p) => {
        const own = vault(p, {})
        return { ...own, request: { ...own.request, foreignInputs: true } }
      },
      decides: 'deny: never with coins of others',
    },
  ],
}

const bot: Try = { request: { asker: fingerprint(1) } }
const trader: Try = { request: { asker: fingerprint(2) } }
const wages = (policy: Policy, rest: Try): Try => ({
  effects: [pays(policy, 'usdc', 9000n, 'ann'), pays(policy, 'usdc', 7000n, 'ben')],
  request: { type: 'solana-tx', asker: fingerprint(1) },
  ...rest,
})
/** Asked for by somebody whom the vault's custodians include: four, with the asker. */
const vault = (policy: Policy, rest: Try, asker = print('dave')): Try => ({
  effects: [pays(policy, 'btc', 5n, 'hot-wallet')],
  request: {
    type: 'psbt',
    asker,
    custodians: ['alice', 'bob', 'carol', 'dave'].map(print),
    signers: ['alice', 'bob', 'carol'].map(print),
    firstSeen: NOON - 48 * HOUR,
  },
  ...rest,
})

test('every example is tried here', () => {
  const names = readdirSync(folder).map((file) => file.replace(/\.yaml$/, ''))
  expect(names.sort()).toEqual(Object.keys(EXAMPLES).sort())
})

describe.each(Object.entries(EXAMPLES))('%s', (name, cases) => {
  test.each(cases)('$what', async ({ tried, decides, needs }) => {
    const policy = await policyIn(name)
    const decision = evaluate(inputsOf(policy, tried(policy)))
    expect([decision.outcome, ...decision.rules].join(': ')).toBe(decides)
    const missing = decision.needs.map((need) => {
      if (need.what === 'delay') return `until ${(need.until - NOON) / HOUR} h`
      return `${need.have} of ${need.of} ${need.what === 'approvals' ? `by ${need.title}` : 'custodians'}`
    })
    expect(missing).toEqual(needs ?? [])
  })

  test('it allows something and denies something by the name of a rule', async () => {
    expect(cases.some(({ decides }) => decides.startsWith('allow: '))).toBe(true)
    expect(cases.some(({ decides }) => decides.startsWith('deny'))).toBe(true)
  })
})

test('only payouts of the bots, with usual fees, are signed unattended', async () => {
  const policy = await policyIn('trading-desk')
  const demands = (tried: Try) => evaluate(inputsOf(policy, tried)).demands
  const small = [pays(policy, 'usdc', 1n, 'exchange')]
  expect(demands({ ...bot, effects: [...small, fee(policy, 'eth', 1n)] }).unattended).toBe(true)
  // A trader's falls under the rule for people too, which asks for risk.
  expect(demands({ ...trader, effects: small }).unattended).toBe(false)
})

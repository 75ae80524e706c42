/** Limits: sums of what a payload spends, held against what the ledger counts. */
import { describe, expect, test } from 'vitest'
import { EVM_ANY } from '../../src/payload/chain.js'
import { evaluate } from '../../src/policy/evaluate.js'
import type { Spent } from '../../src/policy/inputs.js'
import { spendingOf, windowsOf } from '../../src/policy/limits.js'
import { amountsToType } from '../../src/policy/typed-amounts.js'
import { decide, effectOf, inputsOf, outcome, STRANGER, usdc, USDC, viewOf, withRules } from './support.js'

const M = 1_000_000n
const limited = (limit: string, when = '{ asset: [usdc] }') =>
  withRules(`  - { name: the rule, when: ${when}, limit: ${limit} }\n`)

describe('a rolling limit', () => {
  const policy = limited('{ per-24h: "100" }')

  test('counts what was spent before', async () => {
    expect(outcome(await policy, { effects: [usdc(40n * M)], used: 60n * M })).toBe('allow: the rule')
    const over = decide(await policy, { effects: [usdc(40n * M + 1n)], used: 60n * M })
    expect(over).toMatchObject({ outcome: 'deny', rules: ['the rule'] })
    expect(over.denials).toMatchObject([{ why: 'limit', rule: 'the rule' }])
    expect(over.limits).toMatchObject([
      { label: 'per-24h', used: 60n * M, adds: 40n * M + 1n, max: 100n * M, fits: false },
    ])
  })

  test('counts all effects of the payload together, also those that another rule allows', async () => {
    const effects = [usdc(60n * M), usdc(41n * M)]
    expect(outcome(await policy, { effects })).toBe('deny: the rule')
    const two =
      await withRules(`  - { name: a, when: { asset: [usdc], to: [exchange] }, limit: { per-24h: "100" } }
  - { name: b, when: { asset: [usdc], amount: { at-most: "50" } } }`)
    expect(outcome(two, { effects: [usdc(60n * M), usdc(41n * M, STRANGER)] })).toBe('deny: a')
    expect(outcome(two, { effects: [usdc(60n * M), usdc(40n * M, STRANGER)] })).toBe('allow: a: b')
  })

  test('counts approvals and permits like transfers', async () => {
    const approve = { ...usdc(60n * M), kind: 'approve' as const }
    expect(outcome(await policy, { effects: [usdc(60n * M), approve] })).toBe('deny: the rule')
  })

  test('does not hold what has no end or is not known', async () => {
    expect(outcome(await policy, { effects: [usdc(null)] })).toBe('deny: the rule')
    const unlimited = await limited('{ per-24h: "100" }', '{ asset: [usdc], amount: { unlimited: true } }')
    expect(outcome(unlimited, { effects: [{ ...usdc(null), kind: 'approve' }] })).toBe('deny: the rule')
  })

  test('is used up where the ledger says so, or says nothing', async () => {
    expect(outcome(await policy, { effects: [usdc(1n)], used: null })).toBe('deny: the rule')
    const silent = { ...inputsOf(await policy, {}), spent: [] }
    expect(evaluate(silent)).toMatchObject({ outcome: 'deny', rules: ['the rule'] })
  })

  test('takes the larger of two sums of one window', async () => {
    const inputs = inputsOf(await policy, { effects: [usdc(50n * M)] })
    const [sum, everywhere] = inputs.spent as [Spent, Spent]
    const sums = [60n * M, 10n * M].map((amount) => ({ ...sum, amount }))
    expect(evaluate({ ...inputs, spent: [...sums, everywhere] }).outcome).toBe('deny')
    expect(evaluate({ ...inputs, spent: [...sums.toReversed(), everywhere] }).outcome).toBe('deny')
  })

  test('counts what a permit that holds on every chain let others take, on each chain', async () => {
    const inputs = inputsOf(await policy, { effects: [usdc(50n * M)] })
    const after = (amount: bigint | null) =>
      evaluate({
        ...inputs,
        spent: inputs.spent.map((each) => (each.chain === EVM_ANY ? { ...each, amount } : each)),
      })
    expect(inputs.spent.map(({ chain }) => chain)).toEqual(['evm:1', EVM_ANY])
    expect(after(50n * M).outcome).toBe('allow')
    expect(after(50n * M + 1n)).toMatchObject({
      outcome: 'deny',
      rules: ['the rule'],
      limits: [{ used: 50n * M + 1n, adds: 50n * M, fits: false }],
    })
    expect(after(null).outcome).toBe('deny')
  })

  test('counts such a permit beside a transfer of the same payload', async () => {
    const permit = { ...usdc(60n * M), kind: 'permit' as const, chain: EVM_ANY }
    const permitted = async (units: bigint) =>
      outcome(
        await withRules(`  - { name: the rule, when: { asset: [usdc] }, limit: { per-24h: "100" } }
  - { name: permits, when: { effect: [permit] } }`),
        { effects: [usdc(units), permit] },
      )
    expect(await permitted(40n * M)).toBe('allow: the rule: permits')
    expect(await permitted(40n * M + 1n)).toBe('deny: the rule')
  })

  test('of one asset leaves another alone', async () => {
    const other = await withRules(`  - { name: a, when: { asset: [usdc] }, limit: { per-24h: "100" } }
  - { name: b, when: { asset: [eth] } }`)
    expect(outcome(other, { effects: [{ ...usdc(10n ** 30n), asset: 'native' }], used: 100n * M })).toBe(
      'allow: b',
    )
  })
})

test('several limits hold each for itself', async () => {
  const policy = await limited(
    '{ per-request: "10", per-1h: "20", per-24h: "30", per-7d: "40", per-30d: "50" }',
  )
  const windows = windowsOf(policy).filter(({ chain }) => chain === 'evm:1')
  expect(windows.map(({ window }) => window / 3_600_000)).toEqual([1, 24, 168, 720])
  expect(outcome(policy, { effects: [usdc(10n * M)], used: 10n * M })).toBe('allow: the rule')
  expect(outcome(policy, { effects: [usdc(10n * M), usdc(1n)] })).toBe('deny: the rule')
  const failing = decide(policy, { effects: [usdc(10n * M)], used: 25n * M })
  expect(failing.limits.filter(({ fits }) => !fits).map(({ label }) => label)).toEqual(['per-1h', 'per-24h'])
})

test('a limit for two assets counts each in its own unit', async () => {
  const policy = await limited('{ per-24h: "1.5" }', '{ asset: [usdc, eth] }')
  const eth = (amount: bigint) => ({ ...usdc(amount), asset: 'native' })
  expect(outcome(policy, { effects: [usdc(1_500_000n), eth(15n * 10n ** 17n)] })).toBe('allow: the rule')
  expect(outcome(policy, { effects: [usdc(1_500_000n), eth(15n * 10n ** 17n + 1n)] })).toBe('deny: the rule')
  expect(outcome(policy, { effects: [usdc(1_500_001n), eth(1n)] })).toBe('deny: the rule')
})

test('what a payload spends is summed for each asset; fees, change and calls are left out', () => {
  const view = viewOf([
    usdc(2n),
    { ...usdc(3n), asset: USDC, kind: 'permit' },
    effectOf('fee', { asset: 'native', amount: 9n }),
    effectOf('change', { asset: 'native', amount: 9n }),
    effectOf('call'),
    { ...usdc(4n), asset: null },
    { ...usdc(5n), chain: 'evm:10' },
    { ...usdc(1n), asset: 'native' },
    { ...usdc(null), asset: 'native' },
    { ...usdc(1n), asset: 'native' },
  ])
  expect(spendingOf(view)).toEqual([
    { chain: 'evm:1', contract: USDC, amount: 5n },
    { chain: 'evm:10', contract: USDC, amount: 5n },
    { chain: 'evm:1', contract: 'native', amount: null },
  ])
})

test('an amount is typed if it is above the bound, summed with a permit that holds on every chain', async () => {
  const policy = await withRules(
    '  - { name: the rule, when: { asset: [usdc] } }\ntype-amount: { usdc: "100" }\n',
  )
  const permit = { ...usdc(60n * M), kind: 'permit' as const, chain: EVM_ANY }
  expect(amountsToType(policy, viewOf([usdc(40n * M), permit]))).toEqual([])
  expect(amountsToType(policy, viewOf([usdc(40n * M + 1n), permit]))).toEqual(['100.000001 usdc'])
  expect(amountsToType(policy, viewOf([permit, usdc(null)]))).toEqual(['unlimited usdc'])
})

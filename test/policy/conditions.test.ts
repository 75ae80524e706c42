/** Each condition of the language, with a request that it allows and one that it does not. */
import { describe, expect, test } from 'vitest'
import { effectOf, NOON, outcome, print, STRANGER, type Try, usdc, withRules } from './support.js'

const HOUR = 3_600_000
const at = (hour: number, day = 0): number => NOON + (hour - 12 + 24 * day) * HOUR
const UNKNOWN = effectOf('unknown')

type Case = {
  readonly when: string
  readonly fits: readonly Try[]
  readonly misses: readonly Try[]
}

const CASES: readonly Case[] = [
  { when: '{}', fits: [{}, { effects: [] }, { effects: [effectOf('call'), usdc(9n)] }], misses: [] },
  {
    when: '{ type: [evm-tx, eip712] }',
    fits: [{}, { request: { type: 'eip712' } }],
    misses: [{ request: { type: 'psbt' } }],
  },
  {
    when: '{ effect: [call] }',
    fits: [{ effects: [effectOf('call')] }],
    misses: [{}, { effects: [effectOf('call'), usdc(1n)] }],
  },
  {
    when: '{ effect: [none] }',
    fits: [{ effects: [] }, { effects: [effectOf('fee')] }, { effects: [effectOf('change')] }],
    misses: [{}],
  },
  {
    when: '{ chain: ["evm:1"] }',
    fits: [{}],
    misses: [{ effects: [{ ...usdc(1n), chain: 'evm:10' }] }, { effects: [] }],
  },
  {
    when: '{ asset: [usdc] }',
    fits: [{}],
    misses: [
      { effects: [{ ...usdc(1n), asset: 'native' }] },
      { effects: [{ ...usdc(1n), asset: null }] },
      // The same address on another chain is another token.
      { effects: [{ ...usdc(1n), chain: 'evm:137' }] },
      { effects: [{ ...usdc(1n), chain: 'evm:any' }] },
      { effects: [] },
    ],
  },
  {
    when: '{ to: [exchange] }',
    fits: [{}, { effects: [effectOf('call')] }],
    misses: [
      { effects: [usdc(1n, STRANGER)] },
      { effects: [usdc(1n, null)] },
      { effects: [{ ...usdc(1n), chain: 'evm:10' }] },
      { effects: [usdc(1n), usdc(1n, STRANGER)] },
    ],
  },
  {
    when: '{ asset: [usdc], amount: { at-most: "50" } }',
    fits: [{ effects: [usdc(50_000_000n)] }, { effects: [usdc(0n)] }],
    misses: [{ effects: [usdc(50_000_001n)] }, { effects: [usdc(null)] }, { effects: [usdc(-1n)] }],
  },
  {
    when: '{ asset: [usdc], amount: { above: "50" } }',
    fits: [{ effects: [usdc(50_000_001n)] }],
    misses: [{ effects: [usdc(50_000_000n)] }, { effects: [usdc(null)] }],
  },
  {
    when: '{ asset: [usdc, eth], amount: { above: "1", at-most: "2.5" } }',
    fits: [
      { effects: [usdc(2_500_000n)] },
      { effects: [{ ...usdc(2_500_000_000_000_000_000n), asset: 'native' }] },
    ],
    misses: [{ effects: [{ ...usdc(2_500_000n), asset: 'native' }] }, { effects: [usdc(1_000_000n)] }],
  },
  {
    when: '{ effect: [approve], amount: { unlimited: true } }',
    fits: [{ effects: [effectOf('approve')] }],
    misses: [{ effects: [effectOf('approve', { amount: 5n })] }, { effects: [effectOf('permit')] }],
  },
  {
    when: '{ path: [m/0/7, m/1/*, m] }',
    fits: [
      { request: { paths: ['m/0/7'] } },
      { request: { paths: ['m/1/0', 'm/1/2/3'] } },
      { request: { paths: [null, 'm/0/7'] } },
    ],
    misses: [
      { request: { paths: ['m/0/8'] } },
      { request: { paths: ['m/0/7', 'm/2'] } },
      { request: { paths: ['m/1'] } },
      { request: { paths: ['m/10/1'] } },
      { request: { paths: [] } },
    ],
  },
  {
    when: '{ from: [bots] }',
    fits: [{ request: { asker: print('bot') } }],
    misses: [{ request: { asker: print('alice') } }],
  },
  {
    when: '{ from: [custodians] }',
    fits: [{ request: { asker: print('alice') } }],
    misses: [{ request: { asker: print('bot') } }],
  },
  {
    when: '{ hours: { zone: UTC, days: mon-fri, from: "09:00", until: "18:00" } }',
    fits: [{ now: at(9) }, { now: at(18) - 1 }],
    misses: [{ now: at(9) - 1 }, { now: at(18) }, { now: at(12, 4) }, { now: Number.NaN }],
  },
  {
    when: '{ foreign-inputs: true }',
    fits: [{ request: { type: 'psbt', foreignInputs: true } }],
    misses: [{ request: { type: 'psbt' } }],
  },
]

const ASKERS = 'requests: { from: [custodians, bots] }\n'
const only = (when: string) => withRules(`  - { name: the rule, when: ${when} }\n${ASKERS}`)
const noneBut = (when: string) =>
  withRules(`  - { name: all else, when: {} }\n  - { name: the rule, deny: true, when: ${when} }\n${ASKERS}`)

describe.each(CASES)('when: $when', ({ when, fits, misses }) => {
  test('a rule that allows', async () => {
    const policy = await only(when)
    for (const each of fits) expect(outcome(policy, each), JSON.stringify(each, big)).toBe('allow: the rule')
    for (const each of misses) expect(outcome(policy, each), JSON.stringify(each, big)).toBe('deny')
  })

  test('a rule that denies', async () => {
    const policy = await noneBut(when)
    for (const each of fits) expect(outcome(policy, each), JSON.stringify(each, big)).toBe('deny: the rule')
    for (const each of misses.filter(isPlain)) {
      expect(outcome(policy, each), JSON.stringify(each, big)).not.toBe('deny: the rule')
    }
  })
})

/** Whether a request has one effect and path and leaves nothing open, which a rule that denies would fit. */
function isPlain({ effects = [usdc(1n)], request }: Try): boolean {
  const { chain, asset, amount, recipient } = effects[0] ?? usdc(1n)
  const isClear =
    chain !== 'evm:any' && asset !== null && amount !== null && amount >= 0n && recipient !== null
  return effects.length < 2 && isClear && (request?.paths?.length ?? 1) < 2
}

const big = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? `${value}n` : value)

describe('effects that only a rule which names them allows', () => {
  test.each([
    ['a permit', effectOf('permit', { amount: 1n }), '{ effect: [permit] }'],
    ['a permit without limit', effectOf('permit'), '{ effect: [permit], amount: { unlimited: true } }'],
    ['an approval without limit', effectOf('approve'), '{ amount: { unlimited: true } }'],
    ['a delegatecall', effectOf('delegatecall'), '{ effect: [delegatecall] }'],
    ['unknown calldata', UNKNOWN, '{ effect: [unknown] }'],
  ])('%s', async (_, effect, when) => {
    expect(outcome(await only('{}'), { effects: [effect] })).toBe('deny')
    expect(outcome(await only('{ type: [evm-tx], to: [exchange] }'), { effects: [effect] })).toBe('deny')
    expect(outcome(await only(when), { effects: [effect] })).toBe('allow: the rule')
  })

  test('a permit without limit needs both names', async () => {
    const effects = [effectOf('permit')]
    expect(outcome(await only('{ effect: [permit] }'), { effects })).toBe('deny')
    expect(outcome(await only('{ amount: { unlimited: true } }'), { effects })).toBe('deny')
  })

  test('an approval with a limit is like a transfer', async () => {
    const effects = [effectOf('approve', { ...usdc(5n), kind: 'approve' })]
    expect(outcome(await only('{ asset: [usdc], amount: { at-most: "1" } }'), { effects })).toBe(
      'allow: the rule',
    )
  })

  test('an approval that is as good as unlimited needs a rule with a bound', async () => {
    const effects = [effectOf('approve', { ...usdc(2n ** 96n - 1n), kind: 'approve' })]
    const enough = '79228162514264337593543.950335'
    expect(outcome(await only('{ effect: [approve], asset: [usdc] }'), { effects })).toBe('deny')
    const bounded = `{ effect: [approve], asset: [usdc], amount: { at-most: "${enough}" } }`
    expect(outcome(await only(bounded), { effects })).toBe('allow: the rule')
    expect(
      outcome(await only('{ effect: [approve], asset: [usdc] }'), {
        effects: [effectOf('approve', { ...usdc(2n ** 95n - 1n), kind: 'approve' })],
      }),
    ).toBe('allow: the rule')
  })

  test('inputs of other keys', async () => {
    const request = { type: 'psbt', foreignInputs: true }
    expect(outcome(await only('{}'), { request })).toBe('deny')
    expect(outcome(await only('{ type: [psbt] }'), { request })).toBe('deny')
  })
})

describe('a rule that denies also fits what the payload leaves open', () => {
  test.each([
    ['a recipient', '{ to: [exchange] }', usdc(1n, null)],
    ['an asset', '{ asset: [usdc] }', { ...usdc(1n), asset: null }],
    ['an amount', '{ asset: [usdc], amount: { above: "50" } }', usdc(null)],
    [
      'an amount of an unnamed asset',
      '{ asset: [usdc], amount: { above: "50" } }',
      { ...usdc(1n), asset: null },
    ],
    ['a chain among those of Ethereum', '{ chain: ["evm:1"] }', { ...usdc(1n), chain: 'evm:any' }],
    ['a token on any of them', '{ asset: [usdc] }', { ...usdc(1n), chain: 'evm:any' }],
    ['one path of several', '{ path: [m/0/7] }', usdc(1n)],
  ])('%s', async (_, when, effect) => {
    const tried = { effects: [effect], request: { paths: ['m/0/7', 'm/3'] } }
    expect(outcome(await noneBut(when), tried)).toBe('deny: the rule')
  })

  test('but a call without an asset moves none', async () => {
    expect(outcome(await noneBut('{ asset: [usdc] }'), { effects: [effectOf('call')] })).toBe(
      'allow: all else',
    )
  })
})

describe('fees and change', () => {
  const fee = effectOf('fee', { asset: 'native', amount: 10n ** 16n, recipient: null })

  test('are free where no rule speaks of fees', async () => {
    const policy = await only('{ asset: [usdc] }')
    expect(outcome(policy, { effects: [usdc(1n), fee, effectOf('change')] })).toBe('allow: the rule')
  })

  test('alone they need a rule that fits the payload as a whole', async () => {
    expect(outcome(await only('{ asset: [usdc] }'), { effects: [fee, effectOf('change')] })).toBe('deny')
    expect(outcome(await only('{ type: [evm-tx] }'), { effects: [fee, effectOf('change')] })).toBe(
      'allow: the rule',
    )
  })

  test('a fee needs a rule once one that allows speaks of fees', async () => {
    const policy = await withRules(`  - { name: pay, when: { asset: [usdc] } }
  - { name: cheap, when: { effect: [fee], asset: [eth], amount: { at-most: "0.01" } } }`)
    expect(outcome(policy, { effects: [usdc(1n), fee] })).toBe('allow: pay: cheap')
    expect(outcome(policy, { effects: [usdc(1n), { ...fee, amount: 10n ** 16n + 1n }] })).toBe('deny')
    expect(outcome(policy, { effects: [usdc(1n), { ...fee, amount: null }] })).toBe('deny')
  })

  test('a rule that denies dear fees leaves the others free', async () => {
    const policy = await withRules(`  - { name: pay, when: { asset: [usdc] } }
  - { name: dear, deny: true, when: { effect: [fee], asset: [eth], amount: { above: "0.01" } } }`)
    expect(outcome(policy, { effects: [usdc(1n), fee] })).toBe('allow: pay')
    expect(outcome(policy, { effects: [usdc(1n), { ...fee, amount: 10n ** 17n }] })).toBe('deny: dear')
  })
})

describe('who may ask, and for what', () => {
  const rule = '  - { name: the rule, when: {} }\n'

  test('custodians may, unless the policy names others', async () => {
    const policy = await withRules(rule)
    expect(outcome(policy, {})).toBe('allow: the rule')
    expect(outcome(policy, { request: { asker: print('bot') } })).toBe('deny')
    const bots = await withRules(`${rule}requests: { from: [bots] }\n`)
    expect(outcome(bots, { request: { asker: print('bot') } })).toBe('allow: the rule')
    expect(outcome(bots, {})).toBe('deny')
  })

  test('bare digests need requests: { digests: true }, and a rule', async () => {
    const request = { type: 'digest', size: 32 }
    const effects = [{ ...UNKNOWN, chain: 'unknown' }]
    const digest = '  - { name: the rule, when: { type: [digest], effect: [unknown] } }\n'
    expect(outcome(await withRules(digest), { request, effects })).toBe('deny')
    const allowed = `${digest}requests: { digests: true }\n`
    expect(outcome(await withRules(allowed), { request, effects })).toBe('allow: the rule')
    expect(outcome(await withRules(`${rule}requests: { digests: true }\n`), { request, effects })).toBe(
      'deny',
    )
  })

  test.each(['raw', 'text'])('32 bytes of %s need requests: { digest-like: true }', async (type) => {
    const request = { type, size: 32 }
    const named = '  - { name: the rule, when: { effect: [unknown, none] } }\n'
    const effects = type === 'raw' ? [UNKNOWN] : []
    expect(outcome(await withRules(named), { request, effects })).toBe('deny')
    expect(outcome(await withRules(named), { request: { type, size: 33 }, effects })).toBe('allow: the rule')
    const leave = `${named}requests: { digest-like: true }\n`
    expect(outcome(await withRules(leave), { request, effects })).toBe('allow: the rule')
  })
})

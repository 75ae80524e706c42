/** The refusals of the parser of policies, each with line and column. */
import { describe, expect, test } from 'vitest'
import { Failure } from '../../src/wire/base/failure.js'
import { HEAD, policyOf, print, withRules } from './support.js'

/** The problems of a policy, without the file's name. */
async function problems(text: string): Promise<string[]> {
  const error = await policyOf(text).then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof Failure)) throw new Error(`not refused: ${text}`)
  expect(error).toMatchObject({ kind: 'usage', code: 'E_POLICY' })
  return error.message.split('; policy.yaml:').map((problem) => problem.replace(/^policy\.yaml:/, ''))
}

const HEAD_LINES = HEAD.split('\n').length
const RULE = '  - { name: pay, when: {} }\n'
/** The problems of the first rule, without its line. */
const ofRule = async (rule: string): Promise<string[]> =>
  (await problems(`${HEAD}rules:\n  - ${rule}\n`)).map((problem) =>
    problem.replace(new RegExp(`^${HEAD_LINES + 1}:`), ''),
  )

test('a whole policy is read: names are resolved, amounts are integers', async () => {
  const policy = await policyOf(`${HEAD}requests: { from: [head, bots], digests: true, digest-like: true }
reshare: { approvals: 3 }
presign: unattended
type-amount: { usdc: "1000.5" }
rules:
  - name: large payouts, by two (2)
    when:
      type: [evm-tx]
      effect: [transfer, approve]
      chain: ["evm:1"]
      asset: [usdc, eth]
      to: [exchange]
      amount: { above: "50000", at-most: "60000.25" }
      path: [m/0/7, m/1/*]
      from: [bots]
      hours: { zone: Europe/Zurich, days: fri-mon, from: "09:00", until: "24:00" }
      foreign-inputs: false
    limit: { per-24h: "500000", per-request: "1" }
    approvals: [{ title: head, of: 1 }, { title: compliance, of: 2 }]
    custodians: 3
    delay: 2h
    lapse: 24h
    unattended: true
`)
  expect(policy.titles.get('head')).toEqual([print('hilda')])
  expect(policy.requests).toEqual({ from: ['head', 'bots'], digests: true, digestLike: true })
  expect(policy).toMatchObject({ reshareApprovals: 3, unattendedPresign: true })
  expect(policy.typeAmounts).toMatchObject([{ asset: { name: 'usdc' }, amount: 1_000_500_000n }])
  const [rule] = policy.rules
  expect(rule).toMatchObject({
    name: 'large payouts, by two (2)',
    deny: false,
    when: {
      asset: [
        { asset: { name: 'usdc' }, above: 50_000_000_000n, atMost: 60_000_250_000n },
        { asset: { name: 'eth' }, above: 50_000n * 10n ** 18n },
      ],
      // EIP-55's capitals are a checksum, and are not compared.
      to: [{ address: '0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed' }],
      hours: { zone: 'Europe/Zurich', days: [4, 5, 6, 0], from: 540, until: 1440 },
    },
    demands: {
      approvals: [
        { title: 'head', of: 1 },
        { title: 'compliance', of: 2 },
      ],
      custodians: 3,
      delay: 7_200_000,
      lapse: 86_400_000,
      unattended: true,
    },
  })
  expect(rule?.limits.map(({ label, window, max, asset }) => [label, window, max, asset.name])).toEqual([
    ['per-request', null, 1_000_000n, 'usdc'],
    ['per-request', null, 10n ** 18n, 'eth'],
    ['per-24h', 86_400_000, 500_000_000_000n, 'usdc'],
    ['per-24h', 86_400_000, 500_000n * 10n ** 18n, 'eth'],
  ])
})

test('what is left out has the strict meaning', async () => {
  const policy = await withRules(RULE)
  expect(policy.requests).toEqual({ from: ['custodians'], digests: false, digestLike: false })
  expect(policy).toMatchObject({ reshareApprovals: null, unattendedPresign: false, typeAmounts: [] })
  expect(policy.rules[0]?.demands).toEqual({
    approvals: [],
    custodians: 0,
    delay: 0,
    lapse: null,
    unattended: false,
  })
})

test('every mistake is named at once, each with its line and column', async () => {
  const text = `format: mpc/policy/v2
titles:
  head: [abc]
assets:
  usdc: { chain: "evm:01", contract: native, decimals: 6.5 }
recipients:
  exchange: { chain: bitcoin, address: nowhere }
colour: red
rules:
  - name: pay
    when: { asset: [eth], hour: 9, type: evm-tx }
    limit: { per-24h: 5 }
    unattended: "yes"
`
  expect(await problems(text)).toEqual([
    '1:9 format is mpc/policy/v1',
    '3:9 head has fingerprints, each of 64 hex digits in small letters',
    '5:18 chain is evm: with a chain id, bitcoin, bitcoin-testnet or solana',
    '5:56 decimals is not a whole number',
    '5:56 decimals is a whole number from 0 to 36',
    '7:40 address is no address of bitcoin, or its checksum is wrong',
    '8:1 unknown field "colour"; known here: format, titles, assets, recipients, presign, requests, reshare, type-amount, rules',
    '11:20 asset names "eth", and the policy has none.',
    expect.stringMatching(/^11:27 unknown field "hour"; known here: /),
    '11:42 type is not a list of texts',
    '12:23 per-24h is not text',
    '13:17 unattended is not true or false',
  ])
})

describe('YAML that means something other than it seems', () => {
  test.each([
    ['an alias', `${HEAD}rules:\n  - &a { name: pay, when: {} }\n  - *a\n`, /an alias \(\*\): write it out/],
    ['an anchor', `${HEAD}rules:\n  - &a { name: pay, when: {} }\n`, /an anchor \(&\)/],
    ['a tag', `${HEAD}rules:\n  - { name: !!str pay, when: {} }\n`, /a tag \(!\)/],
    ['a merge key', `${HEAD}rules:\n  - { name: pay, when: {}, <<: {} }\n`, /a merge key/],
    ['a field twice', `${HEAD}${HEAD}`, /unique/],
    ['a second document', `${HEAD}rules: []\n---\na: 1\n`, /document/],
    ['no mapping', '- a\n', /^1:1 it is not a list of fields/],
    ['a text that ends early', `${HEAD}rules: [`, /\d+:\d+ /],
  ])('%s', async (_, text, reason) => {
    expect((await problems(text)).join('\n')).toMatch(reason)
  })

  test('bytes that are no UTF-8, and files that are too long', async () => {
    expect(await problems('#'.repeat(70_000))).toEqual(['1:1 it is longer than 65536 bytes'])
  })

  test.each(['[', '{', '- '])('what is nested too deeply: many %s', async (bracket) => {
    const found = await problems(`${HEAD}rules: ${bracket.repeat(60_000 / bracket.length)}`)
    expect(found.length).toBeGreaterThan(0)
    for (const problem of found) expect(problem).toMatch(/^\d+:\d+ ./)
  })

  test('names that nobody would see, and that are very long, shown', async () => {
    const hidden = await problems(`format: mpc/policy/v1\ntitles: { "a\\x1b[31mb": [] }\nrules: []\n`)
    expect(hidden.join('\n')).toContain('a\\u{1b}[31mb is not a name')
    const long = await problems(`format: mpc/policy/v1\ntitles: { ${'a'.repeat(900)}: [] }\nrules: []\n`)
    expect(long.some((problem) => problem.includes('is not a name'))).toBe(true)
    for (const problem of long) expect(problem.length).toBeLessThan(600)
  })

  test('a field without a value, which could be read as no condition', async () => {
    expect(await ofRule('{ name: pay, when: { asset: } }')).toContain('33 a field or an item is empty')
    expect((await problems(`${HEAD}rules:\n  - name: pay\n    when:\n`)).join('\n')).toMatch(/is empty/)
    expect((await problems(`${HEAD}rules:\n  - name: pay\n    when: { type: [~] }\n`)).join('\n')).toMatch(
      /is empty/,
    )
  })

  test('text from the file is made visible in messages', async () => {
    const message = (await problems(`${HEAD}"\\e[2J": 1\nrules:\n${RULE}`)).join('\n')
    expect(message).toContain('unknown field "\\u{1b}[2J"')
  })
})

describe('sections', () => {
  const section = async (text: string): Promise<string[]> => {
    return (await problems(`format: mpc/policy/v1\n${text}\nrules:\n${RULE}`)).map((each) =>
      each.replace(/^\d+:\d+ /, ''),
    )
  }

  test.each([
    [`titles: { Head: ["${print('a')}"] }`, /^Head is not a name/],
    ['titles: { head: [] }', /^head has nobody/],
    [`titles: { head: ["${print('a').toUpperCase()}"] }`, /64 hex digits in small letters/],
    [`titles: { head: ["${print('a')}", "${print('a')}"] }`, /names a fingerprint twice/],
    [`titles: { custodians: ["${print('a')}"] }`, /^custodians is the title of every custodian/],
    ['assets: { a: { chain: "evm:1", contract: native } }', /^decimals is a whole number/],
    ['assets: { a: { chain: "evm:1", contract: native, decimals: 37 } }', /^decimals is a whole number/],
    ['assets: { a: { chain: "evm:1", contract: "0x12", decimals: 6 } }', /^contract is no address of evm:1/],
    [
      'assets: { a: { chain: "evm:1", contract: "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD", decimals: 6 } }',
      /its checksum is wrong/,
    ],
    [
      'assets: { a: { chain: solana, contract: native, decimals: 9 }, b: { chain: solana, contract: native, decimals: 6 } }',
      /^b is the same asset as a/,
    ],
    ['assets: { a: 5 }', /^a is not a list of fields/],
    ['recipients: { a: { chain: solana, address: native } }', /^address is no address of solana/],
    ['recipients: { a: { chain: evm, address: "0x0" } }', /^chain is evm: with a chain id/],
    ['requests: { from: [] }', /^from names nobody/],
    ['requests: { from: [boss] }', /^from names the title "boss"/],
    ['requests: { digests: 1 }', /^digests is not true or false/],
    ['reshare: {}', /^approvals is a whole number from 1 to 64/],
    ['reshare: { approvals: 0 }', /^approvals is a whole number from 1 to 64/],
    ['presign: always', /^presign is unattended, or left out/],
    ['type-amount: { usdc: "5" }', /^usdc is not among the assets/],
    [
      'assets: { a: { chain: solana, contract: native, decimals: 2 } }\ntype-amount: { a: "0.001" }',
      /^a is an amount of a like/,
    ],
  ])('%s', async (text, reason) => {
    expect((await section(text)).join('\n')).toMatch(reason)
  })

  test('without rules a policy is a mistake', async () => {
    expect((await problems(HEAD)).join('\n')).toMatch(/rules are missing/)
    expect((await problems(`${HEAD}rules: []\n`)).join('\n')).toMatch(/rules are missing/)
    expect((await problems(`${HEAD}rules: {}\n`)).join('\n')).toMatch(/rules is not a list/)
    expect((await problems(`${HEAD}rules: [5]\n`)).join('\n')).toMatch(/rules is not a list/)
  })

  test('two rules with one name', async () => {
    expect(await problems(`${HEAD}rules:\n${RULE}${RULE}`)).toEqual([
      `${HEAD_LINES + 2}:13 name is that of another rule too`,
    ])
  })
})

describe('a rule', () => {
  test.each([
    ['{ when: {} }', /^\d+ name is 1 to 64 letters/],
    ['{ name: "a\\nb", when: {} }', /^\d+ name is 1 to 64 letters/],
    ['{ name: pay }', /when is missing: write when: \{\}/],
    ['{ name: pay, when: { type: [] } }', /type is an empty list, which never holds/],
    ['{ name: pay, when: { type: [evmtx] } }', /type names "evmtx".* Did you mean|type names "evmtx"/],
    ['{ name: pay, when: { effect: [change] } }', /effect names "change"/],
    ['{ name: pay, when: { asset: [gold] } }', /asset names "gold", which is not one of usdc, eth/],
    ['{ name: pay, when: { to: [nobody] } }', /to names "nobody", which is not one of exchange/],
    ['{ name: pay, when: { from: [boss] } }', /from names "boss"/],
    ['{ name: pay, when: { chain: [evm] } }', /chain names "evm"/],
    ['{ name: pay, when: { chain: [] } }', /chain is an empty list/],
    ['{ name: pay, when: { path: [] } }', /path is an empty list/],
    ['{ name: pay, when: { path: [0/7] } }', /path has "0\/7", which is no path/],
    ['{ name: pay, when: { path: ["m/0h"] } }', /path has "m\/0h"/],
    ['{ name: pay, when: { amount: { at-most: "5" } } }', /at-most needs an asset beside amount/],
    ['{ name: pay, when: { asset: [usdc], amount: {} } }', /at-most is missing/],
    ['{ name: pay, when: { asset: [usdc], amount: { at-most: 5 } } }', /at-most is not text/],
    [
      '{ name: pay, when: { asset: [usdc], amount: { at-most: "05" } } }',
      /at-most is an amount of usdc like/,
    ],
    [
      '{ name: pay, when: { asset: [usdc], amount: { at-most: "-5" } } }',
      /at-most is an amount of usdc like/,
    ],
    [
      '{ name: pay, when: { asset: [usdc], amount: { at-most: "1e3" } } }',
      /at-most is an amount of usdc like/,
    ],
    [
      '{ name: pay, when: { asset: [usdc], amount: { at-most: "0.0000001" } } }',
      /at most 6 digits behind the point/,
    ],
    [
      '{ name: pay, when: { asset: [usdc], amount: { above: "5", at-most: "5" } } }',
      /at-most is not more than above/,
    ],
    [
      '{ name: pay, when: { asset: [usdc], amount: { above: "5", unlimited: true } } }',
      /unlimited has no bounds/,
    ],
    [
      '{ name: pay, when: { asset: [usdc], amount: { unlimited: false } } }',
      /unlimited is true, or left out/,
    ],
    ['{ name: pay, when: { hours: { days: mon } } }', /zone is a time zone/],
    ['{ name: pay, when: { hours: { zone: "+01:00" } } }', /zone is a time zone/],
    ['{ name: pay, when: { hours: { zone: Europe/Zurch } } }', /zone is a time zone/],
    ['{ name: pay, when: { hours: { zone: UTC, days: monday } } }', /days is a day like mon/],
    ['{ name: pay, when: { hours: { zone: UTC, from: "9:00" } } }', /from is a time like/],
    ['{ name: pay, when: { hours: { zone: UTC, until: "24:01" } } }', /until is a time like/],
    [
      '{ name: pay, when: { hours: { zone: UTC, from: "18:00", until: "09:00" } } }',
      /until is not after from/,
    ],
    ['{ name: pay, when: {}, limit: { per-24h: "5" } }', /limit needs an asset in when/],
    ['{ name: pay, when: { asset: [usdc] }, limit: {} }', /limit is one of per-request, per-1h/],
    ['{ name: pay, when: { asset: [usdc] }, limit: { per-2h: "5" } }', /unknown field "?per-2h/],
    ['{ name: pay, when: { asset: [usdc] }, limit: { per-24h: "x" } }', /per-24h is an amount of usdc/],
    ['{ name: pay, when: { effect: [fee], asset: [eth] }, limit: { per-24h: "5" } }', /limit counts no fees/],
    ['{ name: pay, when: {}, approvals: [{ title: boss, of: 1 }] }', /title names "boss"/],
    [
      '{ name: pay, when: {}, approvals: [{ title: head, of: 2 }] }',
      /of is 2, but only 1 have the title head/,
    ],
    ['{ name: pay, when: {}, approvals: [{ title: head }] }', /of is a whole number from 1 to 64/],
    [
      '{ name: pay, when: {}, approvals: [{ title: head, of: 1 }, { title: head, of: 1 }] }',
      /title stands here twice/,
    ],
    [
      '{ name: pay, when: {}, approvals: { title: head, of: 1 } }',
      /approvals is not a list of lists of fields/,
    ],
    ['{ name: pay, when: {}, custodians: 0 }', /custodians is a whole number from 1 to 64/],
    ['{ name: pay, when: {}, delay: 2 }', /delay is not text/],
    ['{ name: pay, when: {}, delay: 2 hours }', /delay is a span of time/],
    ['{ name: pay, when: {}, lapse: 0h }', /lapse is a span of time/],
    ['{ name: no, deny: true, when: {}, delay: 2h }', /delay stands in a rule that denies/],
    ['{ name: no, deny: true, when: {}, unattended: true }', /unattended stands in a rule that denies/],
    ['{ name: pay, when: {}, dely: 2h }', /unknown field "?dely/],
  ])('%s', async (rule, reason) => {
    expect((await ofRule(rule)).join('\n')).toMatch(reason)
  })
})

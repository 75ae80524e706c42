/** Laws for every policy and every request. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Effect } from '../../src/payload/decoder.js'
import { evaluate } from '../../src/policy/evaluate.js'
import { explain } from '../../src/policy/explain.js'
import type { Approval, Inputs } from '../../src/policy/inputs.js'
import { EFFECTS, type Policy } from '../../src/policy/language.js'
import { PAYLOAD_NAMES } from '../../src/payload/registry/registry.js'
import {
  asked,
  EXCHANGE,
  HEAD,
  NOON,
  policyOf,
  print,
  STRANGER,
  USDC,
  usdc,
  viewOf,
  windowed,
} from './support.js'

const RUNS = { numRuns: 200, seed: 20_263 }
const PEOPLE = ['alice', 'bob', 'carol', 'hilda', 'carl', 'cora', 'bot', 'nobody']
const yaml = (value: unknown): string => JSON.stringify(value)
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
const some = <T extends string>(words: readonly T[]) => fc.subarray([...words], { minLength: 1 })

const when = fc.record(
  {
    type: some(PAYLOAD_NAMES),
    effect: some(EFFECTS),
    chain: some(['evm:1', 'evm:10', 'solana']),
    to: fc.constant(['exchange']),
    path: some(['m', 'm/0/*', 'm/1']),
    from: some(['custodians', 'head', 'compliance', 'bots']),
    hours: fc.constantFrom(
      { zone: 'Europe/Zurich', days: 'mon-fri' },
      { zone: 'UTC', from: '09:00', until: '18:00' },
    ),
    'foreign-inputs': fc.boolean(),
  },
  { requiredKeys: [] },
)
/** Conditions with or without an asset, its amount and a limit on it. */
const priced = fc.record({
  when,
  asset: maybe(some(['usdc', 'eth'])),
  amount: maybe(fc.constantFrom({ 'at-most': '5' }, { above: '5' }, { unlimited: true })),
  limit: maybe(fc.constantFrom({ 'per-24h': '10' }, { 'per-request': '7' })),
})
const demands = fc.record(
  {
    approvals: fc.subarray([
      { title: 'head', of: 1 },
      { title: 'compliance', of: 2 },
      { title: 'custodians', of: 2 },
    ]),
    custodians: fc.integer({ min: 1, max: 3 }),
    delay: fc.constantFrom('1m', '2h'),
    lapse: fc.constantFrom('1m', '2h'),
    unattended: fc.boolean(),
  },
  { requiredKeys: [] },
)
type RuleText = Readonly<Record<string, unknown>>
const rule = fc
  .tuple(priced, demands, fc.boolean())
  .map(([{ when: base, asset, amount, limit }, needs, deny]): RuleText => {
    const isUnlimited = amount !== undefined && 'unlimited' in amount
    const bounded = amount !== undefined && (asset !== undefined || isUnlimited) ? { amount } : {}
    const conditions = { ...base, ...(asset && { asset }), ...bounded }
    if (deny) return { when: conditions, deny }
    const limits = limit && asset && !base.effect?.includes('fee') ? { limit } : {}
    return { when: conditions, ...limits, ...needs }
  })
/** Half of the policies have a rule that fits most payloads, or else nearly all requests would be denied. */
const broad = demands.map((needs): RuleText => ({ when: {}, ...needs }))
const rules = fc
  .tuple(fc.array(rule, { minLength: 1, maxLength: 3 }), maybe(broad))
  .map(([narrow, wide]) =>
    wide === undefined ? narrow : [...narrow.filter(({ deny }) => deny !== true), wide],
  )
const requests = fc.constantFrom<object>(
  {},
  { from: ['custodians', 'head', 'compliance', 'bots'] },
  { from: ['custodians', 'head', 'compliance', 'bots'], digests: true, 'digest-like': true },
)

const policyFrom = (
  texts: readonly RuleText[],
  request: object,
  order = texts.map((_, i) => i),
): Promise<Policy> =>
  policyOf(
    `${HEAD}requests: ${yaml(request)}\nrules:\n${order.map((i) => `  - ${yaml({ name: `rule ${i}`, ...texts[i] })}\n`).join('')}`,
  )

const hostile: fc.Arbitrary<Effect> = fc.record({
  chain: fc.constantFrom('evm:1', 'evm:10', 'evm:any', 'solana', 'unknown'),
  kind: fc.constantFrom(...EFFECTS.filter((word) => word !== 'none'), 'change' as const),
  asset: fc.constantFrom('native', USDC, USDC.toUpperCase().replace('0X', '0x'), null, '?\u202e'),
  amount: fc.option(fc.bigInt({ min: -2n, max: 12_000_000n })),
  recipient: fc.constantFrom(EXCHANGE, STRANGER, null, '\u001b[2J'),
})
const plain = fc.bigInt({ min: 0n, max: 4_000_000n }).map((amount): Effect => usdc(amount))
const effect = fc.oneof({ weight: 4, arbitrary: plain }, { weight: 1, arbitrary: hostile })
const time = fc.oneof(
  fc.integer({ min: NOON - 10_000_000, max: NOON }),
  fc.integer({ min: NOON, max: NOON + 10_000_000 }),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -1, 8.64e15 + 1),
)
const person = fc.constantFrom(...PEOPLE).map(print)
const approval: fc.Arbitrary<Approval> = fc.record({
  fingerprint: person,
  at: fc.oneof(fc.constant(NOON - 1000), time),
  expires: fc.oneof(fc.constant(NOON + 1_000_000), time),
})
const rest = fc.record({
  type: fc.constantFrom(...PAYLOAD_NAMES, '?'),
  size: fc.constantFrom(0, 32, 100, 200),
  paths: fc.array(fc.constantFrom(null, 'm/0/1', 'm/1', '')),
  foreignInputs: fc.oneof(
    { weight: 5, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.boolean() },
  ),
  asker: person,
  signers: fc.array(person, { maxLength: 3 }),
  firstSeen: fc.oneof(fc.constant(NOON - 10_000_000), time),
  effects: fc.array(effect, { maxLength: 4 }),
  approvals: fc.array(approval, { maxLength: 10 }),
  used: fc.option(fc.bigInt({ min: 0n, max: 12_000_000n })),
  now: fc.oneof({ weight: 5, arbitrary: fc.constant(NOON) }, { weight: 1, arbitrary: time }),
})
type Rest = typeof rest extends fc.Arbitrary<infer T> ? T : never

const inputs = (policy: Policy, { effects, approvals, used, now, ...request }: Rest): Inputs => ({
  request: asked(request),
  view: viewOf(effects, request.type),
  policy,
  spent: windowed(policy, used),
  approvals,
  now,
})

const law = (
  holds: (texts: readonly RuleText[], request: object, rest: Rest) => Promise<void>,
  runs = RUNS,
) => fc.assert(fc.asyncProperty(rules, requests, rest, holds), runs)

describe('for every policy and request', () => {
  test('evaluation throws nothing, changes nothing, and equal inputs decide alike, in words too', async () => {
    const outcomes = new Map<string, number>()
    await law(async (texts, request, each) => {
      const [one, other] = await Promise.all([policyFrom(texts, request), policyFrom(texts, request)])
      const [mine, yours] = [inputs(one, each), inputs(other, structuredClone(each))]
      const before = structuredClone(mine)
      const decision = evaluate(mine)
      expect(evaluate(yours)).toEqual(decision)
      expect(mine).toEqual(before)
      expect(explain(decision, mine.view, one)).toEqual(explain(evaluate(yours), yours.view, other))
      outcomes.set(decision.outcome, (outcomes.get(decision.outcome) ?? 0) + 1)
    })
    // Each outcome is frequent enough for the laws to speak of it.
    for (const word of ['allow', 'needs', 'deny']) expect(outcomes.get(word), word).toBeGreaterThan(5)
  })

  test('the order of rules changes nothing, so a rule that denies wins in every order', async () => {
    await fc.assert(
      fc.asyncProperty(
        rules,
        requests,
        rest,
        fc.infiniteStream(fc.nat()),
        async (texts, request, each, numbers) => {
          const order = texts
            .map((_, i) => ({ i, by: numbers.next().value as number }))
            .sort((a, b) => a.by - b.by)
            .map(({ i }) => i)
          const first = evaluate(inputs(await policyFrom(texts, request), each))
          const second = evaluate(inputs(await policyFrom(texts, request, order), each))
          expect(second.outcome).toBe(first.outcome)
          expect(second.rules.toSorted()).toEqual(first.rules.toSorted())
          expect(second.needs).toEqual(first.needs)
          expect(second.demands).toEqual(first.demands)
        },
      ),
      RUNS,
    )
  })

  test('one more rule that denies never allows more', async () => {
    await fc.assert(
      fc.asyncProperty(rules, requests, rest, rule, async (texts, request, each, more) => {
        const deny = { when: more['when'], deny: true }
        const before = evaluate(inputs(await policyFrom(texts, request), each))
        const after = evaluate(inputs(await policyFrom([...texts, deny], request), each))
        if (before.outcome === 'deny') expect(after.outcome).toBe('deny')
        else expect([before.outcome, 'deny']).toContain(after.outcome)
      }),
      RUNS,
    )
  })

  test('the asker never counts as approving: without its approvals the decision is the same', async () => {
    await law(async (texts, request, each) => {
      const policy = await policyFrom(texts, request)
      const own = { fingerprint: each.asker, at: NOON, expires: NOON + 1_000_000 }
      const without = {
        ...each,
        approvals: each.approvals.filter(({ fingerprint }) => fingerprint !== each.asker),
      }
      const withOwn = { ...each, approvals: [...each.approvals, own] }
      expect(evaluate(inputs(policy, withOwn))).toEqual(evaluate(inputs(policy, without)))
    })
  })

  test('one more approval never makes an allowed request wait or be denied', async () => {
    const rank = { deny: 0, needs: 1, allow: 2 }
    await fc.assert(
      fc.asyncProperty(rules, requests, rest, approval, async (texts, request, each, more) => {
        const policy = await policyFrom(texts, request)
        const before = evaluate(inputs(policy, each))
        const after = evaluate(inputs(policy, { ...each, approvals: [...each.approvals, more] }))
        expect(rank[after.outcome]).toBeGreaterThanOrEqual(rank[before.outcome])
        expect(after.outcome === 'deny').toBe(before.outcome === 'deny')
      }),
      RUNS,
    )
  })

  test('an approval that is there twice, or under another order, counts once', async () => {
    await law(async (texts, request, each) => {
      const policy = await policyFrom(texts, request)
      const twice = { ...each, approvals: [...each.approvals, ...each.approvals.toReversed()] }
      expect(evaluate(inputs(policy, twice))).toEqual(evaluate(inputs(policy, each)))
    })
  })

  test('more that was spent never allows more', async () => {
    await law(async (texts, request, each) => {
      const policy = await policyFrom(texts, request)
      const more = { ...each, used: each.used === null ? null : each.used + 5_000_000n }
      if (evaluate(inputs(policy, each)).outcome === 'deny')
        expect(evaluate(inputs(policy, more)).outcome).toBe('deny')
    })
  })

  test('what is said holds no character that could repaint a screen', async () => {
    await law(async (texts, request, each) => {
      const policy = await policyFrom(texts, request)
      const mine = inputs(policy, each)
      for (const line of explain(evaluate(mine), mine.view, policy)) expect(line).not.toMatch(/[\p{C}]/u)
    })
  })
})

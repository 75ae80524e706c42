/** The words for policies and decisions, times of day, and a limit's worth among corrupt custodians. */
import { describe, expect, test } from 'vitest'
import { parseAmount } from '../../src/policy/amounts.js'
import { effectWords, explain, SEMANTICS } from '../../src/policy/explain.js'
import { isWithin, isZone, parseDays, parseMinutes } from '../../src/policy/hours.js'
import { worstCases, worstCaseWords } from '../../src/policy/worst-case.js'
import {
  approved,
  decide,
  effectOf,
  NOON,
  print,
  STRANGER,
  type Try,
  usdc,
  viewOf,
  withRules,
} from './support.js'

describe('a decision in words', () => {
  const policy = withRules(`  - { name: no calls, deny: true, when: { effect: [call] } }
  - name: pay
    when: { asset: [usdc], to: [exchange] }
    limit: { per-24h: "500" }
    approvals: [{ title: compliance, of: 2 }]
    custodians: 2
    delay: 2h
    unattended: true
`)
  const words = async (tried: Try) => {
    const effects = tried.effects ?? [usdc(1n)]
    return explain(decide(await policy, { ...tried, effects }), viewOf(effects), await policy)
  }

  test('says what is missing, from whom', async () => {
    expect(
      await words({ effects: [usdc(1_500_000n)], approvals: [approved('carl')], used: 2_000_000n }),
    ).toEqual([
      'Allowed by "pay", without asking a person here, once this is there:',
      '2 approvals by compliance; 1 so far.',
      '2 custodians who approve or sign; 0 so far.',
      'a wait until 2030-01-01T14:00:00.000Z.',
      'The limit per-24h of the rule "pay" is 500 usdc: 2 usdc used before, 1.5 usdc by this request.',
    ])
  })

  test('says which rule allows', async () => {
    const tried = {
      approvals: [approved('carl'), approved('cora')],
      request: { firstSeen: 0, signers: ['bob', 'carol'].map(print) },
    }
    expect((await words(tried))[0]).toBe('Allowed by "pay", without asking a person here.')
  })

  test('says which rule denies, and that none allows', async () => {
    const effects = [effectOf('call'), usdc(5_000_000n, STRANGER)]
    expect(await words({ effects, request: { asker: print('nobody') } })).toEqual([
      'Denied.',
      'The asker has none of the titles that may ask.',
      'The rule "no calls" denies the call to exchange on evm:1.',
      'No rule allows the call to exchange on evm:1.',
      `No rule allows the transfer of 5 usdc to ${STRANGER} on evm:1.`,
    ])
  })

  test('says which limit is reached', async () => {
    expect(await words({ effects: [usdc(1n)], used: null })).toEqual([
      'Denied.',
      'The limit per-24h of the rule "pay" does not allow it.',
      'The limit per-24h of the rule "pay" is 500 usdc: all of it used before, 0.000001 usdc by this request.',
    ])
  })

  test('names effects as the policy does, and quotes what could harm a screen', async () => {
    const of = async (changes: object) => effectWords({ ...usdc(5n), ...changes }, await policy)
    expect(await of({})).toBe('the transfer of 0.000005 usdc to exchange on evm:1')
    expect(await of({ amount: null })).toBe(
      'the transfer of an unlimited or unknown amount of usdc to exchange on evm:1',
    )
    expect(await of({ asset: STRANGER })).toBe(
      `the transfer of 5 smallest units of ${STRANGER} to exchange on evm:1`,
    )
    expect(await of({ kind: 'unknown', asset: null, amount: null, recipient: null })).toBe(
      'an unknown effect on evm:1',
    )
    expect(await of({ recipient: '\u001b[2J' })).toContain('to "\\u{1b}[2J"')
  })

  test('the reading of rules is said in sentences', () => {
    for (const sentence of SEMANTICS) expect(sentence).toMatch(/^[A-Z].*\.$/)
  })
})

describe('times of day', () => {
  test.each([
    ['mon', [0]],
    ['mon-fri', [0, 1, 2, 3, 4]],
    ['sat-mon', [5, 6, 0]],
    ['sun-sun', [6]],
    ['mon-', null],
    ['mon-tue-wed', null],
    ['Mon', null],
    ['', null],
  ])('days %s', (text, days) => {
    expect(parseDays(text)).toEqual(days)
  })

  test.each([
    ['00:00', 0],
    ['23:59', 1439],
    ['24:00', 1440],
    ['24:01', null],
    ['9:00', null],
    ['09:60', null],
  ])('time %s', (text, minutes) => {
    expect(parseMinutes(text)).toBe(minutes)
  })

  test.each(['UTC', 'Europe/Zurich', 'America/Argentina/Buenos_Aires'])('zone %s', (zone) => {
    expect(isZone(zone)).toBe(true)
  })

  test.each(['', '+01:00', 'Europe/Nowhere', 'Europe', '../etc'])('no zone %j', (zone) => {
    expect(isZone(zone)).toBe(false)
  })

  test('follow the wall clock over the change to summer time', () => {
    const hours = { zone: 'Europe/Zurich', days: [5, 6], from: 9 * 60, until: 10 * 60 }
    // In 2030 the clocks go forward on Sunday, 31 March, at 01:00 UTC.
    expect(isWithin(hours, Date.UTC(2030, 2, 30, 8, 30))).toBe(true)
    expect(isWithin(hours, Date.UTC(2030, 2, 31, 8, 30))).toBe(false)
    expect(isWithin(hours, Date.UTC(2030, 2, 31, 7, 30))).toBe(true)
  })

  test('the day is that of the zone', () => {
    const hours = { zone: 'Pacific/Auckland', days: [2], from: 0, until: 1440 }
    // Tuesday noon in UTC is early Wednesday there.
    expect(isWithin(hours, NOON)).toBe(true)
    expect(isWithin({ ...hours, zone: 'UTC' }, NOON)).toBe(false)
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY, 9e15])('no time is within at %d', (now) => {
    expect(isWithin({ zone: 'UTC', days: [0, 1, 2, 3, 4, 5, 6], from: 0, until: 1440 }, now)).toBe(false)
  })
})

describe('amounts', () => {
  test.each([
    ['0', 6, 0n],
    ['1.5', 6, 1_500_000n],
    ['0.000001', 6, 1n],
    ['50000', 0, 50_000n],
    ['123456789012345678901234567890', 18, 123456789012345678901234567890n * 10n ** 18n],
    ['1.0', 0, null],
    ['.5', 6, null],
    ['5.', 6, null],
    ['00', 6, null],
    ['+5', 6, null],
    [' 5', 6, null],
    ['1,000', 6, null],
    ['0x10', 6, null],
    ['٣', 6, null],
  ])('%j with %i decimals', (text, decimals, amount) => {
    expect(parseAmount(text, decimals)).toBe(amount)
  })
})

describe('what a limit means when custodians are corrupt', () => {
  const policy = withRules(
    '  - { name: pay, when: { asset: [usdc] }, limit: { per-24h: "100", per-request: "7" } }\n',
  )

  test('is reckoned for each number of them', async () => {
    const [request, day] = worstCases(await policy, { custodians: 5, threshold: 3 })
    // 5/3, 4/2 and 3/1 of the limit; the last is (custodians - threshold + 1) times the figure.
    expect(day?.amounts).toEqual([166_666_666n, 200_000_000n, 300_000_000n])
    expect(request?.amounts).toEqual([7_000_000n, 7_000_000n, 7_000_000n])
  })

  test.each([
    [2, 2],
    [3, 2],
    [4, 2],
    [5, 3],
  ])(
    'is never less than greedy signers reach: %i custodians, threshold %i',
    async (custodians, threshold) => {
      const day = worstCases(await policy, { custodians, threshold })[1]
      for (const [corrupt, bound] of (day?.amounts ?? []).entries()) {
        // One unit at a time, by the honest custodians who have most left.
        const left = Array.from({ length: custodians - corrupt }, () => 100)
        const honest = threshold - corrupt
        let signed = 0n
        for (;;) {
          const chosen = left
            .map((each, i) => ({ each, i }))
            .sort((a, b) => b.each - a.each)
            .slice(0, honest)
          if (chosen.some(({ each }) => each === 0)) break
          for (const { i } of chosen) left[i] = (left[i] ?? 0) - 1
          signed += 1_000_000n
        }
        expect(signed).toBeLessThanOrEqual(bound)
        // The bound is tight up to what cannot be divided.
        expect(signed + 1_000_000n).toBeGreaterThan(bound)
      }
    },
  )

  test('is said in words', async () => {
    const [, day] = worstCases(await policy, { custodians: 3, threshold: 2 })
    expect(day && worstCaseWords(day)).toEqual([
      'The limit per-24h of "pay" is 100 usdc.',
      'With 0 corrupt custodians it is at worst 150 usdc.',
      'With 1 corrupt custodian it is at worst 200 usdc.',
      'With 2 corrupt custodians there is no limit: they sign by themselves.',
    ])
  })
})

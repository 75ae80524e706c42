/** Each demand of the language: what is needed, from whom, and what does not count. */
import { describe, expect, test } from 'vitest'
import { approved, decide, HEAD, NOON, outcome, print, usdc, withRules } from './support.js'

const HOUR = 3_600_000
const rule = (demands: string, name = 'the rule', when = '{}') =>
  `  - { name: ${name}, when: ${when}, ${demands} }\n`

describe('approvals by title', () => {
  const needing = withRules(rule('approvals: [{ title: head, of: 1 }, { title: compliance, of: 2 }]'))

  test('are named with how many there are', async () => {
    const decision = decide(await needing, { approvals: [approved('carl')] })
    expect(decision).toMatchObject({ outcome: 'needs', rules: ['the rule'] })
    expect(decision.needs).toEqual([
      { what: 'approvals', title: 'compliance', of: 2, have: 1 },
      { what: 'approvals', title: 'head', of: 1, have: 0 },
    ])
  })

  test('are enough once all are there', async () => {
    const approvals = ['hilda', 'carl', 'cora'].map((name) => approved(name))
    expect(outcome(await needing, { approvals })).toBe('allow: the rule')
  })

  test('count a person once, also under two titles', async () => {
    // Hilda is head and of compliance: she fills one place, whichever it is.
    const two = ['hilda', 'carl'].map((name) => approved(name))
    const { needs } = decide(await needing, { approvals: [...two, ...two] })
    const missing = needs.map((need) => (need.what === 'approvals' ? need.of - need.have : 0))
    expect(missing.reduce((sum, each) => sum + each, 0)).toBe(1)
  })

  test('put a person with two titles where it is needed', async () => {
    const policy = await withRules(rule('approvals: [{ title: compliance, of: 1 }, { title: head, of: 1 }]'))
    for (const names of [
      ['hilda', 'carl'],
      ['carl', 'hilda'],
    ]) {
      expect(outcome(policy, { approvals: names.map((name) => approved(name)) })).toBe('allow: the rule')
    }
  })

  test('of somebody without the title do not count', async () => {
    const policy = await withRules(rule('approvals: [{ title: head, of: 1 }]'))
    expect(outcome(policy, { approvals: [approved('carl'), approved('nobody')] })).toBe('needs: the rule')
  })

  test('of a former identity of a seat never count', async () => {
    const policy = await withRules(rule('approvals: [{ title: compliance, of: 2 }]'))
    const approvals = [approved('carl'), approved('cora')]
    expect(outcome(policy, { approvals })).toBe('allow: the rule')
    expect(outcome(policy, { approvals, request: { former: [print('cora')] } })).toBe('needs: the rule')
  })

  test('of the asker never count', async () => {
    const policy = await withRules(
      `${rule('approvals: [{ title: head, of: 1 }]')}requests: { from: [head] }\n`,
    )
    const tried = { request: { asker: print('hilda') }, approvals: [approved('hilda')] }
    expect(outcome(policy, tried)).toBe('needs: the rule')
  })

  test('of custodians need no title in the policy', async () => {
    const policy = await withRules(rule('approvals: [{ title: custodians, of: 2 }]'))
    expect(outcome(policy, { approvals: [approved('bob')] })).toBe('needs: the rule')
    expect(outcome(policy, { approvals: [approved('bob'), approved('carol')] })).toBe('allow: the rule')
  })
})

describe('the time of an approval', () => {
  const needing = withRules(rule('approvals: [{ title: head, of: 1 }], lapse: 24h'))
  const at = (time: number, expires = NOON + 100 * HOUR) => ({
    approvals: [approved('hilda', time, expires)],
  })

  test('counts while it has not lapsed', async () => {
    expect(outcome(await needing, at(NOON - 24 * HOUR + 1))).toBe('allow: the rule')
    expect(outcome(await needing, at(NOON - 24 * HOUR))).toBe('needs: the rule')
  })

  test('ends when the approval expires', async () => {
    expect(outcome(await needing, at(NOON - HOUR, NOON + 1))).toBe('allow: the rule')
    expect(outcome(await needing, at(NOON - HOUR, NOON))).toBe('needs: the rule')
  })

  test('may be two minutes ahead, as clocks may', async () => {
    expect(outcome(await needing, at(NOON + 120_000))).toBe('allow: the rule')
    expect(outcome(await needing, at(NOON + 120_001))).toBe('needs: the rule')
  })
})

describe('custodians who must approve', () => {
  const needing = withRules(rule('custodians: 2'))
  const signers = (...names: string[]) => ({ request: { signers: names.map(print) } })

  test('count if they sign or approve, each once', async () => {
    expect(outcome(await needing, signers('bob', 'carol'))).toBe('allow: the rule')
    expect(outcome(await needing, { ...signers('bob'), approvals: [approved('carol')] })).toBe(
      'allow: the rule',
    )
    expect(outcome(await needing, { ...signers('bob'), approvals: [approved('bob')] })).toBe(
      'needs: the rule',
    )
  })

  test('count the asker if it signs, and never for its approval', async () => {
    expect(outcome(await needing, signers('alice', 'bob'))).toBe('allow: the rule')
    const byApproval = { ...signers('bob'), approvals: [approved('alice')] }
    expect(decide(await needing, byApproval).needs).toEqual([{ what: 'custodians', of: 2, have: 1 }])
  })

  test('are custodians of the key, and nobody else', async () => {
    expect(outcome(await needing, signers('bob', 'hilda'))).toBe('needs: the rule')
  })
})

describe('a delay', () => {
  const needing = withRules(rule('delay: 2h'))

  test('runs from when this custodian first recorded the request', async () => {
    const seen = (firstSeen: number) => ({ request: { firstSeen } })
    expect(decide(await needing, seen(NOON)).needs).toEqual([{ what: 'delay', until: NOON + 2 * HOUR }])
    expect(outcome(await needing, seen(NOON - 2 * HOUR + 1))).toBe('needs: the rule')
    expect(outcome(await needing, seen(NOON - 2 * HOUR))).toBe('allow: the rule')
  })
})

describe('demands of several rules', () => {
  const policy = withRules(
    rule(
      'approvals: [{ title: compliance, of: 2 }], custodians: 1, delay: 1h, lapse: 2d, unattended: true',
      'a',
    ) +
      rule(
        'approvals: [{ title: compliance, of: 1 }, { title: head, of: 1 }], custodians: 3, lapse: 1d',
        'b',
      ) +
      rule('delay: 3h, unattended: true', 'c', '{ effect: [call] }'),
  )

  test('add up to the strictest of each', async () => {
    expect(decide(await policy, {}).demands).toEqual({
      approvals: [
        { title: 'compliance', of: 2 },
        { title: 'head', of: 1 },
      ],
      custodians: 3,
      delay: HOUR,
      lapse: 24 * HOUR,
      unattended: false,
    })
  })

  test('are those of the rules that fit', async () => {
    const only = await withRules(
      rule('unattended: true', 'a', '{ asset: [usdc] }') + rule('delay: 3h', 'b', '{ asset: [eth] }'),
    )
    expect(decide(only, {})).toMatchObject({
      outcome: 'allow',
      rules: ['a'],
      demands: { unattended: true, delay: 0 },
    })
    const both = [usdc(1n), { ...usdc(1n), asset: 'native' }]
    expect(decide(only, { effects: both })).toMatchObject({
      outcome: 'needs',
      rules: ['a', 'b'],
      demands: { unattended: false },
    })
  })

  test('unattended takes all of them', async () => {
    const all = await withRules(rule('unattended: true', 'a') + rule('unattended: true', 'b'))
    expect(decide(all, {}).demands.unattended).toBe(true)
    const one = await withRules(rule('unattended: true', 'a') + rule('unattended: false', 'b'))
    expect(decide(one, {}).demands.unattended).toBe(false)
  })

  test('a denial demands nothing and is never unattended', async () => {
    const denied = await withRules(
      `${rule('unattended: true', 'a')}  - { name: no, deny: true, when: {} }\n`,
      HEAD,
    )
    expect(decide(denied, {})).toMatchObject({
      outcome: 'deny',
      rules: ['no'],
      needs: [],
      demands: { unattended: false },
    })
  })
})

/** The advice of `adviceOf` on a policy; it has none on one that bounds everything. */
import { expect, test } from 'vitest'
import { adviceOf } from '../../src/policy/advice.js'
import { withRules } from './support.js'

const FEES = '  - { name: fees, deny: true, when: { effect: [fee], asset: [eth], amount: { above: "1" } } }\n'
const advice = async (rule: string, fees = FEES) => adviceOf(await withRules(`  - ${rule}\n${fees}`))

test.each([
  ['{ name: a, when: { to: [exchange] }, unattended: true }', '"a" is unattended without a limit in time'],
  ['{ name: a, when: { asset: [usdc] } }', '"a" names no recipients'],
  [
    '{ name: a, when: { to: [exchange], asset: [usdc], amount: { at-most: "5" } } }',
    '"a" bounds the amount of each',
  ],
  ['{ name: a, when: { to: [exchange], amount: { unlimited: true } } }', '"a" allows amounts without limit'],
])('%s', async (rule, start) => {
  const [only, ...more] = await advice(rule)
  expect(only?.startsWith(start)).toBe(true)
  expect(more).toEqual([])
})

test('a policy without a rule for fees', async () => {
  expect(await advice('{ name: a, when: { to: [exchange] } }', '')).toEqual([
    'No rule speaks of fees, so a fee may have any amount.',
  ])
})

test('a policy that bounds everything', async () => {
  const rule = `{ name: a, when: { to: [exchange], asset: [usdc], amount: { at-most: "5" } },
      limit: { per-request: "5", per-24h: "9" }, unattended: true }`
  expect(await advice(rule)).toEqual([])
})

test('a rule that moves nothing needs no recipient', async () => {
  expect(await advice('{ name: a, when: { effect: [none, fee] }, unattended: true }')).toEqual([])
})

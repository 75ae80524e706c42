/** Policies from text, and requests to try on them. */
import { createHash } from 'node:crypto'
import { EVM_ANY } from '../../src/payload/chain.js'
import type { Effect, View } from '../../src/payload/decoder.js'
import { type Decision, evaluate } from '../../src/policy/evaluate.js'
import type { Approval, Asked, Inputs, Spent } from '../../src/policy/inputs.js'
import type { Policy } from '../../src/policy/language.js'
import { windowsOf } from '../../src/policy/limits.js'
import { parsePolicy } from '../../src/policy/parse.js'

/** The fingerprint of somebody. */
export const print = (name: string): string => createHash('sha256').update(name).digest('hex')

export const USDC = '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48'
export const EXCHANGE = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed'
export const STRANGER = '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359'

/** The beginning of most policies of the tests. */
export const HEAD = `format: mpc/policy/v1
titles:
  head: [${print('hilda')}]
  compliance: [${print('carl')}, ${print('cora')}, ${print('hilda')}]
  bots: [${print('bot')}]
assets:
  usdc: { chain: "evm:1", contract: "${USDC}", decimals: 6 }
  eth: { chain: "evm:1", contract: native, decimals: 18 }
recipients:
  exchange: { chain: "evm:1", address: "${EXCHANGE}" }
`

export const policyOf = (text: string): Promise<Policy> =>
  parsePolicy(new TextEncoder().encode(text), 'policy.yaml')
/** A policy with these rules, as YAML. */
export const withRules = (rules: string, head = HEAD): Promise<Policy> => policyOf(`${head}rules:\n${rules}`)

export const usdc = (units: bigint | null, recipient: string | null = EXCHANGE): Effect => ({
  chain: 'evm:1',
  kind: 'transfer',
  // As a decoder writes it: with EIP-55's capitals.
  asset: '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48',
  amount: units,
  recipient,
})
export const effectOf = (kind: Effect['kind'], rest: Partial<Effect> = {}): Effect => ({
  chain: 'evm:1',
  kind,
  asset: null,
  amount: null,
  recipient: EXCHANGE,
  ...rest,
})

export const viewOf = (effects: readonly Effect[], type = 'evm-tx'): View => ({
  type,
  sentence: 'Does something.',
  rows: [],
  effects,
  warnings: [],
})

/** A Tuesday at noon, in UTC. */
export const NOON = Date.UTC(2030, 0, 1, 12)

export const asked = (changes: Partial<Asked> = {}): Asked => ({
  type: 'evm-tx',
  size: 100,
  paths: [null],
  foreignInputs: false,
  asker: print('alice'),
  signers: [],
  custodians: ['alice', 'bob', 'carol'].map(print),
  former: [],
  firstSeen: NOON,
  ...changes,
})

export const approved = (name: string, at = NOON, expires = NOON + 86_400_000): Approval => ({
  fingerprint: print(name),
  at,
  expires,
})

/** A ledger that has the same sum in every window, and spent nothing on every chain at once. */
export const windowed = (policy: Policy, amount: bigint | null): Spent[] =>
  windowsOf(policy).map((window) => ({ ...window, amount: window.chain === EVM_ANY ? 0n : amount }))

export type Try = {
  readonly effects?: readonly Effect[]
  readonly request?: Partial<Asked>
  readonly approvals?: readonly Approval[]
  readonly used?: bigint | null
  readonly now?: number
}

export const inputsOf = (
  policy: Policy,
  { effects = [usdc(1n)], request = {}, approvals = [], used = 0n, now = NOON }: Try,
): Inputs => ({
  request: asked(request),
  view: viewOf(effects, request.type ?? 'evm-tx'),
  policy,
  spent: windowed(policy, used),
  approvals,
  now,
})

export const decide = (policy: Policy, tried: Try): Decision => evaluate(inputsOf(policy, tried))
/** The outcome, with the rules that decide. */
export const outcome = (policy: Policy, tried: Try): string => {
  const { outcome: word, rules } = decide(policy, tried)
  return [word, ...rules].join(': ')
}

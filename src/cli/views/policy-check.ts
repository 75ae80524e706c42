/** A policy that is no key's yet: its rules, what they are worth, and who is meant by its titles. */
import type { Known, Status } from '../../ceremony/contacts/contacts.js'
import { adviceOf } from '../../policy/advice.js'
import type { Limit, Policy, Rule } from '../../policy/language.js'
import { type PolicyMistakes, parsePolicy } from '../../policy/parse.js'
import { type WorstCase, worstCaseWords, worstCases } from '../../policy/worst-case.js'
import { hex } from '../../wire/base/text.js'
import { fields } from '../terminal/style.js'
import { policyLines, ruleLine, SEMANTICS } from './policy-rules.js'

export { PolicyMistakes } from '../../policy/parse.js'

/** How many custodians hold the key, and how many of them sign. */
export type Size = { readonly threshold: number; readonly custodians: number }

/** A holder of a title; `name` is null for a fingerprint of which no card is here. */
export type Named = {
  readonly title: string | null
  readonly fingerprint: string
  readonly name: string | null
  readonly status: Status | null
}

export type Checked = {
  readonly policy: Policy
  readonly worst: readonly WorstCase[]
  readonly names: readonly Named[] | null
}

/**
 * @param path how the file is called in messages
 * @param size of the key; null: what its limits are worth is left out
 * @param known cards by which fingerprints get names; null: they get none
 * @throws PolicyMistakes
 */
export async function checkPolicy(
  file: Uint8Array,
  path: string,
  size: Size | null,
  known: readonly Known[] | null,
): Promise<Checked> {
  const policy = await parsePolicy(file, path)
  return {
    policy,
    worst: size === null ? [] : worstCases(policy, size),
    names: known && namesIn(policy, known),
  }
}

/** The holders of each title, then the known cards that have none. */
function namesIn({ titles }: Policy, known: readonly Known[]): readonly Named[] {
  const cards = new Map(known.map((each) => [hex(each.card.fingerprint), each]))
  const named = (title: string | null, fingerprint: string): Named => {
    const found = cards.get(fingerprint)
    return { title, fingerprint, name: found?.card.name ?? null, status: found?.status ?? null }
  }
  const holders = [...titles].flatMap(([title, all]) => all.map((fingerprint) => named(title, fingerprint)))
  const titled = new Set(holders.map(({ fingerprint }) => fingerprint))
  return [
    ...holders,
    ...[...cards.keys()].filter((each) => !titled.has(each)).map((fingerprint) => named(null, fingerprint)),
  ]
}

const NOTHING = { rules: [], limits: [], worst_case: [], advice: [], names: null }

/** Amounts are decimal strings in the asset's smallest unit: no number of JSON holds 256 bits. */
export const checkedData = ({ policy, worst, names }: Checked) => ({
  mistakes: [],
  rules: policy.rules.map(ruleData),
  limits: policy.rules.flatMap((rule) => rule.limits.map((limit) => limitData(rule.name, limit))),
  worst_case: worst.map(({ rule, limit, amounts }) => ({
    rule,
    limit: limit.label,
    asset: limit.asset.name,
    decimals: limit.asset.decimals,
    amounts: amounts.map(String),
  })),
  advice: adviceOf(policy),
  names,
})

export const mistakenData = ({ mistakes }: PolicyMistakes) => ({ mistakes, ...NOTHING })

const ruleData = (rule: Rule) => ({
  name: rule.name,
  deny: rule.deny,
  sentence: ruleLine(rule),
  approvals: rule.demands.approvals,
  custodians: rule.demands.custodians,
  delay_seconds: rule.demands.delay / 1000,
  lapse_seconds: rule.demands.lapse === null ? null : rule.demands.lapse / 1000,
  unattended: rule.demands.unattended,
})

const limitData = (rule: string, { label, window, asset, max }: Limit) => ({
  rule,
  limit: label,
  window_seconds: window === null ? null : window / 1000,
  asset: asset.name,
  decimals: asset.decimals,
  max: String(max),
})

export const checkedLines = ({ policy, worst, names }: Checked): readonly string[] => [
  ...policyLines(policy),
  ...section('When custodians are corrupt:', worst.flatMap(worstCaseWords)),
  ...section('Think about:', adviceOf(policy)),
  ...(names ? section('Names known here:', nameLines(names)) : []),
  ...section('How it is read:', SEMANTICS),
]

const section = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)]

const nameLines = (names: readonly Named[]): readonly string[] =>
  fields(
    names.map(({ title, fingerprint, name, status }) => [
      title ?? 'no title',
      `${fingerprint}  ${name === null ? 'not known here' : `${name} (${status === 'self' ? 'you' : status})`}`,
    ]),
  )

/** What a policy says of a payload, for machines and people. */
import type { Verdict } from '../../ceremony/policy/refusals.js'
import type { Need } from '../../policy/evaluate.js'
import { explain, needsInWords } from '../../policy/explain.js'
import type { LimitState } from '../../policy/limits.js'
import { hex, rfc3339 } from '../../wire/base/text.js'

/** Amounts are decimal strings in the asset's smallest unit: no number of JSON holds 256 bits. */
export const verdictData = ({ policy, decision, view }: Verdict) => ({
  policy: { number: policy.number, sha256: hex(policy.sha256) },
  decision: decision.outcome,
  rules: decision.rules,
  unattended: decision.outcome !== 'deny' && decision.demands.unattended,
  needs: decision.needs.map(needData),
  limits: decision.limits.map(limitData),
  explanation: explain(decision, view, policy.policy),
})

/** The same for a payload that was not judged, because its key has no policy. */
export const NO_VERDICT = {
  policy: null,
  decision: 'allow',
  rules: [],
  unattended: false,
  needs: [],
  limits: [],
  explanation: ['The key has no policy: its custodians decide, each for itself.'],
} as const

const needData = (need: Need) => ({
  what: need.what,
  title: need.what === 'approvals' ? need.title : null,
  of: need.what === 'delay' ? null : need.of,
  have: need.what === 'delay' ? null : need.have,
  until: need.what === 'delay' ? rfc3339(need.until) : null,
})

const limitData = ({ rule, label, asset, used, adds, max, fits }: LimitState) => ({
  rule,
  limit: label,
  asset: asset.name,
  decimals: asset.decimals,
  used: used === null ? null : String(used),
  adds: adds === null ? null : String(adds),
  max: String(max),
  fits,
})

/** For screens. */
export const verdictLines = ({ policy, decision, view }: Verdict): readonly string[] => [
  `Policy ${policy.number} (${hex(policy.sha256).slice(0, 16)}):`,
  ...explain(decision, view, policy.policy).map((line) => `  ${line}`),
]

export const NO_POLICY = 'none; each custodian decides alone'

/** In one line, for a table of rows. */
export function verdictRow({ policy, decision }: Verdict): string {
  const rules = decision.rules.map((rule) => `"${rule}"`).join(', ')
  const number = `policy ${policy.number}`
  if (decision.outcome === 'deny') return `${number} denies it${rules && `: ${rules}`}`
  const needs = decision.outcome === 'needs' ? `; it needs ${needsInWords(decision).join('; ')}` : ''
  return `${number} allows it by ${rules}${needs}`
}

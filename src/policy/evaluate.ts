/**
 * The one decision about a request. It is pure and total: equal inputs give equal decisions, and nothing is thrown.
 *
 * Each effect is judged by itself. A rule that denies wins, in any order. Otherwise at least one rule must fit, and the
 * strictest demands of all rules that fit add up. Without a rule that fits, the answer is no.
 */
import type { Effect } from '../payload/decoder.js'
import { approversOf, custodiansAmong, filled } from './approvals.js'
import type { Asked, Inputs } from './inputs.js'
import type { Demands, Policy, Quota, Rule } from './language.js'
import { type LimitState, limitStates, spendingOf } from './limits.js'
import { fitsEffect, fitsRequest, hasTitle } from './match.js'

/** Why a request is denied. `effect` counts in the view's effects; null: the payload as a whole. */
export type Denial =
  | { readonly why: 'asker' | 'digest' | 'digest-like' }
  | { readonly why: 'rule'; readonly rule: string; readonly effect: number | null }
  | { readonly why: 'no-rule'; readonly effect: number | null }
  | { readonly why: 'limit'; readonly rule: string; readonly limit: LimitState }

/** A need not met yet. `until` in milliseconds since 1970. */
export type Need =
  | { readonly what: 'approvals'; readonly title: string; readonly of: number; readonly have: number }
  | { readonly what: 'custodians'; readonly of: number; readonly have: number }
  | { readonly what: 'delay'; readonly until: number }

export type Decision = {
  readonly outcome: 'allow' | 'needs' | 'deny'
  /** Names, in the policy's order: the rules that allow; of a denial those that deny, among them broken limits. */
  readonly rules: readonly string[]
  readonly denials: readonly Denial[]
  /** Empty unless the outcome is `needs`. */
  readonly needs: readonly Need[]
  /** Of every rule that fits. */
  readonly limits: readonly LimitState[]
  /** Of the rules that fit, added up; nothing if the request is denied. */
  readonly demands: Demands
}

const NOTHING: Demands = { approvals: [], custodians: 0, delay: 0, lapse: null, unattended: false }
/** Types whose 32 bytes may be a digest. */
const DIGEST_LIKE: readonly string[] = ['raw', 'text']
const DIGEST_BYTES = 32

export function evaluate(inputs: Inputs): Decision {
  const { policy, view, spent } = inputs
  const rules = policy.rules.filter((rule) => fitsRequest(rule, inputs))
  const denials: Denial[] = requestDenials(inputs)
  const fitting = new Set<Rule>()
  for (const { effect, index, isFree } of judgedOf(view.effects, policy)) {
    const fit = rules.filter((rule) => fitsEffect(rule, effect))
    const allowing = fit.filter(({ deny }) => !deny)
    for (const { name } of fit.filter(({ deny }) => deny))
      denials.push({ why: 'rule', rule: name, effect: index })
    if (allowing.length === 0 && !isFree) denials.push({ why: 'no-rule', effect: index })
    for (const rule of allowing) fitting.add(rule)
  }
  const allowing = policy.rules.filter((rule) => fitting.has(rule))
  const spending = spendingOf(view)
  const limits = allowing.flatMap((rule) => limitStates(rule, spending, spent))
  for (const limit of limits.filter(({ fits }) => !fits))
    denials.push({ why: 'limit', rule: limit.rule, limit })
  return denials.length > 0 ? denied(policy, denials, limits) : allowed(inputs, allowing, limits)
}

type Judged = {
  readonly effect: Effect | null
  readonly index: number | null
  /** It needs no rule that allows it. */
  readonly isFree: boolean
}

/** Change is free. A fee needs a rule only where one that allows speaks of fees. */
function judgedOf(effects: readonly Effect[], { rules }: Policy): readonly Judged[] {
  const asksFees = rules.some(({ deny, when }) => !deny && when.effect?.includes('fee'))
  const judged = effects
    .map((effect, index) => ({ effect, index, isFree: effect.kind === 'fee' && !asksFees }))
    .filter(({ effect }) => effect.kind !== 'change')
  const isNothing = judged.every(({ effect }) => effect.kind === 'fee')
  return isNothing ? [...judged, { effect: null, index: null, isFree: false }] : judged
}

function requestDenials(inputs: Inputs): Denial[] {
  const { request, policy } = inputs
  const { from, digests, digestLike } = policy.requests
  return [
    ...(hasTitle(from, request.asker, inputs) ? [] : [{ why: 'asker' as const }]),
    ...(request.type === 'digest' && !digests ? [{ why: 'digest' as const }] : []),
    ...(isDigestLike(request) && !digestLike ? [{ why: 'digest-like' as const }] : []),
  ]
}

const isDigestLike = ({ type, size }: Asked): boolean => DIGEST_LIKE.includes(type) && size === DIGEST_BYTES

function denied(policy: Policy, denials: readonly Denial[], limits: readonly LimitState[]): Decision {
  const names = denials.map((denial) => ('rule' in denial ? denial.rule : null))
  return {
    outcome: 'deny',
    rules: policy.rules.map(({ name }) => name).filter((name) => names.includes(name)),
    denials,
    needs: [],
    limits,
    demands: NOTHING,
  }
}

function allowed(inputs: Inputs, rules: readonly Rule[], limits: readonly LimitState[]): Decision {
  const demands = addedUp(rules.map((rule) => rule.demands))
  const needs = needsOf(inputs, demands)
  return {
    outcome: needs.length === 0 ? 'allow' : 'needs',
    rules: rules.map(({ name }) => name),
    denials: [],
    needs,
    limits,
    demands,
  }
}

/** The strictest of each. */
function addedUp(all: readonly Demands[]): Demands {
  const quotas = new Map<string, Quota>()
  for (const quota of all.flatMap(({ approvals }) => approvals)) {
    if ((quotas.get(quota.title)?.of ?? 0) < quota.of) quotas.set(quota.title, quota)
  }
  const lapses = all.map(({ lapse }) => lapse).filter((lapse) => lapse !== null)
  return {
    approvals: [...quotas.values()].sort((a, b) => (a.title < b.title ? -1 : 1)),
    custodians: Math.max(0, ...all.map(({ custodians }) => custodians)),
    delay: Math.max(0, ...all.map(({ delay }) => delay)),
    lapse: lapses.length === 0 ? null : Math.min(...lapses),
    unattended: all.length > 0 && all.every(({ unattended }) => unattended),
  }
}

function needsOf({ request, policy, approvals, now }: Inputs, demands: Demands): readonly Need[] {
  const approvers = approversOf(approvals, request, demands, now)
  const have = filled(demands.approvals, approvers, { policy, custodians: request.custodians })
  const custodians = custodiansAmong(approvers, request)
  const until = request.firstSeen + demands.delay
  return [
    ...demands.approvals
      .map(({ title, of }, i) => ({ what: 'approvals' as const, title, of, have: have[i] ?? 0 }))
      .filter((each) => each.have < each.of),
    ...(custodians < demands.custodians
      ? [{ what: 'custodians' as const, of: demands.custodians, have: custodians }]
      : []),
    ...(demands.delay > 0 && !(now >= until) ? [{ what: 'delay' as const, until }] : []),
  ]
}

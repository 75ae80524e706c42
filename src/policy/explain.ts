/** Policies and decisions in words. Names in a policy are printable by their alphabets; other text is made visible. */
import { decimal } from '../payload/decimal.js'
import type { Effect, View } from '../payload/decoder.js'
import { comparable } from '../payload/chain.js'
import { rfc3339, visible } from '../wire/base/text.js'
import type { Decision, Denial, Need } from './evaluate.js'
import type { Asset, Policy } from './language.js'
import type { LimitState } from './limits.js'

/** How rules are read. */
export const SEMANTICS: readonly string[] = [
  'Each effect of a payload is judged by itself. Change is free. A fee is judged where a rule names fees.',
  'So a bound on an amount holds for each effect; limit: { per-request: ... } bounds their sum.',
  'A rule that denies wins over all rules that allow, in whatever order they stand.',
  'Otherwise at least one rule must fit each effect; without one the request is denied.',
  'The demands of all rules that fit add up: the most approvals, custodians and delay, and the shortest lapse.',
  'A request is signed unattended only if all rules that fit say so.',
  'What a payload leaves open fits no rule that allows, and fits one that denies.',
  'Permits, delegatecalls and unknown calls need a rule that names their effect; unlimited approvals and permits need amount: { unlimited: true }.',
  'An approval or permit of 2^95 smallest units or more also needs a rule that bounds it: amount: { at-most: ... }.',
  'Limits count transfers, approvals and permits of an asset by this key, over all paths and rules.',
  'The asker never counts as approving; among the custodians it counts if it signs. A person counts once, also under two titles.',
  'An identity whose seat of the key another one of the same person has taken, in whatever epoch, counts for nobody, also where a title names it.',
  'This guards the custodian whose program applies it: enough custodians with other programs can sign anything.',
]

/** @param view that of the same request */
export function explain(decision: Decision, view: View, policy: Policy): readonly string[] {
  const rules = decision.rules.map((name) => `"${name}"`).join(' and ')
  const limits = decision.limits.map((limit) => `${limitWords(limit)}.`)
  if (decision.outcome === 'deny') {
    return ['Denied.', ...denialsInWords(decision, view, policy), ...limits]
  }
  const how = decision.demands.unattended ? 'without asking a person here' : 'if a person approves here'
  if (decision.outcome === 'allow') return [`Allowed by ${rules}, ${how}.`, ...limits]
  return [
    `Allowed by ${rules}, ${how}, once this is there:`,
    ...needsInWords(decision).map((words) => `${words}.`),
    ...limits,
  ]
}

/** Why a request is denied, a sentence each. */
export const denialsInWords = ({ denials }: Decision, view: View, policy: Policy): readonly string[] =>
  denials.map((denial) => denialWords(denial, view, policy))

/** What a request still needs; none for one that is allowed or denied. */
export const needsInWords = ({ needs }: Decision): readonly string[] => needs.map(needWords)

function denialWords(denial: Denial, view: View, policy: Policy): string {
  switch (denial.why) {
    case 'asker':
      return 'The asker has none of the titles that may ask.'
    case 'digest':
      return 'Bare digests are not signed: requests: { digests: true } would allow them.'
    case 'digest-like':
      return '32 bytes may be a digest: requests: { digest-like: true } would allow them.'
    case 'rule':
      return `The rule "${denial.rule}" denies ${whatWords(denial.effect, view, policy)}.`
    case 'no-rule':
      return `No rule allows ${whatWords(denial.effect, view, policy)}.`
    case 'limit':
      return `The limit ${denial.limit.label} of the rule "${denial.rule}" does not allow it.`
    default:
      return denial satisfies never
  }
}

/** @param index among the effects of the view; null: the payload as a whole */
function whatWords(index: number | null, { effects, type }: View, policy: Policy): string {
  const effect = index === null ? undefined : effects[index]
  return effect === undefined ? `this ${type} as a whole` : effectWords(effect, policy)
}

/** `transfer of 1.5 usdc to exchange`: assets and recipients by the names of the policy. */
export function effectWords(effect: Effect, { assets, recipients }: Policy): string {
  const { chain, kind, recipient } = effect
  const asset = [...assets.values()].find((each) => isAsset(each, effect))
  const to =
    recipient === null
      ? undefined
      : [...recipients.values()].find(
          (each) => each.chain === chain && each.address === comparable(chain, recipient),
        )
  const what = amountWords(effect, asset)
  return [
    kind === 'unknown' ? 'an unknown effect' : `the ${kind}`,
    ...(what === null ? [] : [`of ${what}`]),
    ...(recipient === null ? [] : [`to ${to?.name ?? plain(recipient)}`]),
    `on ${plain(chain)}`,
  ].join(' ')
}

const isAsset = ({ chain, contract }: Asset, effect: Effect): boolean =>
  effect.asset !== null && chain === effect.chain && comparable(chain, effect.asset) === contract

function amountWords({ amount, asset: contract }: Effect, asset: Asset | undefined): string | null {
  if (contract === null && amount === null) return null
  const unit = asset?.name ?? (contract === null ? 'an unnamed asset' : plain(contract))
  if (amount === null) return `an unlimited or unknown amount of ${unit}`
  return asset === undefined
    ? `${amount} smallest units of ${unit}`
    : `${decimal(amount, asset.decimals)} ${unit}`
}

/** Addresses stand as they are; anything else is quoted. */
const plain = (text: string): string => (/^[A-Za-z0-9:-]{1,128}$/.test(text) ? text : visible(text))

function needWords(need: Need): string {
  switch (need.what) {
    case 'approvals':
      return `${need.of} ${plural(need.of, 'approval')} by ${need.title}; ${need.have} so far`
    case 'custodians':
      return `${need.of} ${plural(need.of, 'custodian')} who approve or sign; ${need.have} so far`
    case 'delay':
      return `a wait until ${rfc3339(need.until)}`
    default:
      return need satisfies never
  }
}

const plural = (count: number, word: string): string => (count === 1 ? word : `${word}s`)

function limitWords({ rule, label, asset, used, adds, max }: LimitState): string {
  const words = (amount: bigint | null, none: string): string =>
    amount === null ? none : `${decimal(amount, asset.decimals)} ${asset.name}`
  return (
    `The limit ${label} of the rule "${rule}" is ${words(max, '')}: ` +
    `${words(used, 'all of it')} used before, ${words(adds, 'an unknown amount')} by this request`
  )
}

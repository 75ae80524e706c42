/** The rules of a policy as sentences. Names in a policy are printable by their alphabets. */
import { DAYS } from '../../policy/hours.js'
import type { AssetRange, Conditions, Demands, Hours, Limit, Policy, Rule } from '../../policy/language.js'
import { decimal } from '../../payload/decimal.js'
import { spanText } from '../../wire/base/duration.js'

export { SEMANTICS } from '../../policy/explain.js'

/** One sentence a title, asset, recipient and rule, and what holds for all requests. */
export const policyLines = (policy: Policy): readonly string[] => [
  ...[...policy.titles].map(([title, holders]) => `Title ${title}: ${holders.join(', ')}.`),
  ...[...policy.assets.values()].map(
    ({ name, chain, contract, decimals }) => `Asset ${name}: ${contract} on ${chain}, ${decimals} decimals.`,
  ),
  ...[...policy.recipients.values()].map(
    ({ name, chain, address }) => `Recipient ${name}: ${address} on ${chain}.`,
  ),
  ...generalLines(policy),
  ...policy.rules.map(ruleLine),
]

/** What a new policy changes, sentence by sentence. @param before null: there was none */
export function changeLines(before: Policy | null, after: Policy): readonly string[] {
  const [old, made] = [before ? policyLines(before) : [], policyLines(after)]
  const gone = old.filter((line) => !made.includes(line))
  const added = made.filter((line) => !old.includes(line))
  return [
    before ? 'What changes:' : 'Until now the key has no policy.',
    ...gone.map((line) => `  - ${line}`),
    ...added.map((line) => `  + ${line}`),
    ...(gone.length + added.length === 0 ? ['  nothing that the program reads'] : []),
  ]
}

function generalLines({ requests, reshareApprovals, unattendedPresign, typeAmounts }: Policy): string[] {
  return [
    `Requests come from: ${requests.from.join(', ')}.`,
    ...(requests.digests ? ['Bare digests may be signed.'] : []),
    ...(requests.digestLike ? ['Texts and raw bytes of 32 bytes, which may be digests, may be signed.'] : []),
    ...(reshareApprovals === null
      ? []
      : [`A reshare is signed by at least ${reshareApprovals} old custodians.`]),
    ...(unattendedPresign ? ['Presignatures are made without asking a person.'] : []),
    ...typeAmounts.map(
      ({ asset, amount }) =>
        `Above ${decimal(amount, asset.decimals)} ${asset.name} a person types the amount.`,
    ),
  ]
}

export function ruleLine({ name, deny, when, limits, demands }: Rule): string {
  const conditions = conditionsOf(when)
  const what = conditions.length === 0 ? 'everything' : conditions.join('; ')
  if (deny) return `"${name}" DENIES ${what}.`
  const demanded = [...limits.map(limitWords), ...demandsOf(demands)]
  return `"${name}" allows ${what}. It demands: ${demanded.length === 0 ? 'nothing more' : demanded.join('; ')}.`
}

function conditionsOf(when: Conditions): string[] {
  const list = (label: string, words: readonly string[] | null): string[] =>
    words === null ? [] : [`${label} ${words.join(' or ')}`]
  return [
    ...list('type', when.type),
    ...list('effect', when.effect),
    ...list('chain', when.chain),
    ...list('asset', when.asset && when.asset.map(rangeWords)),
    ...(when.unlimited ? ['unlimited or unknown amounts'] : []),
    ...list('to', when.to && when.to.map(({ name }) => name)),
    ...list('path', when.path),
    ...list('asked by', when.from),
    ...(when.hours ? [hoursWords(when.hours)] : []),
    ...(when.foreignInputs ? ['inputs of other keys'] : []),
  ]
}

function rangeWords({ asset, above, atMost }: AssetRange): string {
  const of = (amount: bigint): string => decimal(amount, asset.decimals)
  return [
    asset.name,
    ...(above === null ? [] : [`above ${of(above)}`]),
    ...(atMost === null ? [] : [`at most ${of(atMost)}`]),
  ].join(' ')
}

function hoursWords({ zone, days, from, until }: Hours): string {
  return `${days.map((day) => DAYS[day]).join(' ')} from ${clockTime(from)} until ${clockTime(until)} in ${zone}`
}

const clockTime = (minutes: number): string =>
  [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0')).join(':')

const limitWords = ({ label, asset, max }: Limit): string =>
  `at most ${decimal(max, asset.decimals)} ${asset.name} ${label}`

function demandsOf({ approvals, custodians, delay, lapse, unattended }: Demands): string[] {
  return [
    ...approvals.map(({ title, of }) => `${of} of ${title} approve`),
    ...(custodians > 0 ? [`${custodians} custodians approve or sign`] : []),
    ...(delay > 0 ? [`a wait of ${spanText(delay)}`] : []),
    ...(lapse === null ? [] : [`approvals no older than ${spanText(lapse)}`]),
    unattended ? 'no person here' : 'a person here',
  ]
}

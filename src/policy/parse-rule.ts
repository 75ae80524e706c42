/** The rules of a policy: names become what they stand for, amounts become smallest units. */
import { PAYLOAD_NAMES } from '../payload/registry/registry.js'
import { isChain } from '../payload/chain.js'
import { CodecError } from '../protocol/core/codec.js'
import { parsePath } from '../protocol/group/derive.js'
import { didYouMean } from '../wire/base/did-you-mean.js'
import { parseSpan } from '../wire/base/duration.js'
import { visible } from '../wire/base/text.js'
import type { Fields } from '../wire/base/yaml.js'
import { parseAmount } from './amounts.js'
import { isZone, parseDays, parseMinutes } from './hours.js'
import {
  type Asset,
  type AssetRange,
  type Conditions,
  CUSTODIANS,
  type Demands,
  EFFECTS,
  type Hours,
  type Limit,
  type Policy,
  type Quota,
  type Rule,
} from './language.js'

/** The names that rules refer to. */
type Names = Pick<Policy, 'titles' | 'assets' | 'recipients'>

const RULE_NAME = /^[A-Za-z0-9][A-Za-z0-9 ,.'()-]{0,63}$/
const MOST_RULES = 256
const MOST_APPROVERS = 64
/** Spans of rolling windows, by the field that limits them. */
const WINDOWS: ReadonlyMap<string, number | null> = new Map([
  ['per-request', null],
  ['per-1h', 3_600_000],
  ['per-24h', 86_400_000],
  ['per-7d', 604_800_000],
  ['per-30d', 2_592_000_000],
])

export function readRules(fields: Fields, names: Names): readonly Rule[] {
  const items = fields.items('rules')
  if (items === null || items.length === 0)
    fields.reject('rules', 'are missing: without a rule everything is denied')
  if (items && items.length > MOST_RULES) fields.reject('rules', `are more than ${MOST_RULES}`)
  const seen = new Set<string>()
  return (items ?? []).map((item) => {
    const rule = readRule(item, names)
    if (seen.has(rule.name)) item.reject('name', 'is that of another rule too')
    seen.add(rule.name)
    return rule
  })
}

function readRule(fields: Fields, names: Names): Rule {
  const name = fields.text('name') ?? ''
  if (!RULE_NAME.test(name)) fields.reject('name', "is 1 to 64 letters, digits, blanks and ,.'()-")
  const deny = fields.flag('deny') ?? false
  const when = readConditions(fields.fields('when'), names)
  if (!fields.has('when')) fields.reject('when', 'is missing: write when: {} for a rule that always holds')
  const limits = readLimits(fields.fields('limit'), when)
  const demands = readDemands(fields, names)
  const demanding = ['limit', 'approvals', 'custodians', 'delay', 'lapse', 'unattended'] as const
  if (deny) {
    for (const field of demanding.filter((each) => fields.has(each))) {
      fields.reject(field, 'stands in a rule that denies, where it means nothing')
    }
  }
  if (!deny && limits.length > 0 && when.effect?.includes('fee')) {
    fields.reject('limit', 'counts no fees: bound them by when: { amount: ... }')
  }
  return { name, deny, when, limits, demands }
}

/** A list of words, each of which must be known. */
function wordsIn(fields: Fields, field: string, known: readonly string[]): readonly string[] | null {
  const words = fields.list(field)
  if (words?.length === 0) fields.reject(field, 'is an empty list, which never holds')
  for (const word of words ?? []) {
    if (!known.includes(word)) {
      const hint = didYouMean(word, known)
      const choice =
        known.length === 0 ? 'and the policy has none' : `which is not one of ${known.join(', ')}`
      fields.reject(field, `names ${visible(word)}, ${choice}.${hint}`)
    }
  }
  return words
}

function readConditions(fields: Fields | null, { titles, assets, recipients }: Names): Conditions {
  const words = (field: string, known: Iterable<string>): readonly string[] | null =>
    fields === null ? null : wordsIn(fields, field, [...known])
  const effect = words('effect', EFFECTS)
  const chain = fields?.list('chain') ?? null
  for (const each of (chain ?? []).filter((text) => !isChain(text))) {
    fields?.reject('chain', `names ${visible(each)}; chains are evm:1, bitcoin, bitcoin-testnet, solana`)
  }
  if (chain?.length === 0) fields?.reject('chain', 'is an empty list, which never holds')
  const assetNames = words('asset', assets.keys())
  const chosen = assetNames?.flatMap((name) => assets.get(name) ?? []) ?? null
  const amount = fields?.fields('amount') ?? null
  const unlimited = amount?.flag('unlimited') ?? false
  if (amount?.has('unlimited') && !unlimited) amount.reject('unlimited', 'is true, or left out')
  return {
    type: words('type', PAYLOAD_NAMES),
    effect: effect === null ? null : EFFECTS.filter((each) => effect.includes(each)),
    chain,
    asset: readRanges(amount, chosen),
    unlimited,
    to: words('to', recipients.keys())?.flatMap((name) => recipients.get(name) ?? []) ?? null,
    path: readPaths(fields),
    from: words('from', [CUSTODIANS, ...titles.keys()]),
    hours: readHours(fields?.fields('hours') ?? null),
    foreignInputs: fields?.flag('foreign-inputs') ?? false,
  }
}

/** The bounds of an amount, for each asset in its own unit. */
function readRanges(amount: Fields | null, assets: readonly Asset[] | null): readonly AssetRange[] | null {
  const bounds = ['above', 'at-most'].filter((field) => amount?.has(field))
  if (amount !== null && assets === null && bounds.length > 0) {
    amount.reject(bounds[0] as string, 'needs an asset beside amount, in whose unit it is')
  }
  if (amount !== null && bounds.length === 0 && !amount.has('unlimited')) {
    amount.reject('at-most', 'is missing: an amount is bounded by at-most or above, or is unlimited')
  }
  if (amount?.has('unlimited') && bounds.length > 0) amount.reject('unlimited', 'has no bounds beside it')
  const [aboveText, atMostText] = [amount?.text('above') ?? null, amount?.text('at-most') ?? null]
  const inUnits = (field: string, text: string | null, asset: Asset): bigint | null => {
    const parsed = text === null ? null : parseAmount(text, asset.decimals)
    if (text !== null && parsed === null) amount?.reject(field, amountRule(asset))
    return parsed
  }
  return (
    assets?.map((asset) => {
      const above = inUnits('above', aboveText, asset)
      const atMost = inUnits('at-most', atMostText, asset)
      if (above !== null && atMost !== null && atMost <= above)
        amount?.reject('at-most', 'is not more than above')
      return { asset, above, atMost }
    }) ?? null
  )
}

const amountRule = ({ name, decimals }: Asset): string =>
  `is an amount of ${name} like "10.5", with at most ${decimals} digits behind the point`

function readPaths(fields: Fields | null): readonly string[] | null {
  const paths = fields?.list('path') ?? null
  if (paths?.length === 0) fields?.reject('path', 'is an empty list, which never holds')
  for (const path of paths ?? []) {
    try {
      const fixed = path.replace(/\/\*$/, '')
      if (fixed !== 'm') parsePath(fixed)
    } catch (error) {
      if (!(error instanceof CodecError)) throw error
      fields?.reject('path', `has ${visible(path)}, which is no path like m/0/7 or m/0/*`)
    }
  }
  return paths
}

function readHours(fields: Fields | null): Hours | null {
  if (fields === null) return null
  const zone = fields.text('zone') ?? ''
  if (!isZone(zone)) fields.reject('zone', 'is a time zone like Europe/Zurich, or UTC')
  const daysText = fields.text('days')
  const days = daysText === null ? [0, 1, 2, 3, 4, 5, 6] : parseDays(daysText)
  if (days === null) fields.reject('days', 'is a day like mon, or days like mon-fri')
  const minutes = (field: string, missing: number): number => {
    const text = fields.text(field)
    const found = text === null ? missing : parseMinutes(text)
    if (found === null) fields.reject(field, 'is a time like "09:00"')
    return found ?? missing
  }
  const from = minutes('from', 0)
  const until = minutes('until', 24 * 60)
  if (until <= from) fields.reject('until', 'is not after from; for a night write two rules')
  return { zone, days: days ?? [], from, until }
}

function readLimits(fields: Fields | null, { asset }: Conditions): readonly Limit[] {
  if (fields === null) return []
  if (asset === null) fields.reject('limit', 'needs an asset in when, in whose unit it is')
  if (fields.names().length === 0) fields.reject('limit', `is one of ${[...WINDOWS.keys()].join(', ')}`)
  return [...WINDOWS].flatMap(([label, window]) => {
    const text = fields.text(label)
    if (text === null) return []
    return (asset ?? []).flatMap(({ asset: each }) => {
      const max = parseAmount(text, each.decimals)
      if (max === null) fields.reject(label, amountRule(each))
      return max === null ? [] : [{ label, window, asset: each, max }]
    })
  })
}

function readDemands(fields: Fields, { titles }: Names): Demands {
  const custodians = fields.integer('custodians')
  if (custodians !== null && (custodians < 1 || custodians > MOST_APPROVERS)) {
    fields.reject('custodians', `is a whole number from 1 to ${MOST_APPROVERS}`)
  }
  return {
    approvals: readQuotas(fields, titles),
    custodians: custodians ?? 0,
    delay: spanIn(fields, 'delay') ?? 0,
    lapse: spanIn(fields, 'lapse'),
    unattended: fields.flag('unattended') ?? false,
  }
}

function spanIn(fields: Fields, field: string): number | null {
  const text = fields.text(field)
  const span = text === null ? null : parseSpan(text)
  if (text !== null && span === null) fields.reject(field, 'is a span of time like 30m, 2h or 7d')
  return span
}

function readQuotas(fields: Fields, titles: Policy['titles']): readonly Quota[] {
  const items = fields.items('approvals') ?? []
  const seen = new Set<string>()
  return items.map((item) => {
    const title = item.text('title') ?? ''
    const holders = titles.get(title)
    const of = item.integer('of') ?? 0
    if (holders === undefined && title !== CUSTODIANS) {
      item.reject('title', `names ${visible(title)}, which is not among the titles`)
    }
    if (seen.has(title)) item.reject('title', 'stands here twice')
    seen.add(title)
    if (of < 1 || of > MOST_APPROVERS) item.reject('of', `is a whole number from 1 to ${MOST_APPROVERS}`)
    else if (holders && of > holders.length) {
      item.reject('of', `is ${of}, but only ${holders.length} have the title ${title}`)
    }
    return { title, of }
  })
}

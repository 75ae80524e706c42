/**
 * Whether a rule speaks of a request and of one of its effects. An open point of a payload never fits a rule
 * that allows, and fits one that denies.
 */
import type { Effect } from '../payload/decoder.js'
import { comparable, EVM_ANY } from '../payload/chain.js'
import { isWithin } from './hours.js'
import type { Asked } from './inputs.js'
import {
  type Asset,
  type AssetRange,
  type Conditions,
  CUSTODIANS,
  type Policy,
  type Recipient,
  type Rule,
} from './language.js'

/** Kinds that are allowed only by rules which name them. */
const NAMED_ONLY: readonly Effect['kind'][] = ['permit', 'delegatecall', 'unknown', 'fee']
/** Kinds that may move any asset to anybody, or whose asset and recipient the payload may leave open. */
const MAY_MOVE: readonly Effect['kind'][] = ['transfer', 'approve', 'permit', 'delegatecall', 'unknown']

/** Whether the asker has one of the titles. */
export const hasTitle = (
  titles: readonly string[],
  fingerprint: string,
  { policy, request }: { readonly policy: Policy; readonly request: Asked },
): boolean =>
  titles.some((title) =>
    (title === CUSTODIANS ? request.custodians : (policy.titles.get(title) ?? [])).includes(fingerprint),
  )

/** Whether the conditions that hold for a request as a whole are met. */
export function fitsRequest(
  rule: Rule,
  input: { readonly policy: Policy; readonly request: Asked; readonly now: number },
): boolean {
  const { when, deny } = rule
  const { request } = input
  if (when.type && !when.type.includes(request.type)) return false
  if (when.path && !fitsPaths(when.path, request.paths, deny)) return false
  if (when.from && !hasTitle(when.from, request.asker, input)) return false
  if (when.hours && !isWithin(when.hours, input.now)) return false
  return deny ? !when.foreignInputs || request.foreignInputs : when.foreignInputs === request.foreignInputs
}

/** A rule that allows speaks of all paths; one that denies, of any. */
function fitsPaths(patterns: readonly string[], paths: readonly (string | null)[], deny: boolean): boolean {
  const fits = (path: string | null): boolean => patterns.some((pattern) => fitsPath(pattern, path ?? 'm'))
  return deny ? paths.some(fits) : paths.length > 0 && paths.every(fits)
}

const fitsPath = (pattern: string, path: string): boolean =>
  pattern.endsWith('/*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern

/** @param effect null: a payload without an effect that is judged */
export function fitsEffect({ when, deny }: Rule, effect: Effect | null): boolean {
  if (effect === null) return fitsNothing(when)
  if (when.effect ? !when.effect.some((word) => word === effect.kind) : effect.kind === 'fee') return false
  if (!deny && !isNamed(when, effect)) return false
  if (when.unlimited && known(effect) !== null) return false
  if (when.chain && !when.chain.some((chain) => isOnChain(chain, effect, deny))) return false
  if (when.asset && !when.asset.some((range) => isInRange(range, effect, deny))) return false
  return !when.to || when.to.some((recipient) => isTo(recipient, effect, deny))
}

const fitsNothing = ({ effect, chain, asset, to, unlimited }: Conditions): boolean =>
  (effect === null || effect.includes('none')) && !chain && !asset && !to && !unlimited

/** Whether a rule that allows names what it must name of the effect. */
function isNamed(when: Conditions, effect: Effect): boolean {
  if (NAMED_ONLY.includes(effect.kind) && !when.effect?.some((word) => word === effect.kind)) return false
  const isAllowance = effect.kind === 'approve' || effect.kind === 'permit'
  return !isAllowance || when.unlimited || isBounded(when, effect)
}

/**
 * From here on an allowance is as good as unlimited unless the rule bounds it: some tokens keep allowances in 96 bits,
 * and never lower the largest.
 */
const AS_GOOD_AS_UNLIMITED = 2n ** 95n

function isBounded({ asset }: Conditions, effect: Effect): boolean {
  const amount = known(effect)
  if (amount === null) return false
  return amount < AS_GOOD_AS_UNLIMITED || (asset?.every(({ atMost }) => atMost !== null) ?? false)
}

/** The amount, if it is one. */
export const known = ({ amount }: Effect): bigint | null => (amount !== null && amount >= 0n ? amount : null)

const isOnChain = (chain: string, effect: Effect, deny: boolean): boolean =>
  chain === effect.chain || (deny && effect.chain === EVM_ANY && chain.startsWith('evm:'))

const isOpen = (place: string | null, { kind }: Effect, deny: boolean): boolean =>
  place === null && deny && MAY_MOVE.includes(kind)

function isInRange({ asset, above, atMost }: AssetRange, effect: Effect, deny: boolean): boolean {
  if (!isAsset(asset, effect, deny)) return false
  if (above === null && atMost === null) return true
  const amount = known(effect)
  // Of another token's amount, or of none, nothing is known in this asset's unit.
  if (amount === null || effect.asset === null) return deny
  return (above === null || amount > above) && (atMost === null || amount <= atMost)
}

const isAsset = (asset: Asset, effect: Effect, deny: boolean): boolean =>
  isOnChain(asset.chain, effect, deny) &&
  (isOpen(effect.asset, effect, deny) ||
    (effect.asset !== null && comparable(asset.chain, effect.asset) === asset.contract))

const isTo = (recipient: Recipient, effect: Effect, deny: boolean): boolean =>
  isOnChain(recipient.chain, effect, deny) &&
  (isOpen(effect.recipient, effect, deny) ||
    (effect.recipient !== null && comparable(recipient.chain, effect.recipient) === recipient.address))

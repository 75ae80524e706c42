/**
 * The worth of a limit when some custodians are corrupt. Each custodian counts what it signs itself, and a
 * signature takes as many custodians as the threshold. The corrupt ones help every time, so each signature
 * needs only the honest rest of the threshold, and the honest custodians together can be led to let through
 *
 *   limit * (custodians - corrupt) / (threshold - corrupt).
 *
 * With one corrupt custodian less than the threshold, that is (custodians - threshold + 1) times the limit.
 */
import { decimal } from '../payload/decimal.js'
import type { Limit, Policy } from './language.js'

export type WorstCase = {
  readonly rule: string
  readonly limit: Limit
  /** By number of corrupt custodians, from 0 to one less than the threshold: smallest units, rounded down. */
  readonly amounts: readonly bigint[]
}

/** @param custodians at least the threshold */
export const worstCases = (
  { rules }: Policy,
  { custodians, threshold }: { readonly custodians: number; readonly threshold: number },
): readonly WorstCase[] =>
  rules.flatMap(({ name, limits }) =>
    limits.map((limit) => ({
      rule: name,
      limit,
      amounts: Array.from({ length: threshold }, (_, corrupt) =>
        // An honest custodian takes part in each signature, and holds the limit within one request by itself.
        limit.window === null
          ? limit.max
          : (limit.max * BigInt(custodians - corrupt)) / BigInt(threshold - corrupt),
      ),
    })),
  )

export function worstCaseWords({ rule, limit, amounts }: WorstCase): readonly string[] {
  const { asset, label, max } = limit
  const of = (amount: bigint): string => `${decimal(amount, asset.decimals)} ${asset.name}`
  return [
    `The limit ${label} of "${rule}" is ${of(max)}.`,
    ...amounts.map(
      (amount, corrupt) =>
        `With ${corrupt} corrupt ${corrupt === 1 ? 'custodian' : 'custodians'} it is at worst ${of(amount)}.`,
    ),
    `With ${amounts.length} corrupt custodians there is no limit: they sign by themselves.`,
  ]
}

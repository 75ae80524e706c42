/** Amounts that a person types before signing: they are above what the policy lets words alone approve. */
import { decimal } from '../payload/decimal.js'
import type { View } from '../payload/decoder.js'
import type { Policy } from './language.js'
import { spendingOf, spentOf } from './limits.js'

/** Like `1250.5 usdc`: the sum of each asset that is spent; `unlimited usdc` where there is no number. */
export const amountsToType = ({ typeAmounts }: Policy, view: View): readonly string[] =>
  typeAmounts.flatMap(({ asset, amount: most }) => {
    const amount = spentOf(asset, spendingOf(view))
    if (amount === undefined || (amount !== null && amount <= most)) return []
    return [`${amount === null ? 'unlimited' : decimal(amount, asset.decimals)} ${asset.name}`]
  })

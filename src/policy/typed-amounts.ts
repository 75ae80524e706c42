/** Amounts that a person types before signing, because they are above what the policy lets words alone approve. */
import { decimal } from '../payload/decimal.js'
import type { View } from '../payload/decoder.js'
import type { Policy } from './language.js'
import { spendingOf } from './limits.js'

/** Like `1250.5 usdc`, the sum of each asset that the payload spends; `unlimited usdc` where there is no number. */
export const amountsToType = ({ typeAmounts }: Policy, view: View): readonly string[] =>
  spendingOf(view).flatMap(({ chain, contract, amount }) => {
    const found = typeAmounts.find(({ asset }) => asset.chain === chain && asset.contract === contract)
    if (found === undefined || (amount !== null && amount <= found.amount)) return []
    const { name, decimals } = found.asset
    return [`${amount === null ? 'unlimited' : decimal(amount, decimals)} ${name}`]
  })

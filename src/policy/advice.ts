/** Gaps in a policy that its author may not have meant. None of them is a mistake. */
import type { Policy, Rule } from './language.js'

/** Sentences; none for a policy that bounds everything. */
export function adviceOf({ rules }: Policy): readonly string[] {
  const allowing = rules.filter(({ deny }) => !deny)
  return [
    ...allowing.flatMap(adviceOfRule),
    ...(rules.some(({ when }) => when.effect?.includes('fee'))
      ? []
      : ['No rule speaks of fees, so a fee may have any amount.']),
  ]
}

function adviceOfRule({ name, when, limits, demands }: Rule): readonly string[] {
  const movesAssets = !when.effect || when.effect.some((word) => word === 'transfer' || word === 'approve')
  const isBounded = limits.some(({ window }) => window !== null)
  const hasBound = when.asset?.some(({ above, atMost }) => atMost !== null || above !== null) ?? false
  const hasSum = limits.some(({ window }) => window === null)
  return [
    ...(movesAssets && demands.unattended && !isBounded
      ? [`"${name}" is unattended without a limit in time: it can be used again and again.`]
      : []),
    ...(movesAssets && when.to === null ? [`"${name}" names no recipients, so it allows any.`] : []),
    ...(hasBound && !hasSum
      ? [
          `"${name}" bounds the amount of each effect; without limit: { per-request: ... } many may be in one request.`,
        ]
      : []),
    ...(when.unlimited ? [`"${name}" allows amounts without limit.`] : []),
  ]
}

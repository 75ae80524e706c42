/** The approvers that count, and for which title. */
import type { Approval, Asked } from './inputs.js'
import { CUSTODIANS, type Demands, type Policy, type Quota } from './language.js'

/** Clocks may differ by two minutes; an approval from further ahead does not count. */
const AHEAD = 120_000

/**
 * Fingerprints that count, each once. The asker never does, nor does a former identity of a seat: else a person with a
 * new one would approve its own request, or count twice.
 */
export function approversOf(
  approvals: readonly Approval[],
  { asker, former }: Pick<Asked, 'asker' | 'former'>,
  { lapse }: Demands,
  now: number,
): readonly string[] {
  const counted = approvals
    .filter(({ fingerprint }) => fingerprint !== asker && !former.includes(fingerprint))
    .filter(({ at, expires }) => at <= now + AHEAD && now < expires && (lapse === null || now < at + lapse))
  return [...new Set(counted.map(({ fingerprint }) => fingerprint))].sort()
}

/** Custodians who approve or sign, each once. An asker who signs is one of them; `approversOf` has left it out else. */
export function custodiansAmong(approvers: readonly string[], { signers, custodians }: Asked): number {
  const here = new Set([...approvers, ...signers])
  return new Set(custodians.filter((each) => here.has(each))).size
}

/**
 * How many approvers fill each quota if each counts for one title only: a maximum matching of approvers and places, by
 * augmenting paths (Kuhn). The sum over all quotas is the most that there can be.
 */
export function filled(
  quotas: readonly Quota[],
  approvers: readonly string[],
  { policy, custodians }: { readonly policy: Policy; readonly custodians: readonly string[] },
): readonly number[] {
  const holders = ({ title }: Quota): readonly string[] =>
    title === CUSTODIANS ? custodians : (policy.titles.get(title) ?? [])
  const able = quotas.map((quota) => approvers.filter((approver) => holders(quota).includes(approver)))
  /** The quota that each approver fills. */
  const places = new Map<string, number>()

  /** Finds somebody for a quota, and another place for who leaves one. */
  const place = (quota: number, tried: Set<string>): boolean =>
    (able[quota] ?? []).some((approver) => {
      if (tried.has(approver)) return false
      tried.add(approver)
      const present = places.get(approver)
      if (present !== undefined && (present === quota || !place(present, tried))) return false
      places.set(approver, quota)
      return true
    })

  for (const [i, { of }] of quotas.entries()) {
    for (let n = 0; n < of && place(i, new Set()); n += 1);
  }
  return quotas.map((_, i) => [...places.values()].filter((quota) => quota === i).length)
}

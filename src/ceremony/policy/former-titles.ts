/** Titles of a policy that name former identities. These count for nobody: the next policy ought to name others. */
import type { Policy } from '../../policy/language.js'
import { hex } from '../../wire/base/text.js'
import { formerOf } from '../keys/former.js'
import type { Seats } from '../keys/key.js'

export type FormerTitle = {
  readonly title: string
  /** In hex. */
  readonly fingerprint: string
  /** Name of the custodian whose identity it was; null if that one has left the key. */
  readonly now: string | null
}

export function formerTitles(key: Seats, { titles }: Pick<Policy, 'titles'>): readonly FormerTitle[] {
  const former = new Map(formerOf(key).map(({ fingerprint, now }) => [hex(fingerprint), now]))
  return [...titles].flatMap(([title, fingerprints]) =>
    fingerprints
      .filter((each) => former.has(each))
      .map((fingerprint) => ({ title, fingerprint, now: former.get(fingerprint)?.name ?? null })),
  )
}

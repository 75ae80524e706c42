/**
 * The verdict on a failed run of several entries (`entries.ts`). Each entry is judged as a run of its own
 * session, by its own items of the letters.
 */
import { type Accusation, firstOfEach } from './abort.js'
import { entrySession, inEntry, itemsOf, roundAlone } from './entries.js'
import type { Dispute, Judging } from './evidence.js'
import type { Rounds } from './rounds.js'
import type { PartyId, Session } from './session.js'

/** Judges one entry by its own letters. @param entry its number, from 1 */
export type JudgeEntry = (
  entry: number,
  session: Session,
  rounds: Rounds,
  disputes: readonly Dispute[],
) => Judging<readonly Accusation[]>

/**
 * Names the parties that provably broke a run of `count` entries, each with the first entry at fault.
 * @param disputes each about one entry of a letter, or about the whole letter
 */
export function* judgeEntries(
  session: Session,
  count: number,
  rounds: Rounds,
  disputes: readonly Dispute[],
  judge: JudgeEntry,
): Judging<readonly Accusation[]> {
  const { byEntry, malformed } = splitRounds(session, count, rounds)
  const settled = disputes.map((dispute) => itemIn(dispute, count))
  const found: Accusation[] = [...malformed, ...settled.filter((each): each is Accusation => 'kind' in each)]
  const ofItems = settled.filter((each): each is Dispute => !('kind' in each))
  for (const [i, own] of byEntry.entries()) {
    const entry = i + 1
    const about = ofItems.filter((dispute) => dispute.entry === entry)
    const faults = yield* judge(entry, entrySession(session, entry), own, about)
    found.push(...faults.map((fault) => inEntry(fault, entry, count)))
  }
  return firstOfEach(found.map((fault) => ({ ...fault, kind: 'proven' })))
}

/** The rounds of each entry. A letter that is no list of items is left out, and its sender is accused. */
export function splitRounds(
  { parties }: Session,
  count: number,
  rounds: Rounds,
): { readonly byEntry: readonly Rounds[]; readonly malformed: readonly Accusation[] } {
  const byEntry = Array.from({ length: count }, () => new Map<string, ReadonlyMap<PartyId, Uint8Array>>())
  const accused: Accusation[] = []
  for (const [round, letters] of rounds) {
    const alone = byEntry.findIndex((_, i) => round.endsWith(roundAlone('', i + 1)))
    if (alone >= 0) {
      byEntry[alone]?.set(round.slice(0, -roundAlone('', alone + 1).length), letters)
      continue
    }
    const there = parties.filter((party) => letters.has(party))
    const { values, malformed } = itemsOf(there, round, count, (party) => letters.get(party))
    accused.push(...malformed)
    byEntry.forEach((own, i) => {
      const items = [...values].map(([party, all]) => [party, all[i] as Uint8Array] as const)
      own.set(round, new Map(items))
    })
  }
  return { byEntry, malformed: accused }
}

/** The dispute about one entry's item, or an accusation if the letter decides it alone. */
function itemIn(dispute: Dispute, count: number): Accusation | Dispute {
  const { round, from, to, letter } = dispute
  const { values, malformed } = itemsOf([from], round, count, () => letter)
  const [fault] = malformed
  if (fault) return fault
  // The only item is the whole letter.
  const entry = dispute.entry ?? (count === 1 ? 1 : 0)
  const item = values.get(from)?.[entry - 1]
  return item
    ? { ...dispute, entry, letter: item }
    : { party: to, round, kind: 'proven', reason: 'says that a letter does not hold, which does' }
}

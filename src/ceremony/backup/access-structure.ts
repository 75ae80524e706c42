/**
 * Who can reach a key: by the own share, and by pieces of the shares of others. The fewest such people are what the
 * key's threshold really is once shares were split (F-17). Only the splits whose manifests are known here count.
 */
import type { Manifest, Recipient } from '../../wire/escrow/manifest.js'
import type { KeyRecord } from '../../wire/key/record.js'
import { hex } from '../../wire/base/text.js'

export type Reach = {
  /** The fewest people who reach the key; by name. Custodians by their own shares alone, if nobody fewer. */
  readonly smallest: readonly string[]
  /** People who are no custodians and reach the key among themselves; empty if they cannot. */
  readonly outsiders: readonly string[]
}

/** What a manifest says of who holds what. */
type Known = Pick<Manifest, 'threshold' | 'holders'> & { readonly custodian: { readonly index: number } }

/** One person: the seat it holds, or null; and the seats of whose shares it holds a piece. */
type Someone = { readonly name: string; readonly seat: number | null; readonly pieces: readonly number[] }
type Split = { readonly index: number; readonly threshold: number }

/** Above this many steps the search is given up: then what was found until there stands. */
const STEPS = 200_000

/** @param manifests of splits of this epoch, at most one of each custodian's */
export function reachOf(record: KeyRecord, manifests: readonly Known[]): Reach {
  const splits = manifests.map(({ custodian, threshold }) => ({ index: custodian.index, threshold }))
  const people = peopleOf(record, manifests)
  const outsiders = people.filter(({ seat }) => seat === null)
  const byThemselves = record.members.slice(0, record.threshold).map(({ card }) => card.name)
  const fewer = fewerThan(record.threshold, people, splits)
  return {
    smallest: fewer?.map(({ name }) => name) ?? byThemselves,
    outsiders: reached(outsiders, splits) >= record.threshold ? outsiders.map(({ name }) => name) : [],
  }
}

/** Who has a card is one person wherever it stands; an age recipient too; of a passphrase its name is all there is. */
function peopleOf(record: KeyRecord, manifests: readonly Known[]): Someone[] {
  const people = new Map<string, { name: string; seat: number | null; pieces: number[] }>()
  for (const { card, index } of record.members) {
    people.set(hex(card.fingerprint), { name: card.name, seat: index, pieces: [] })
  }
  for (const { custodian, holders } of manifests) {
    for (const { name, to } of holders) {
      const id = personOf(name, to)
      const one = people.get(id) ?? { name, seat: null, pieces: [] }
      one.pieces.push(custodian.index)
      people.set(id, one)
    }
  }
  return [...people.values()].sort((a, b) => b.pieces.length - a.pieces.length)
}

function personOf(name: string, to: Recipient): string {
  switch (to.kind) {
    case 'card':
      return hex(to.fingerprint)
    case 'age':
      return to.recipient
    case 'passphrase':
      return `passphrase of ${name}`
    default:
      return to satisfies never
  }
}

/** How many shares these people have together. */
function reached(people: readonly Someone[], splits: readonly Split[], more = 0): number {
  const seats = new Set(people.flatMap(({ seat }) => seat ?? []))
  const restored = splits.filter(
    ({ index, threshold }) =>
      !seats.has(index) && people.filter(({ pieces }) => pieces.includes(index)).length + more >= threshold,
  )
  return seats.size + restored.length
}

/** The fewest people, fewer than must sign, who reach as many shares as must sign; null if there are none. */
function fewerThan(wanted: number, people: readonly Someone[], splits: readonly Split[]): Someone[] | null {
  let steps = 0
  const search = (chosen: Someone[], from: number, left: number): Someone[] | null => {
    if (left === 0) return reached(chosen, splits) >= wanted ? chosen : null
    // With as many more people every one of them could bring a seat and a piece of every share.
    if (reached(chosen, splits, left) + left < wanted || ++steps > STEPS) return null
    for (let i = from; i <= people.length - left; i++) {
      const found = search([...chosen, people[i] as Someone], i + 1, left - 1)
      if (found) return found
    }
    return null
  }
  for (let size = 1; size < wanted; size++) {
    const found = search([], 0, size)
    if (found) return found
  }
  return null
}

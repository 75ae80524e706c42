/**
 * The people who can reach a key, by their own shares and by pieces of others' shares. Splitting makes the
 * holders a second quorum, so the smallest such group is the key's real threshold. Only splits whose
 * manifests are known here count.
 */
import type { Manifest, Recipient } from '../../wire/escrow/manifest.js'
import type { KeyRecord } from '../../wire/key/record.js'
import { hex } from '../../wire/base/text.js'

export type Reach = {
  /** The smallest group that reaches the key, by name; the custodians alone if no group is smaller. */
  readonly smallest: readonly string[]
  /** People who are no custodians and can reach the key among themselves; empty if they cannot. */
  readonly outsiders: readonly string[]
}

/** The part of a manifest that says who holds what. */
type Known = Pick<Manifest, 'threshold' | 'holders'> & { readonly custodian: { readonly index: number } }

/** One person: their seat, or null; and the seats of whose shares they hold a piece. */
type Someone = { readonly name: string; readonly seat: number | null; readonly pieces: readonly number[] }
type Split = { readonly index: number; readonly threshold: number }

/** The search gives up above this many steps; if it found no smaller group, the custodians stand. */
const STEPS = 200_000

/** @param manifests of splits of this epoch, at most one per custodian */
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

/** A card or an age recipient is one person everywhere; a passphrase holder is known by name alone. */
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

/** How many shares these people have together. @param more further pieces to assume of every share */
function reached(people: readonly Someone[], splits: readonly Split[], more = 0): number {
  const seats = new Set(people.flatMap(({ seat }) => seat ?? []))
  const restored = splits.filter(
    ({ index, threshold }) =>
      !seats.has(index) && people.filter(({ pieces }) => pieces.includes(index)).length + more >= threshold,
  )
  return seats.size + restored.length
}

/** The smallest group below the threshold that reaches as many shares as must sign; null if there is none. */
function fewerThan(wanted: number, people: readonly Someone[], splits: readonly Split[]): Someone[] | null {
  let steps = 0
  const search = (chosen: Someone[], from: number, left: number): Someone[] | null => {
    if (left === 0) return reached(chosen, splits) >= wanted ? chosen : null
    // Prunes: each further person brings at most one seat and a piece of every share.
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

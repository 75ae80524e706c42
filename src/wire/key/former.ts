/**
 * Former identities: those whose seat another identity of the same person has taken, by a rebind or, in a reshare, under
 * the same name. They count for nobody as long as the key lives. A custodian who left and has no other identity is none:
 * a policy may name it.
 */
import { hex } from '../base/text.js'
import type { Card } from '../identity/card.js'
import type { Rebind } from './rebind.js'
import type { Former, KeyRecord } from './record.js'
import { seatedBy } from './seated-record.js'

/**
 * The former identities at the end of an epoch, each once, in the order of a record.
 * @param rebinds of that epoch, per seat in the order in which they were accepted
 */
export function formerBy(r: KeyRecord, rebinds: readonly Rebind[]): readonly Former[] {
  const { members } = seatedBy(r, rebinds)
  const seats = members.map(({ card, index }) => {
    const here = rebinds.filter((rebind) => rebind.index === index)
    const handers = here.flatMap(({ handed_by: from }) => from ?? [])
    const own = r.members.filter((member) => member.index === index)
    return { card, had: [...own, ...here].map((each) => each.card).concat(handers) }
  })
  return merged(
    r.former,
    seats.flatMap(({ card, had }) => had.map((before) => [before, card] as const)),
  )
}

/** Those of the next epoch. @param next its custodians */
export function formerAfter(
  r: KeyRecord,
  rebinds: readonly Rebind[],
  next: readonly Card[],
): readonly Former[] {
  const { members } = seatedBy(r, rebinds)
  const renewed = members.flatMap(({ card }) =>
    next.filter(({ name }) => name === card.name).map((after) => [card, after] as const),
  )
  return merged(formerBy(r, rebinds), renewed)
}

/** @param taken identities with those that have their seat now, which may be the same */
function merged(known: readonly Former[], taken: readonly (readonly [Card, Card])[]): readonly Former[] {
  const all = new Map(known.map((each) => [hex(each.identity), each]))
  for (const [{ fingerprint: identity }, { fingerprint: successor }] of taken)
    all.set(hex(identity), { identity, successor })
  // An identity that took a seat again is nobody's former one.
  for (const [, { fingerprint }] of taken) all.delete(hex(fingerprint))
  return [...all].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each)
}

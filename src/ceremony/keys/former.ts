/**
 * The former identities of a key: those that the record of the epoch in use names, and those whose seat another identity
 * has taken in this epoch. They count for nobody: each was a person who has a newer identity, or its key is in other
 * hands.
 */
import { type ReshareDefinition, custodiansOf, formerIdentities } from '../../wire/ceremony/key-definition.js'
import { Failure } from '../../wire/base/failure.js'
import { hex } from '../../wire/base/text.js'
import type { Card } from '../../wire/identity/card.js'
import { formerBy } from '../../wire/key/former.js'
import type { Former } from '../../wire/key/record.js'
import type { Seats } from './key.js'

export type FormerIdentity = {
  readonly fingerprint: Uint8Array
  /** The custodian whose identity it was; null if that one has left the key. */
  readonly now: Card | null
}

export function formerOf(key: Seats): readonly FormerIdentity[] {
  const present = new Map(key.seated.members.map(({ card }) => [hex(card.fingerprint), card]))
  const former = formerHere(key).filter(({ identity }) => !present.has(hex(identity)))
  const successors = new Map(former.map(({ identity, successor }) => [hex(identity), hex(successor)]))
  /** The last one that took the seat; in a circle nobody is. */
  const lastAfter = (identity: string, steps = former.length): string => {
    const next = successors.get(identity)
    return next === undefined || steps === 0 ? identity : lastAfter(next, steps - 1)
  }
  return former.map(({ identity, successor }) => ({
    fingerprint: identity,
    now: present.get(lastAfter(hex(successor))) ?? null,
  }))
}

/** Their fingerprints. */
export const formerIn = (key: Seats): readonly Uint8Array[] =>
  formerOf(key).map(({ fingerprint }) => fingerprint)

/**
 * Requires that a reshare's definition makes former identities of all that are some here: its author may be the person
 * whose they are.
 * @throws Failure `E_NO_SEAT` (authentication)
 */
export function requireFormer(key: Seats, definition: ReshareDefinition): void {
  const named = new Set(
    [
      ...formerIdentities(definition).map(({ identity }) => identity),
      ...custodiansOf(definition).map(({ fingerprint }) => fingerprint),
    ].map(hex),
  )
  const left = formerIn(key).find((each) => !named.has(hex(each)))
  if (left === undefined) return
  throw new Failure(
    'authentication',
    'E_NO_SEAT',
    `this ceremony forgets that the identity ${hex(left)} had a seat, which a later one of the same person has`,
    {
      hint: 'its author has not accepted the rebind of that identity: make the definition here, `mpc ceremony new`, or ask its author why',
    },
  )
}

const formerHere = ({ record, everyRebind }: Seats): readonly Former[] =>
  formerBy(
    record,
    everyRebind.map(({ rebind }) => rebind),
  )

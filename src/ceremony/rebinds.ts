/**
 * Who sits in a key's seats here: the members of its record, and in their place those whose rebinds this custodian has
 * accepted. The record itself never changes; the next reshare writes the new cards into it.
 */
import { equalBytes } from '../protocol/codec.js'
import { listRebinds } from '../storage/escrow.js'
import type { Home } from '../storage/home.js'
import type { Card } from '../wire/card.js'
import { Failure } from '../wire/failure.js'
import { parseRebind, type Rebind, rebindDigest } from '../wire/rebind.js'
import type { KeyRecord } from '../wire/record.js'
import { hex } from '../wire/text.js'

/** A rebind that was accepted here. */
export type Accepted = { readonly rebind: Rebind; readonly digest: Uint8Array; readonly encoded: Uint8Array }

/** The latest accepted rebind of each seat, by index. @throws Failure `E_REBIND` for one that does not hold */
export async function acceptedRebinds(
  home: Home,
  name: string,
  digest: Uint8Array,
  record: KeyRecord,
): Promise<readonly Accepted[]> {
  const latest = new Map<number, Accepted>()
  for (const encoded of await listRebinds(home, name, digest)) {
    const rebind = parseRebind(encoded, record)
    const before = latest.get(rebind.index)
    if (before && before.rebind.created >= rebind.created) continue
    latest.set(rebind.index, { rebind, digest: rebindDigest(rebind), encoded })
  }
  return [...latest.values()].sort((a, b) => a.rebind.index - b.rebind.index)
}

/** The index of the seat that an identity holds in an epoch, by its record or by a rebind; null if it holds none. */
export function seatOf(
  { record, rebinds }: { readonly record: KeyRecord | null; readonly rebinds: readonly Rebind[] },
  fingerprint: Uint8Array,
): number | null {
  const rebound = rebinds.find(({ card }) => equalBytes(card.fingerprint, fingerprint))
  if (rebound) return rebound.index
  return record?.members.find((member) => isOf(member, fingerprint))?.index ?? null
}

/** Whether a seat is that identity's by the record. */
export const isOf = ({ card }: KeyRecord['members'][number], fingerprint: Uint8Array): boolean =>
  equalBytes(card.fingerprint, fingerprint)

/** A signer without a seat here: somebody with a new identity that was not accepted, or nobody at all. */
export const noSeat = (what: string): Failure =>
  new Failure('authentication', 'E_NO_SEAT', what, {
    hint:
      'if a custodian has a new identity, hear its fingerprint from that person, then: ' +
      'mpc identity import NEW.card --rebind FILE --fingerprint FP',
  })

/**
 * Holds those who sit in a key's seats by a resharing's definition against those who do here.
 * @param theirs at most one a seat
 * @throws Failure `E_NO_SEAT` (authentication)
 */
export function requireSameSeats(
  { seated, rebinds }: { readonly seated: KeyRecord; readonly rebinds: readonly Accepted[] },
  self: Card,
  theirs: readonly Rebind[],
): void {
  const strange = theirs.find((rebind) => {
    const here = rebinds.find((each) => each.rebind.index === rebind.index)
    return !here || (!isSame(here, rebind) && here.rebind.created < rebind.created)
  })
  if (strange) {
    const before = seated.members[strange.index - 1]?.card as Card
    if (equalBytes(before.fingerprint, self.fingerprint)) throw ousted(strange.card)
    throw noSeat(`${strange.card.name} sits in a seat of the key by a rebind that was not accepted here`)
  }
  const behind = rebinds.find((here) => !theirs.some((rebind) => isSame(here, rebind)))
  if (behind) throw outdated(behind.rebind.card)
}

const isSame = (here: Accepted, rebind: Rebind): boolean => equalBytes(here.digest, rebindDigest(rebind))

const ousted = ({ name, fingerprint }: Card): Failure =>
  new Failure('authentication', 'E_NO_SEAT', `${name} has your seat of the key in this ceremony`, {
    hint:
      `that is the identity ${hex(fingerprint)}: if it is yours, take part from its home; ` +
      'if not, somebody has your share: warn the other custodians',
  })

const outdated = ({ name }: Card): Failure =>
  new Failure(
    'authentication',
    'E_NO_SEAT',
    `who made this ceremony has not accepted the rebind of ${name}`,
    {
      hint:
        'its author accepts it, then makes another: mpc identity import NEW.card --rebind FILE --fingerprint FP; ' +
        'mpc ceremony new',
    },
  )

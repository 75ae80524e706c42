/**
 * The seats of a key as this home sees them: the members of its record, or the identities whose rebinds this
 * custodian has accepted. The record itself never changes; the next reshare writes the new cards into it.
 */
import { equalBytes } from '../../protocol/core/codec.js'
import { appendRebind, listRebinds } from '../../storage/home/escrow.js'
import type { Home } from '../../storage/home/home.js'
import { voidPresignatures } from '../../storage/pools/presignatures.js'
import type { Card } from '../../wire/identity/card.js'
import { Failure } from '../../wire/base/failure.js'
import { parseRebind, type Rebind, rebindDigest } from '../../wire/key/rebind.js'
import { type KeyRecord, recordDigest } from '../../wire/key/record.js'
import { hex } from '../../wire/base/text.js'
import type { Key, Accepted } from './key.js'

/**
 * Every rebind ever accepted here, by index, and per seat in the order of acceptance: all of these identities
 * have held its share. The date in a rebind gives no order: its maker may be a thief or have a wrong clock.
 * @throws Failure `E_REBIND` for an invalid one
 */
export async function everyRebind(
  home: Home,
  name: string,
  digest: Uint8Array,
  record: KeyRecord,
): Promise<readonly Accepted[]> {
  const files = await listRebinds(home, name, digest)
  return files
    .map(({ path, encoded }) => {
      const rebind = parseRebind(encoded, record)
      return { rebind, digest: rebindDigest(rebind), encoded, path }
    })
    .sort(({ rebind: a }, { rebind: b }) => a.index - b.index)
}

/** The last accepted rebind of each seat: its present occupant. */
export const seatedLast = (all: readonly Accepted[]): readonly Accepted[] =>
  all.filter(({ rebind }, i) => all[i + 1]?.rebind.index !== rebind.index)

/**
 * Seats the card of a rebind here, whoever sat there before: it becomes the last accepted one. Does nothing
 * if the card already sits there by this very rebind. Presignatures of the key are void from then on.
 * @returns the path of the rebind
 * @throws Failure as `parseRebind`
 */
export async function takeSeat(
  home: Home,
  name: string,
  record: KeyRecord,
  encoded: Uint8Array,
): Promise<string> {
  const { index } = parseRebind(encoded, record)
  const digest = recordDigest(record)
  const seated = seatedLast(await everyRebind(home, name, digest, record))
  const held = seated.find((each) => each.rebind.index === index)
  if (held && equalBytes(held.encoded, encoded)) return held.path
  await voidPresignatures(home, name)
  return appendRebind(home, name, digest, encoded)
}

/** The index of an identity's seat in an epoch, by its record or by a rebind; null if it has none. */
export function seatOf(
  { record, rebinds }: { readonly record: KeyRecord | null; readonly rebinds: readonly Rebind[] },
  fingerprint: Uint8Array,
): number | null {
  const rebound = rebinds.find(({ card }) => equalBytes(card.fingerprint, fingerprint))
  if (rebound) return rebound.index
  return record?.members.find((member) => isOf(member, fingerprint))?.index ?? null
}

/** Whether the record gives the seat to that identity. */
export const isOf = ({ card }: KeyRecord['members'][number], fingerprint: Uint8Array): boolean =>
  equalBytes(card.fingerprint, fingerprint)

/** The failure for a signer without a seat here: an identity not accepted yet, or a stranger. */
export const noSeat = (what: string): Failure =>
  new Failure('authentication', 'E_NO_SEAT', what, {
    hint:
      'if a custodian has a new identity, hear its fingerprint from that person, then: ' +
      'mpc identity import NEW.card --rebind FILE --fingerprint FP',
  })

/**
 * Compares the seats that a reshare's definition gives with the seats here.
 * @param theirs at most one per seat
 * @throws Failure `E_NO_SEAT` (authentication)
 */
export function requireSameSeats(
  { seated, rebinds, everyRebind: all }: Pick<Key, 'seated' | 'rebinds' | 'everyRebind'>,
  self: Card,
  theirs: readonly Rebind[],
): void {
  const strange = theirs.find((rebind) => !all.some((here) => isSame(here, rebind)))
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
    `the author of this ceremony has not accepted the rebind of ${name} as the last one of that seat`,
    {
      hint:
        'its author accepts it, then makes another: mpc identity import NEW.card --rebind FILE --fingerprint FP; ' +
        'mpc ceremony new',
    },
  )

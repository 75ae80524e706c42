/**
 * Who sits in a key's seats here: the members of its record, and in their place those whose rebinds this custodian has
 * accepted. The record itself never changes; the next reshare writes the new cards into it.
 */
import { listRebinds } from '../storage/escrow.js'
import type { Home } from '../storage/home.js'
import { Failure } from '../wire/failure.js'
import { parseRebind, type Rebind, rebindDigest } from '../wire/rebind.js'
import type { KeyRecord } from '../wire/record.js'

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

/** A signer without a seat here: somebody with a new identity that was not accepted, or nobody at all. */
export const noSeat = (what: string): Failure =>
  new Failure('authentication', 'E_NO_SEAT', what, {
    hint:
      'if a custodian has a new identity, hear its fingerprint from that person, then: ' +
      'mpc identity import NEW.card --rebind FILE --fingerprint FP',
  })

/**
 * Accepting a rebind: the new identity of a custodian takes its seat, as far as this custodian is concerned. That it is
 * the same person is for people to find out before; here it is held against the key, the card and the other seats.
 */
import { rebindPath, writeRebind } from '../storage/escrow.js'
import type { Home } from '../storage/home.js'
import { listKeys } from '../storage/keys.js'
import type { Card } from '../wire/card.js'
import { Failure } from '../wire/failure.js'
import { parseRebind, type Rebind, rebindKey } from '../wire/rebind.js'
import { seatedBy } from '../wire/seating.js'
import { hex } from '../wire/text.js'
import { findKey, type Key } from './keys.js'

/** A rebind that may be accepted here, and whom it is to replace. */
export type Offered = {
  readonly key: Key
  readonly rebind: Rebind
  readonly encoded: Uint8Array
  /** Who sits there until then. */
  readonly before: Card
}

/**
 * Looks at a rebind for one of the keys here, before anything is stored.
 * @throws Failure (authentication) `E_REBIND` if it is for no key here or of another card, and as `parseRebind`;
 *   `E_REBIND_CARD` if it is for this custodian's own seat, or does not go together with others
 */
export async function examineRebind(
  home: Home,
  self: Card,
  card: Card,
  encoded: Uint8Array,
): Promise<Offered> {
  const key = await keyOf(home, encoded)
  const rebind = parseRebind(encoded, key.record)
  const before = key.seated.members[rebind.index - 1]?.card as Card
  if (rebind.card.line !== card.line) {
    throw refuse('E_REBIND', `the rebind is for another card than this one of ${card.name}`)
  }
  const own = hex(before.fingerprint) === hex(self.fingerprint)
  if (own && hex(card.fingerprint) !== hex(self.fingerprint)) {
    throw refuse('E_REBIND_CARD', 'it would put somebody else into your own seat')
  }
  const others = key.rebinds.map((each) => each.rebind).filter(({ index }) => index !== rebind.index)
  seatedBy(key.record, [...others, rebind])
  return { key, rebind, encoded, before }
}

/** Accepts it: from now on that card sits there, for this custodian. @throws Failure `E_REBIND_EXISTS` (conflict) */
export async function acceptRebind(home: Home, { key, rebind, encoded }: Offered): Promise<string> {
  const { fingerprint } = rebind.card
  if (!(await writeRebind(home, key.name, key.digest, fingerprint, encoded))) {
    throw new Failure(
      'conflict',
      'E_REBIND_EXISTS',
      'another rebind of this very identity was accepted before',
      {
        hint: 'nothing was changed; the one that was accepted holds',
      },
    )
  }
  return rebindPath(home, key.name, key.digest, fingerprint)
}

async function keyOf(home: Home, encoded: Uint8Array): Promise<Key> {
  const wanted = rebindKey(encoded)
  for (const name of await listKeys(home)) {
    const key = await findKey(home, name)
    if (hex(key.record.key_id) === hex(wanted)) return key
  }
  throw refuse('E_REBIND', 'it is for no key in this home')
}

const refuse = (code: `E_${string}`, problem: string): Failure =>
  new Failure('authentication', code, problem, {
    hint: 'ask the person, not the file: whoever restored the share makes it with `mpc backup restore`',
  })

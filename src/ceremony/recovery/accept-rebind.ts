/**
 * Accepting a rebind: for this custodian, another custodian's new identity takes its seat. People must first
 * make sure that it is the same person; the program checks the rebind against the key, the card and the other
 * seats.
 */
import { CLOCKS_APART } from '../../messaging/channel/clock.js'
import type { Home } from '../../storage/home/home.js'
import { listKeys } from '../../storage/home/epochs.js'
import type { Card } from '../../wire/identity/card.js'
import { Failure } from '../../wire/base/failure.js'
import { parseRebind, type Rebind, rebindKey } from '../../wire/key/rebind.js'
import { seatedBy } from '../../wire/key/seated-record.js'
import { hex } from '../../wire/base/text.js'
import { findKey } from '../epochs/find-key.js'
import type { Key } from '../keys/key.js'
import { takeSeat } from '../keys/rebinds.js'

/** A rebind that may be accepted here, and the card it replaces. */
export type Offered = {
  readonly key: Key
  readonly rebind: Rebind
  readonly encoded: Uint8Array
  /** The present occupant of the seat. */
  readonly before: Card
}

/**
 * Checks a rebind for one of the keys here, before anything is stored.
 * @param card the new identity's, as its owner gave it
 * @param now milliseconds since 1970
 * @throws Failure (authentication) `E_REBIND` if it is for no key here or for another card, and as
 *   `parseRebind`; `E_REBIND_TIME` if its time is in the future; `E_REBIND_CARD` if it is for this
 *   custodian's own seat, or conflicts with other seats
 */
export async function examineRebind(
  { home, card: self }: { readonly home: Home; readonly card: Card },
  card: Card,
  encoded: Uint8Array,
  now: number,
): Promise<Offered> {
  const key = await keyOf(home, encoded)
  const rebind = parseRebind(encoded, key.record)
  const before = key.seated.members[rebind.index - 1]?.card as Card
  if (rebind.card.line !== card.line) {
    throw refuse('E_REBIND', `the rebind is for another card than this one of ${card.name}`)
  }
  requireNotAhead(rebind, now)
  const own = hex(before.fingerprint) === hex(self.fingerprint)
  if (own && hex(card.fingerprint) !== hex(self.fingerprint)) {
    throw refuse('E_REBIND_CARD', 'it would put somebody else into your own seat')
  }
  const others = key.rebinds.map((each) => each.rebind).filter(({ index }) => index !== rebind.index)
  seatedBy(key.record, [...others, rebind])
  return { key, rebind, encoded, before }
}

/** The date decides nothing, but a date in the future shows a wrong clock, and misleads its readers. */
export function requireNotAhead({ card, created }: Rebind, now: number): void {
  if (created <= now + CLOCKS_APART) return
  const [then, here] = [created, now].map((time) => new Date(time).toISOString())
  throw new Failure(
    'authentication',
    'E_REBIND_TIME',
    `the rebind for ${card.name} says that it was made at ${then}, and here it is ${here}`,
    {
      hint: 'find out whose clock is wrong. If it is the maker’s, it sets its clock and makes the rebind again',
    },
  )
}

export type Taken = {
  /** Path of the rebind. */
  readonly path: string
  /** The present occupant, read again from this home. */
  readonly seated: Card
}

/** Accepts a rebind: for this custodian its card sits in the seat from now on, whoever sat there before. */
export async function acceptRebind(home: Home, { key, rebind, encoded }: Offered): Promise<Taken> {
  const path = await takeSeat(home, key.name, key.record, encoded)
  const { seated } = await findKey(home, key.name)
  return { path, seated: seated.members[rebind.index - 1]?.card as Card }
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
    hint: 'ask the person, not the file: the custodian who restored the share makes it with `mpc backup restore`',
  })

/**
 * Whether a reshare may start from what this home holds of its key. A dealer or watcher must hold the parent
 * epoch. A member that only receives a share needs none of it: a home that missed reshares, or was restored
 * from an older copy, takes its share like a newcomer, and its epoch in use becomes old.
 *
 * The parent epoch outranks the local one through its certificate: each of its custodians has proved its
 * share of the same public key, and shares of a key come only from shares of that key. If the epochs between
 * are unknown here, only the higher number is left to compare; if they are known, the newer epoch must
 * descend from the one in use. A restored home has forgotten its votes, and so has a share restored from
 * pieces: both may vote again.
 *
 * All of this is checked before any round, and again before the vote. After the vote, a result can always be
 * activated.
 */
import { equalBytes } from '../../protocol/core/codec.js'
import type { Home } from '../../storage/home/home.js'
import type { Card } from '../../wire/identity/card.js'
import { isWatcher, type ReshareDefinition } from '../../wire/ceremony/key-definition.js'
import { Failure } from '../../wire/base/failure.js'
import { type KeyRecord, recordDigest } from '../../wire/key/record.js'
import { hex } from '../../wire/base/text.js'
import { nameOfKey } from './activate.js'
import { type HeldEpoch, type HeldKey, heldKey, requireKnownKey } from '../epochs/held-epochs.js'
import { findKey } from '../epochs/find-key.js'
import type { Key } from '../keys/key.js'
import { requireFormer } from '../keys/former.js'
import { requireSameSeats } from '../keys/rebinds.js'
import { requireCarried } from '../policy/carried-policy.js'
import { requireNotReplaced } from '../epochs/superseded.js'

/**
 * Checks that this member may start from the definition's parent epoch.
 * @returns the number of the epoch in use here that joining leaves behind; null if none
 * @throws Failure `E_PARENT` (conflict) if the parent epoch is one that this home needs and does not hold, is
 *   no longer in use, or does not descend from the local one; `E_NO_SEAT` (authentication) if its seats
 *   differ from those here; `E_PUBLIC_KEY`, `E_RECORD` (verification) if this home knows the key differently;
 *   as `requireNotReplaced`
 */
export async function requireStart(
  home: Home,
  self: Card,
  definition: ReshareDefinition,
): Promise<number | null> {
  const active = await activeHere(home, definition)
  if (active && startsFrom(active, self, definition)) {
    await requireCarried(home, active, definition)
    return null
  }
  const isSelf = (fingerprint: Uint8Array) => equalBytes(fingerprint, self.fingerprint)
  const deals = definition.dealers.some(isSelf)
  if (deals || isWatcher(definition, self)) throw notHeld(definition, active, deals)
  const name = await nameOfKey(home, definition.parent_record.key_id)
  if (name !== null) await requireLater(home, await heldKey(home, name), definition.parent_record)
  return active && active.record.epoch
}

/**
 * Whether the parent epoch is the one in use here.
 * @throws Failure `E_NO_SEAT` (authentication) if it is, and its seats here differ from those in the
 *   definition
 */
export const startsFromHere = async (
  home: Home,
  self: Card,
  definition: ReshareDefinition,
): Promise<boolean> => startsFrom(await activeHere(home, definition), self, definition)

function startsFrom(active: Key | null, self: Card, definition: ReshareDefinition): boolean {
  if (active === null || !equalBytes(active.digest, definition.parent)) return false
  requireSameSeats(active, self, definition.rebinds)
  requireFormer(active, definition)
  return true
}

async function activeHere(home: Home, { parent_record: old }: ReshareDefinition): Promise<Key | null> {
  const name = await nameOfKey(home, old.key_id)
  return name === null ? null : findKey(home, name).catch(nothingActive)
}

function nothingActive(error: unknown): null {
  if (error instanceof Failure && ['E_NO_KEY', 'E_BEHIND'].includes(error.code)) return null
  throw error
}

/** Requires that no active or certified epoch here is newer than the parent epoch or on another line. */
async function requireLater(home: Home, held: HeldKey, parent: KeyRecord): Promise<void> {
  requireKnownKey(parent, [held])
  if (held.epochs.some(({ record }) => record && !derivesAlike(record, parent)))
    throw derivesOtherwise(parent)
  const line = lineOf(held, parent)
  await requireNotReplaced(home, line)
  const digests = new Map([
    [parent.epoch, recordDigest(parent)],
    ...line.map((each) => [each.epoch - 1, each.parent] as const),
  ])
  const isBeside = ({ number, digest }: HeldEpoch): boolean => {
    const known = digests.get(number ?? 0)
    return (number ?? 0) > parent.epoch || (known != null && !equalBytes(known, digest))
  }
  const counts = ({ status, certificate }: HeldEpoch) => status !== null || certificate !== null
  const other = held.epochs.find((each) => counts(each) && isBeside(each))
  if (other) throw beside(parent, other)
}

const derivesAlike = (a: KeyRecord, b: KeyRecord): boolean =>
  a.scheme === b.scheme && hex(a.chain_code ?? new Uint8Array()) === hex(b.chain_code ?? new Uint8Array())

/** An epoch and its ancestors, as far as their records are here: newest first. */
function lineOf({ epochs }: HeldKey, newest: KeyRecord): readonly KeyRecord[] {
  const line = [newest]
  for (let at = newest; at.parent !== null; ) {
    const { parent } = at
    const before: KeyRecord | null | undefined = epochs.find(({ digest }) =>
      equalBytes(digest, parent),
    )?.record
    if (!before) break
    line.push((at = before))
  }
  return line
}

const notHeld = (
  { kind, parent_record: old }: ReshareDefinition,
  active: Key | null,
  deals: boolean,
): Failure => {
  const here = active?.record.epoch
  const asks = here !== undefined && here >= old.epoch
  const mend = deals
    ? `name dealers who hold epoch ${old.epoch}: \`mpc ceremony new ${kind} --dealers NAMES\`; then this home is dealt a new share`
    : `have this home dealt a new share: \`mpc ceremony new reshare\`, by one who holds epoch ${old.epoch}`
  return new Failure(
    'conflict',
    'E_PARENT',
    here === undefined
      ? `this starts from epoch ${old.epoch}, and this home holds no share that is in use`
      : `this starts from epoch ${old.epoch}, and here epoch ${here} is in use`,
    { hint: asks ? `ask for a definition that was made from epoch ${here}` : `nothing was begun; ${mend}` },
  )
}

const derivesOtherwise = ({ epoch }: KeyRecord): Failure =>
  new Failure(
    'verification',
    'E_RECORD',
    `epoch ${epoch}, which this starts from, has another scheme or chain code than the key here`,
    { hint: 'nothing was begun; one of the two is forged: compare addresses with the other custodians' },
  )

const beside = (parent: KeyRecord, { number }: HeldEpoch): Failure =>
  new Failure(
    'conflict',
    'E_PARENT',
    `this starts from epoch ${parent.epoch}, and this home knows an epoch ${number} that does not come before it`,
    {
      hint: 'nothing was begun; ask its author which epoch is in use: `mpc share list` shows those that are known here',
    },
  )

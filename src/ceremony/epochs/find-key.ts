/** The keys of a home: the active epoch's record by its local name, and this member's share of it. */
import { ownVault } from '../../storage/vault/age-vault.js'
import { needsAuxiliary, wipeSigningKey } from '../../protocol/engines/engine.js'
import type { Home } from '../../storage/home/home.js'
import { type KeyState, listKeys, readEpochFile, readState } from '../../storage/home/epochs.js'
import type { Card } from '../../wire/identity/card.js'
import { Failure } from '../../wire/base/failure.js'
import type { Identity } from '../../wire/identity/identity.js'
import { type KeyRecord, parseRecord, recordDigest } from '../../wire/key/record.js'
import { seatedBy } from '../../wire/key/seated-record.js'
import { type OwnShare, parseShare } from '../../wire/key/share.js'
import { hex } from '../../wire/base/text.js'
import { behindHere } from './behind-here.js'
import { everyRebind, seatedLast } from '../keys/rebinds.js'
import { type HereKey, indexIn, type Key } from '../keys/key.js'

/**
 * The active epoch of a key. @throws Failure (configuration) `E_NO_KEY` with the existing keys; `E_BEHIND`
 */
export async function findKey(home: Home, name: string): Promise<Key> {
  const key = await keyHere(home, name)
  if (key.status === 'active') return { ...key, status: key.status }
  const behind = await behindHere(home, name)
  if (behind) throw behind
  throw new Failure('configuration', 'E_NO_KEY', `this home no longer signs with ${name}`, {
    hint: `epoch ${key.record.epoch} was dealt anew to others; \`mpc share list --key ${name}\` shows what is still here`,
  })
}

/**
 * As `findKey`, or the newest old epoch. @throws Failure `E_NO_KEY` (configuration), `E_KEY_STATE` (conflict)
 */
export async function keyHere(home: Home, name: string): Promise<HereKey> {
  const state = await readState(home, name)
  const epoch = state?.epochs.find(({ status }) => status === 'active') ?? state?.epochs.at(-1)
  if (!state || !epoch) {
    const names = await listKeys(home)
    throw new Failure('configuration', 'E_NO_KEY', `there is no key named ${name} here`, {
      hint: names.length === 0 ? '`mpc keygen` makes one' : `the keys here: ${names.join(', ')}`,
    })
  }
  return { ...(await epochHere(home, name, state, epoch.digest)), status: epoch.status }
}

/** One epoch of a key: its record here and who sits in its seats. @throws Failure `E_KEY_STATE` (conflict) */
export async function epochHere(
  home: Home,
  name: string,
  state: KeyState,
  named: Uint8Array,
): Promise<Omit<Key, 'status'>> {
  const record = parseRecord((await readEpochFile(home, name, named, 'record.cbor')) as Uint8Array)
  const digest = recordDigest(record)
  if (hex(digest) !== hex(named) || hex(record.key_id) !== hex(state.key_id)) {
    throw new Failure(
      'conflict',
      'E_KEY_STATE',
      `the record of ${name} is not the one that its state names`,
      {
        hint: `\`mpc share list --key ${name}\` shows what is there; put back the key folder from a copy of this home`,
      },
    )
  }
  const every = await everyRebind(home, name, digest, record)
  const rebinds = seatedLast(every)
  const seated = seatedBy(
    record,
    rebinds.map(({ rebind }) => rebind),
  )
  return { name, record, digest, seated, rebinds, everyRebind: every }
}

/** @throws Failure `E_EPOCH` (configuration) if this home has moved to another epoch since the lookup */
export async function requireInUse(home: Home, { name, record, digest }: Key): Promise<void> {
  const state = await readState(home, name)
  const epoch = state?.epochs.find(({ status }) => status === 'active')
  if (!epoch || hex(epoch.digest) !== hex(digest)) throw notInUse(name, record)
}

const notInUse = (name: string, { epoch }: KeyRecord): Failure =>
  new Failure('configuration', 'E_EPOCH', `epoch ${epoch} of ${name} is no longer in use here`, {
    hint: 'another command here has changed the epoch meanwhile: run the same command again',
  })

/**
 * This member's share, checked against the record; the caller wipes it.
 * @throws Failure as `requireInUse`: the program may have waited for a person or another member since the
 *   lookup
 */
export async function openShare(home: Home, key: Key, identity: Identity, self: Card): Promise<OwnShare> {
  const index = indexIn(key, self)
  await requireInUse(home, key)
  const sealed = await readEpochFile(home, key.name, key.digest, 'share.age')
  if (sealed === null) throw notInUse(key.name, key.record)
  using plaintext = await ownVault({ identity, card: self }).open(sealed, 'share')
  return parseShare(plaintext.reveal(), key.record, index)
}

/**
 * Opens the share for signing.
 * @throws Failure `E_AUXILIARY_LOST` (configuration) if the share was restored without the auxiliary data of
 *   its engine
 */
export async function openToSign(home: Home, key: Key, identity: Identity, self: Card): Promise<OwnShare> {
  const own = await openShare(home, key, identity, self)
  if (own.auxiliary !== null || !needsAuxiliary(key.record.scheme)) return own
  wipeSigningKey(own)
  throw new Failure(
    'configuration',
    'E_AUXILIARY_LOST',
    `the share of ${key.name} was restored without its primes`,
    {
      hint: 'it can still take part in a refresh: refresh the key, then sign',
    },
  )
}

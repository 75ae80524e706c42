/**
 * A share that comes into this home from elsewhere, out of its pieces or from another machine of its custodian: put in its
 * place as the epoch in use, with the rebind by which this identity sits in its seat.
 */
import { wipeSigningKey } from '../../protocol/engines/engine.js'
import { equalSecret, Secret } from '../../protocol/core/secret.js'
import type { Home } from '../../storage/home/home.js'
import {
  createState,
  type KeyState,
  readEpochFile,
  readState,
  stageEpoch,
  unstageEpoch,
} from '../../storage/home/epochs.js'
import { openWith, sealTo } from '../../storage/sealed/age.js'
import { Failure } from '../../wire/base/failure.js'
import { parseRebind } from '../../wire/key/rebind.js'
import { encodeRecord, type KeyRecord, recordDigest } from '../../wire/key/record.js'
import { parseShare } from '../../wire/key/share.js'
import type { Owner } from '../keys/key.js'
import { takeSeat } from '../keys/rebinds.js'

export type Arrived = {
  /** What it is called here. */
  readonly name: string
  readonly record: KeyRecord
  /** Null for what came from paper, which holds none. */
  readonly certificate: Uint8Array | null
  /** Of the seat. */
  readonly index: number
  /** As it is sealed; the caller's to wipe. */
  readonly plaintext: Secret
  /** Null where this identity stands in the record itself. */
  readonly rebind: Uint8Array | null
}

/**
 * What an earlier attempt of this record has left with the other key is taken back.
 * @throws Failure `E_KEY_EXISTS` (conflict)
 */
export async function requireNoKey(home: Home, name: string, record: KeyRecord | null = null): Promise<void> {
  if ((await readState(home, name)) === null) return
  if (record) await unstageEpoch(home, name, record.key_id, recordDigest(record))
  throw keyExists(name)
}

const keyExists = (name: string): Failure =>
  new Failure('conflict', 'E_KEY_EXISTS', `there is a key named ${name} here`, {
    hint: 'nothing was overwritten; take another name (--key), or another --home',
  })

/**
 * The epoch's files, the rebind, and last the state that makes it active. Everything is checked before.
 * @returns where the rebind lies; null if there is none
 * @throws Failure as `parseShare` and `parseRebind`; `E_KEY_EXISTS` (conflict)
 */
export async function placeShare(owner: Owner, arrived: Arrived): Promise<string | null> {
  const { home } = owner
  const { name, record, certificate, index, plaintext, rebind } = arrived
  const digest = recordDigest(record)
  // All that every use of the share will check: x_i * G is its public share above all.
  wipeSigningKey(parseShare(plaintext.reveal(), record, index))
  if (rebind) parseRebind(rebind, record)
  await stageEpoch(home, name, digest, {
    'record.cbor': encodeRecord(record),
    'share.age': await sealedShare(owner, name, digest, plaintext),
    ...(certificate && { 'certificate.cbor': certificate }),
  })
  const path = rebind && (await takeSeat(home, name, record, rebind))
  const state: KeyState = {
    format: 'mpc/key-state/v1',
    key_id: record.key_id,
    epochs: [{ digest, number: record.epoch, status: 'active' }],
  }
  if (!(await createState(home, name, state))) {
    await unstageEpoch(home, name, record.key_id, digest)
    throw keyExists(name)
  }
  return path
}

/** The share, sealed; where an earlier attempt was cut short, as that sealed it: epochs are written once. */
async function sealedShare(
  { home, identity, card }: Owner,
  name: string,
  digest: Uint8Array,
  plaintext: Secret,
): Promise<Uint8Array> {
  const there = await readEpochFile(home, name, digest, 'share.age')
  if (there !== null) {
    using held = new Secret(await openWith([identity.age], there))
    if (equalSecret(held.reveal(), plaintext.reveal())) return there
  }
  return sealTo([card.age], plaintext.reveal())
}

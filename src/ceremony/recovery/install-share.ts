/**
 * Installing a share that arrives from elsewhere, restored from its pieces or moved from its custodian's
 * other machine. It becomes the epoch in use, with the rebind that seats this identity. What was spent by it elsewhere is
 * not known here, so the limits of a policy count as used up at first.
 */
import { wipeSigningKey } from '../../protocol/engines/engine.js'
import { equalSecret, type Secret } from '../../protocol/core/secret.js'
import type { Home } from '../../storage/home/home.js'
import {
  createState,
  type KeyState,
  readEpochFile,
  readState,
  stageEpoch,
  unstageEpoch,
} from '../../storage/home/epochs.js'
import { Ledger } from '../../storage/ledger/ledger.js'
import { voidPresignatures } from '../../storage/pools/presignatures.js'
import { ownVault } from '../../storage/vault/age-vault.js'
import { Failure } from '../../wire/base/failure.js'
import { parseRebind } from '../../wire/key/rebind.js'
import { encodeRecord, type KeyRecord, recordDigest } from '../../wire/key/record.js'
import { parseShare } from '../../wire/key/share.js'
import type { Owner } from '../keys/key.js'
import { takeSeat } from '../keys/rebinds.js'

export type Arrived = {
  /** The key's name here. */
  readonly name: string
  readonly record: KeyRecord
  /** Null if it comes from paper, which holds none. */
  readonly certificate: Uint8Array | null
  /** Index of the seat. */
  readonly index: number
  /** The encoded share; the caller wipes it. */
  readonly plaintext: Secret
  /** Null if the record names this identity itself. */
  readonly rebind: Uint8Array | null
  /** Number of the policy that was in force where it comes from; 0: none. Its files come by themselves. */
  readonly policy: number
  /** Milliseconds since 1970. */
  readonly now: number
}

/**
 * Requires that no key here has this name. If one has, removes what an earlier attempt with this record left
 * beside it.
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
 * Writes the epoch's files, the rebind, the ledger's entry, and last the state that activates it. Checks everything first.
 * @returns the path of the rebind; null if there is none
 * @throws Failure as `parseShare` and `parseRebind`; (conflict) `E_KEY_EXISTS`; as `Ledger.restored`
 */
export async function placeShare(owner: Owner, arrived: Arrived): Promise<string | null> {
  const { home } = owner
  const { name, record, certificate, index, plaintext, rebind, policy, now } = arrived
  const digest = recordDigest(record)
  // Makes every check that later uses of the share will make; above all, that x_i * G is its public share.
  wipeSigningKey(parseShare(plaintext.reveal(), record, index))
  if (rebind) parseRebind(rebind, record)
  await stageEpoch(home, name, digest, {
    'record.cbor': encodeRecord(record),
    'share.age': await sealedShare(owner, name, digest, plaintext),
    ...(certificate && { 'certificate.cbor': certificate }),
  })
  // An earlier home of this name may have left some, with what was signed since unknown.
  await voidPresignatures(home, name)
  const path = rebind && (await takeSeat(home, name, record, rebind))
  // Nobody here works with this key yet, so there is nothing to wait for.
  await new Ledger(home, record.key_id, { now: () => now, after: (_, act) => act() }).restored()
  const state: KeyState = {
    format: 'mpc/key-state/v1',
    key_id: record.key_id,
    policy: Math.max(policy, record.policy?.number ?? 0),
    epochs: [{ digest, number: record.epoch, status: 'active' }],
  }
  if (!(await createState(home, name, state))) {
    await unstageEpoch(home, name, record.key_id, digest)
    throw keyExists(name)
  }
  return path
}

/** Seals the share, or reuses an interrupted attempt's file: an epoch's files are written once. */
async function sealedShare(
  owner: Owner,
  name: string,
  digest: Uint8Array,
  plaintext: Secret,
): Promise<Uint8Array> {
  const vault = ownVault(owner)
  const there = await readEpochFile(owner.home, name, digest, 'share.age')
  if (there !== null) {
    using held = await vault.open(there, 'share')
    if (equalSecret(held.reveal(), plaintext.reveal())) return there
  }
  return vault.seal(plaintext.reveal(), 'share')
}

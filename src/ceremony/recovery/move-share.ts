/**
 * Moving a share to another machine of its custodian, which has its own identity. The share is sealed to that
 * identity, with a rebind that the share and the old identity have signed and the new one completes. Uses no
 * network. The old machine keeps the share and its vote: a custodian that has voted from this epoch must not
 * vote again elsewhere, nor vote first on both machines, or two reshares from one epoch could both become
 * valid.
 */
import { exportPolicies, importPolicies, newestIn } from '../policy/policy-file.js'
import { sha256 } from '../../wire/base/hash.js'
import { Failure } from '../../wire/base/failure.js'
import { verifySignature } from '../../wire/base/ed25519.js'
import { SIGNED } from '../../wire/base/domain-tags.js'
import { policyInForce } from '../policy/policy-in-force.js'
import { voteBase } from '../../wire/ceremony/parent-epoch.js'
import { ageRecipient, ownVault } from '../../storage/vault/age-vault.js'
import { wipeSigningKey } from '../../protocol/engines/engine.js'
import { Secret } from '../../protocol/core/secret.js'
import type { Rng } from '../../protocol/core/session.js'
import type { Home } from '../../storage/home/home.js'
import { createDir } from '../../storage/fs/atomic.js'
import { markMoved } from '../../storage/home/votes.js'
import { voidPresignatures } from '../../storage/pools/presignatures.js'
import type { Card } from '../../wire/identity/card.js'
import { requireHeld } from '../../wire/ceremony/certified-record.js'
import { exportRecord, parseExportedRecord } from '../../wire/paper/json-export.js'
import { completeRebind, offerRebind, parseRebind } from '../../wire/key/rebind.js'
import { type KeyRecord, recordDigest } from '../../wire/key/record.js'
import { encodeShare } from '../../wire/key/share.js'
import { requireNotAhead } from './accept-rebind.js'
import { certificateOf, outputExists, requireFree } from '../backup/piece-files.js'
import { type Owner, indexIn, type Key } from '../keys/key.js'
import { findKey, openShare } from '../epochs/find-key.js'
import { placeShare, requireNoKey } from './install-share.js'

/** The files of a share in transit. */
export const MOVED_FILES = [
  'share.age',
  'record.json',
  'certificate.cbor',
  'rebind.offer',
  'policies.cbor',
  'policies.sig',
] as const
export type MovedFiles = Readonly<Record<(typeof MOVED_FILES)[number], Uint8Array>>

export type RekeyOrder = {
  /** The new identity's card, which this person knows to be its own. */
  readonly to: Card
  /** The folder to create. */
  readonly out: string
  /** Milliseconds since 1970. */
  readonly now: number
  readonly rng: Rng
}

/**
 * Writes the share of the epoch in use for another identity of this custodian.
 * @throws Failure `E_OUTPUT_EXISTS`, `E_KEY_STATE`, `E_VOTED_PARENT` (conflict); `E_REBIND_CARD`
 *   (authentication) if the card cannot sit in this seat
 */
export async function rekey(owner: Owner, key: Key, { to, out, now, rng }: RekeyOrder): Promise<void> {
  await requireFree(out)
  const { home, identity, card } = owner
  const { name, record, digest } = key
  const certificate = await certificateOf(home, key)
  const index = indexIn(key, card)
  const from = { card, signing: identity.signing }
  const inForce = await policyInForce(home, key)
  const policies = await exportPolicies(home, key)
  const own = await openShare(home, key, identity, card)
  try {
    const seat = { index, share: own.share.share, card: to, from, created: now }
    const offer = offerRebind(record, seat, name, rng)
    const share = own.share.share.reveal()
    const auxiliary = own.auxiliary?.secret ?? null
    using plaintext = new Secret(
      encodeShare({ record: digest, scheme: record.scheme, index, share, auxiliary }),
    )
    const files: MovedFiles = {
      'share.age': await ageRecipient(to.age).seal(plaintext.reveal(), 'share'),
      'record.json': exportRecord(record),
      'certificate.cbor': certificate,
      'rebind.offer': offer,
      'policies.cbor': policies,
      'policies.sig': identity.signing.sign(SIGNED.policies, digest, index, sha256(policies)),
    }
    await markMoved(home, voteBase(digest, inForce))
    await voidPresignatures(home, name)
    if (!(await createDir(out, files))) throw outputExists(out)
  } finally {
    wipeSigningKey(own)
  }
}

export type MovedKey = {
  /** The key's name here. */
  readonly name: string
  readonly record: KeyRecord
  readonly digest: Uint8Array
  /** Index of the seat. */
  readonly index: number
  /** Path of the rebind that puts this identity into the seat. */
  readonly rebind: string
  /** Why the policies that came along could not be taken in; null if they were. */
  readonly unkept: Failure | null
}

/**
 * Takes a share that was moved to this identity into this home, and activates it.
 * @param name its name here; null keeps the name it had before
 * @param now milliseconds since 1970
 * @throws Failure `E_KEY_EXISTS` (conflict); (decryption) `E_DECRYPT` if it is sealed to another identity,
 *   `E_SHARE`; (verification) `E_RECORD`, `E_CERTIFICATE`; (authentication) `E_REBIND`, `E_REBIND_PROOF`,
 *   `E_REBIND_CARD`, `E_REBIND_TIME`
 */
export async function importMoved(
  owner: Owner,
  files: MovedFiles,
  name: string | null,
  now: number,
): Promise<MovedKey> {
  const { home, identity, card } = owner
  const record = parseExportedRecord(files['record.json'])
  const certificate = files['certificate.cbor']
  requireHeld(certificate, record)
  const { key, index, rebind } = completeRebind(files['rebind.offer'], record, card, identity.signing)
  // Its maker can still make another now; later, every custodian who receives it would refuse it.
  const { handed_by: from } = parseRebind(rebind, record)
  requireNotAhead(parseRebind(rebind, record), now)
  const policies = files['policies.cbor']
  const said = [recordDigest(record), index, sha256(policies)]
  if (!from || !verifySignature(from.signing, files['policies.sig'], SIGNED.policies, ...said))
    throw notItsPolicies()
  const called = name ?? key
  await requireNoKey(home, called, record)
  using plaintext = await ownVault(owner).open(files['share.age'], 'share')
  const arrived = {
    name: called,
    record,
    certificate,
    index,
    plaintext,
    rebind,
    policy: newestIn(policies, record),
    now,
  }
  const path = (await placeShare(owner, arrived)) as string
  const unkept = await bringPolicies(home, called, policies)
  return { name: called, record, digest: recordDigest(record), index, rebind: path, unkept }
}

/**
 * Takes in the policies that came along. The key is here by now and signs nothing without them, so a failure is told and
 * can be mended.
 */
async function bringPolicies(home: Home, name: string, policies: Uint8Array): Promise<Failure | null> {
  try {
    await importPolicies(home, await findKey(home, name), policies)
    return null
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
}

const notItsPolicies = (): Failure =>
  new Failure(
    'verification',
    'E_POLICY_FILE',
    'policies.cbor is not what the identity that handed the share on has written',
    {
      hint: 'move the share again: `mpc share rekey`',
    },
  )

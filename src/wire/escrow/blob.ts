/**
 * The engine's auxiliary secret in escrow: one blob, the same for every holder, that opens with the restored
 * share. Only the engine knows its contents; a scheme without auxiliary secrets has no blob.
 */
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { encode } from '../../protocol/core/codec.js'
import type { Secret } from '../../protocol/core/secret.js'
import type { Rng } from '../../protocol/core/session.js'

const NONCE_BYTES = 24
const TAG_BYTES = 16
/** Longest auxiliary secret, and longest blob: XChaCha's nonce and Poly1305's tag are added. */
const AUXILIARY_LIMIT = 1 << 18
export const BLOB_LIMIT = AUXILIARY_LIMIT + NONCE_BYTES + TAG_BYTES

/** The data to which a blob is bound. */
export type BlobPlace = {
  readonly key_id: Uint8Array
  /** Record digest. */
  readonly epoch: Uint8Array
  /** The custodian's fingerprint. */
  readonly custodian: Uint8Array
  /** The manifest's salt, 32 bytes: each split of a share has another key. */
  readonly salt: Uint8Array
  /** The encoded manifest without the blob's hash: the associated data. */
  readonly manifest: Uint8Array
}

/** Seals with XChaCha20-Poly1305 under a random nonce, which precedes the ciphertext. */
export function sealBlob(place: BlobPlace, share: Secret, auxiliary: Uint8Array, rng: Rng): Uint8Array {
  if (auxiliary.length > AUXILIARY_LIMIT) throw new RangeError('too long for a blob')
  const nonce = rng(NONCE_BYTES)
  return withKey(place, share, (key) => {
    const sealed = xchacha20poly1305(key, nonce, place.manifest).encrypt(auxiliary)
    const blob = new Uint8Array(nonce.length + sealed.length)
    blob.set(nonce)
    blob.set(sealed, nonce.length)
    return blob
  })
}

/** The auxiliary secret, which the caller wipes; null if the blob does not open with this share and place. */
export function openBlob(place: BlobPlace, share: Secret, blob: Uint8Array): Uint8Array | null {
  return withKey(place, share, (key) => {
    try {
      const nonce = blob.subarray(0, NONCE_BYTES)
      return xchacha20poly1305(key, nonce, place.manifest).decrypt(blob.subarray(NONCE_BYTES))
    } catch {
      return null
    }
  })
}

/** key = HKDF-SHA-256(ikm = x_i, salt, info = (tag, key id, epoch digest, custodian)). */
function withKey<T>(
  { key_id, epoch, custodian, salt }: BlobPlace,
  share: Secret,
  use: (key: Uint8Array) => T,
): T {
  const info = encode(['mpc/escrow-blob/v1', key_id, epoch, custodian])
  const key = hkdf(sha256, share.reveal(), salt, info, 32)
  try {
    return use(key)
  } finally {
    key.fill(0)
  }
}

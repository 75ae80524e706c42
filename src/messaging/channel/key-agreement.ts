/**
 * The keys that two participants share in one session: X25519 plus ML-KEM-768 both ways, extracted with the
 * whole handshake as salt, and expanded per direction. They stay confidential as long as either problem is
 * hard.
 */
import { x25519 } from '@noble/curves/ed25519.js'
import { expand, extract } from '@noble/hashes/hkdf.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js'
import { encode } from '../../protocol/core/codec.js'
import { digest, type Rng } from '../../protocol/core/session.js'

/** This participant's keys for one attempt. */
export type Ephemeral = {
  readonly x25519: { readonly secretKey: Uint8Array; readonly publicKey: Uint8Array }
  readonly mlkem: { readonly secretKey: Uint8Array; readonly publicKey: Uint8Array }
  readonly nonce: Uint8Array
}

export function newEphemeral(rng: Rng): Ephemeral {
  return { x25519: x25519.keygen(rng(32)), mlkem: ml_kem768.keygen(rng(64)), nonce: rng(32) }
}

export function wipeEphemeral(keys: Ephemeral): void {
  keys.x25519.secretKey.fill(0)
  keys.mlkem.secretKey.fill(0)
}

/** A ciphertext for a peer's key, and its secret; null if the key fails FIPS 203, section 7.2. */
export function encapsulate(
  publicKey: Uint8Array,
  rng: Rng,
): { readonly ciphertext: Uint8Array; readonly secret: Uint8Array } | null {
  const message = rng(32)
  try {
    const { cipherText, sharedSecret } = ml_kem768.encapsulate(publicKey, message)
    return { ciphertext: cipherText, secret: sharedSecret }
  } catch {
    return null
  } finally {
    message.fill(0)
  }
}

/** The secret in a ciphertext. A tampered one yields another secret (FIPS 203, section 6.3). */
export const decapsulate = (ciphertext: Uint8Array, keys: Ephemeral): Uint8Array =>
  ml_kem768.decapsulate(ciphertext, keys.mlkem.secretKey)

/** The X25519 result; null if it is all zero, as for a key of small order (RFC 7748, section 6.1). */
export function diffieHellman(keys: Ephemeral, publicKey: Uint8Array): Uint8Array | null {
  try {
    return x25519.getSharedSecret(keys.x25519.secretKey, publicKey)
  } catch {
    return null
  }
}

/** The secrets that two participants share; `first` precedes `second` in the definition. */
export type PairSecrets = {
  readonly dh: Uint8Array
  /** The secret in the ciphertext from the first to the second. */
  readonly fromFirst: Uint8Array
  readonly fromSecond: Uint8Array
}

/** The salt binds the session and every encapsulation, in the order of the participants. */
export const pairSalt = (sid: Uint8Array, encapsulations: readonly Uint8Array[]): Uint8Array =>
  digest('mpc/handshake/v1', sid, encapsulations)

export const pairKey = (salt: Uint8Array, { dh, fromFirst, fromSecond }: PairSecrets): Uint8Array =>
  extract(sha256, Uint8Array.of(...dh, ...fromFirst, ...fromSecond), salt)

/** A 32-byte key for one purpose in one direction, between two fingerprints. */
export const directionKey = (
  prk: Uint8Array,
  use: 'letter' | 'confirm',
  from: Uint8Array,
  to: Uint8Array,
  sid: Uint8Array,
): Uint8Array => expand(sha256, prk, encode(['mpc/channel/v1', use, from, to, sid]), 32)

/** The tag by which `from` proves to `to` that both have the same key. */
export const confirmTag = (
  confirmKey: Uint8Array,
  sid: Uint8Array,
  from: Uint8Array,
  to: Uint8Array,
): Uint8Array => hmac(sha256, confirmKey, encode(['mpc/confirm/v1', sid, from, to]))

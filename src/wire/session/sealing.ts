/**
 * Sealing letters for one member. Every letter has its own key, used once, so that it alone can be opened as
 * evidence (`claim.ts`); the channel's key would open every letter, even one with a dealer's old share. The
 * protocol version fixes AES-256-GCM; the nonce may be zero because no key is used twice; the header is
 * associated data.
 */
import { gcm } from '@noble/ciphers/aes.js'
import { expand } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { encode } from '../../protocol/core/codec.js'

const NONCE = new Uint8Array(12)

/** The key of one round's letter in one direction. @param letterKey 32 bytes from the handshake */
export function keyOfLetter(letterKey: Uint8Array, round: string): Uint8Array {
  return expand(sha256, letterKey, encode(['mpc/letter/v1', round]), 32)
}

/** The key's hash in the header, against which an opened key is checked. */
export const hashOfKey = (key: Uint8Array): Uint8Array => sha256(key)

export function sealLetter(key: Uint8Array, header: Uint8Array, plaintext: Uint8Array): Uint8Array {
  return gcm(key, NONCE, header).encrypt(plaintext)
}

/** The plaintext, or null if key, header and ciphertext do not belong together. */
export function openLetter(key: Uint8Array, header: Uint8Array, sealed: Uint8Array): Uint8Array | null {
  try {
    return gcm(key, NONCE, header).decrypt(sealed)
  } catch {
    return null
  }
}

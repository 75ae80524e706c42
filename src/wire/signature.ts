/**
 * The ordinary verifiers of the signatures that keys make: OpenSSL for Ed25519, noble's BIP-340 for Taproot. None of
 * them shares code with the protocols that sign.
 */
import { schnorr } from '@noble/curves/secp256k1.js'
import type { Scheme } from '../protocol/scheme.js'
import { isSigningKey, verifyEd25519 } from './ed25519.js'

/** Whether `signature` (64 bytes) is one of `message` under `publicKey`, as others would check it. Never throws. */
export function verifiesUnder(
  scheme: Scheme,
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  switch (scheme) {
    case 'eddsa-ed25519':
      return isSigningKey(publicKey) && verifyEd25519(publicKey, message, signature)
    case 'schnorr-taproot':
      try {
        return (
          signature.length === 64 && publicKey.length === 32 && schnorr.verify(signature, message, publicKey)
        )
      } catch {
        return false
      }
    case 'ecdsa-secp256k1':
      return false
    default:
      return scheme satisfies never
  }
}

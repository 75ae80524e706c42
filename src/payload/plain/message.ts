/** The message that a scheme signs for bytes that have no signing rule of their own. */
import type { Scheme } from '../../protocol/group/scheme.js'
import { sha256 } from '../../wire/base/hash.js'
import type { Effect, Row } from '../decoder.js'

/** ECDSA signs the SHA-256 of the bytes; Ed25519 and BIP-340 sign the bytes themselves. */
export const hashed = (scheme: Scheme, payload: Uint8Array): Uint8Array =>
  scheme === 'ecdsa-secp256k1' ? sha256(payload) : payload

/** The same in words. */
export const signedRow = (scheme: Scheme): Row => ({
  label: 'signed',
  value: scheme === 'ecdsa-secp256k1' ? 'the SHA-256 of these bytes' : 'these bytes as they are',
})

/**
 * Whether these bytes may be a digest, whatever type they are called. Under every scheme 32 bytes may stand for
 * anything: Ed25519 and BIP-340 sign them as they are, and ECDSA signs their SHA-256, which is a Bitcoin signature hash
 * where they are the SHA-256 of its preimage (BIP-143). Text is no exception: among all digests enough are text that
 * one can be looked for.
 */
export const isBareDigest = (payload: Uint8Array): boolean => payload.length === 32

export const bareDigestWarnings = (payload: Uint8Array): string[] =>
  isBareDigest(payload) ? ['These 32 bytes may be a digest, which does not say what is signed.'] : []

/** Nobody can tell from the bytes what the signature does. */
export const UNKNOWN: Effect = {
  chain: 'unknown',
  kind: 'unknown',
  asset: null,
  amount: null,
  recipient: null,
}

/** Bytes that do not say what they mean. */
import type { Effect } from './decoder.js'

/**
 * Whether these bytes may be a digest. Under every scheme 32 bytes may stand for anything: Ed25519 and BIP-340 sign
 * them as they are, and ECDSA signs their SHA-256, which is a Bitcoin signature hash where they are the SHA-256 of its
 * preimage (BIP-143). Text is no exception: an attacker can search for a digest that is text.
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

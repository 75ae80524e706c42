/** The signature schemes, and the form of the public key in each. */
import { type Curve, ed25519, secp256k1 } from './curve.js'
import { outputKey } from './taproot.js'

export const SCHEMES = ['ecdsa-secp256k1', 'eddsa-ed25519', 'schnorr-taproot'] as const
export type Scheme = (typeof SCHEMES)[number]

/** The curve of a scheme's shares and points. */
export const curveOf = (scheme: Scheme): Curve => (scheme === 'eddsa-ed25519' ? ed25519 : secp256k1)

/**
 * Whether keys of this scheme derive others (BIP-32), and so have a chain code. Ed25519 has no standard that
 * works without the private key: SLIP-10 has hardened steps only.
 */
export const isDerivable = (scheme: Scheme): boolean => scheme !== 'eddsa-ed25519'

/**
 * The public key that signatures verify under. eddsa: the point, 32 bytes (RFC 8032). ecdsa: the point, 33
 * bytes (SEC 1, compressed). taproot: BIP-341's output key for the internal point and no scripts, 32 bytes, x
 * only.
 * @param groupPoint f(0)*G, the encoded point of the shared secret; for taproot untweaked, with its true
 *   parity
 * @throws CodecError unless it is a point of prime order
 */
export function publicKeyOf(scheme: Scheme, groupPoint: Uint8Array): Uint8Array {
  const point = curveOf(scheme).parsePoint(groupPoint)
  return scheme === 'schnorr-taproot' ? outputKey(point) : point.toBytes()
}

/** The signatures that a key can make, and how its public key is written for each. */
import { type Curve, ed25519, secp256k1 } from './curve.js'
import { outputKey } from './taproot.js'

export const SCHEMES = ['ecdsa-secp256k1', 'eddsa-ed25519', 'schnorr-taproot'] as const
export type Scheme = (typeof SCHEMES)[number]

/** The curve that a scheme's shares and points live on. */
export const curveOf = (scheme: Scheme): Curve => (scheme === 'eddsa-ed25519' ? ed25519 : secp256k1)

/**
 * Whether keys are derived from a key of this scheme (BIP-32), so that it has a chain code. For Ed25519 there
 * is no standard that could be followed without the private key: SLIP-10 has hardened steps only.
 */
export const isDerivable = (scheme: Scheme): boolean => scheme !== 'eddsa-ed25519'

/**
 * The public key that signatures verify under. eddsa: the point, 32 bytes (RFC 8032). ecdsa: the point, 33
 * bytes (SEC 1, compressed). taproot: BIP-341's output key for the internal point and no scripts, 32 bytes, x
 * only.
 * @param groupPoint the encoded point that the shares lie over; for taproot untweaked, with its true parity
 * @throws CodecError unless it is a point of prime order
 */
export function publicKeyOf(scheme: Scheme, groupPoint: Uint8Array): Uint8Array {
  const point = curveOf(scheme).parsePoint(groupPoint)
  return scheme === 'schnorr-taproot' ? outputKey(point) : point.toBytes()
}

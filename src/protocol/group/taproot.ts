/**
 * BIP-341's step from the internal key P to the output key Q, with an empty script tree: Q = ±P + tG, with
 * the sign that gives ±P even y. Every share of ±p gets the same t, and Lagrange's coefficients sum to one,
 * so each share of p becomes a share of q on its own. Stored keys keep P and its parity; the step is applied
 * when a key is shown or signs.
 */
import { schnorr } from '@noble/curves/secp256k1.js'
import { type Point, secp256k1 } from './curve.js'

/** The step for one P: negate if P has odd y, then add t (to scalars) or tG (to points). */
export type TaprootTweak = { readonly negate: boolean; readonly t: bigint; readonly tG: Point }

/**
 * BIP-341, taproot_tweak_pubkey: t = int(tagged_hash("TapTweak", bytes(P))).
 * @param P the internal key, either parity
 * @throws CodecError if t is not below the order, as the BIP demands: this happens for one key in 2^128
 */
export function taprootTweak(P: Point): TaprootTweak {
  const encoded = P.toBytes()
  const t = secp256k1.parseScalar(schnorr.utils.taggedHash('TapTweak', encoded.subarray(1)))
  return { negate: encoded[0] === 3, t, tG: secp256k1.G.multiplyUnsafe(t) }
}

/** Tweaks a share, or the whole private key. */
export function tweakScalar({ negate, t }: TaprootTweak, x: bigint): bigint {
  const { Fn } = secp256k1
  return Fn.add(negate ? Fn.neg(x) : x, t)
}

/** Tweaks P itself, which gives Q with its true parity, or a public share. */
export function tweakPoint({ negate, tG }: TaprootTweak, X: Point): Point {
  return (negate ? X.negate() : X).add(tG)
}

/** The output key of the internal key P as wallets write it: x only, 32 bytes. */
export function outputKey(P: Point): Uint8Array {
  return tweakPoint(taprootTweak(P), P).toBytes().subarray(1)
}

/**
 * Signing (CGGMP24): one round with a presignature. Each share is checked against its sender's letters in
 * presigning. `sign` runs presigning and signing together, with message and path known from the start;
 * `signWithPresignature` takes one that was made ahead.
 * The signature is returned only after an ordinary verifier has accepted it.
 */
import { secp256k1 as nobleSecp256k1 } from '@noble/curves/secp256k1.js'
import { concatBytes } from '@noble/hashes/utils.js'
import { equalBytes } from '../core/codec.js'
import { type Point, secp256k1 } from '../group/curve.js'
import { broadcast, demand, ofPeers, type Protocol } from '../core/round.js'
import type { NonceRng, PartyId, Session } from '../core/session.js'
import { fromBytes } from './integers/integers.js'
import { presign } from './presign/presign.js'
import { byChance } from './presign/checks.js'
import { ROUND, sigmaLetter } from './presign/letters.js'
import type { Halves, Presignature, PublicPresignature, Target } from './presign/presignature.js'
import { type Purpose, rerandomise, rerandomiseHalves } from './presign/rerandomise.js'
import type { EcdsaKey } from './presign/signers.js'

/** An ECDSA signature with s in the lower half. */
export type EcdsaSignature = {
  /** 32 bytes. */
  readonly r: Uint8Array
  /** 32 bytes. */
  readonly s: Uint8Array
  /** Parity of the nonce's point, after low-s: recovers the public key from digest and signature. */
  readonly recoveryId: 0 | 1
}

/**
 * Signs `digest` with the session's parties, under the key that the path's shift leads to.
 * @param digest 32 bytes that this machine has computed from the message itself
 * @throws as `presign`
 */
export function* sign(
  session: Session,
  key: EcdsaKey,
  digest: Uint8Array,
  nonces: NonceRng,
): Protocol<EcdsaSignature> {
  using presignature = yield* presign(session, key, digest, nonces)
  return yield* signOnline(session, presignature)
}

/**
 * Signs the digest that a presignature was made for, and uses it up.
 * @throws Error if it was used before; RangeError in any run but its own, and for one made ahead
 * @throws ProtocolAbort naming everybody whose share does not verify
 */
export function* signOnline(session: Session, presignature: Presignature): Protocol<EcdsaSignature> {
  const known = presignature.public
  if (!equalBytes(known.signers.sid, session.sid)) throw new RangeError('this presignature is of another run')
  return yield* signTarget(session, targetOf(known), presignature.consume())
}

/**
 * Signs with a presignature that was made ahead, re-randomised for this run and this purpose, and uses it up.
 * Before that, the caller must have recorded for good that it is used.
 * @throws Error if it was used before; RangeError if it is of this very run, of other signers, or not made ahead
 * @throws ProtocolAbort naming everybody whose share does not verify
 */
export function* signWithPresignature(
  session: Session,
  presignature: Presignature,
  purpose: Purpose,
): Protocol<EcdsaSignature> {
  const { rho, target } = rerandomise(session, presignature.public, purpose)
  return yield* signTarget(session, target, rerandomiseHalves(presignature.consume(), rho, purpose))
}

/** The last round. Wipes the halves. */
function* signTarget(session: Session, target: Target, { k, chi }: Halves): Protocol<EcdsaSignature> {
  const { r, m } = numbersOf(target)
  // σ_i = k̃_i m + r χ̃_i
  const { Fn } = secp256k1
  const mine = Fn.add(
    Fn.mul(secp256k1.parseScalar(k.reveal()), m),
    Fn.mul(r, secp256k1.parseScalar(chi.reveal())),
  )
  k.wipe()
  chi.wipe()
  const sigmas = yield* broadcast(session, ROUND.sign, sigmaLetter, mine)
  demand(ROUND.sign, ofPeers(session, sigmas), sigmaChecks(target))
  const s = [...sigmas.values()].reduce((a, b) => Fn.add(a, b))
  return signatureOf(target.Gamma, target.digest, s, target.publicKey)
}

/** The target of a presignature that was made for a digest. @throws RangeError for one made ahead */
export function targetOf({ signers, Gamma, points }: PublicPresignature): Target {
  const { digest, publicKey } = signers
  if (digest === null) throw new RangeError('a presignature made ahead is for no digest')
  return { digest, publicKey, Gamma, points }
}

/** The check of every share: σ_j Γ = m Δ̃_j + r S̃_j. */
export function sigmaChecks(
  target: Target,
): Readonly<Record<string, (sigma: bigint, from: PartyId) => boolean>> {
  const { r, m } = numbersOf(target)
  return {
    'share of the signature does not verify': (sigma, from) => {
      const { Delta, S } = target.points.get(from) as { Delta: Point; S: Point }
      return target.Gamma.multiplyUnsafe(sigma).equals(Delta.multiplyUnsafe(m).add(S.multiplyUnsafe(r)))
    },
  }
}

/** r = Γ.x mod q, and m, the digest as a number mod q (SEC 1): all 256 bits, leading zeros included. */
function numbersOf({ Gamma, digest }: Target): { readonly r: bigint; readonly m: bigint } {
  return { r: abscissa(Gamma), m: secp256k1.Fn.create(fromBytes(digest)) }
}

/** r = Γ.x mod q ≠ 0. An x of q or more is refused too: key recovery would need another bit. */
function abscissa(Gamma: Point): bigint {
  const x = fromBytes(Gamma.toBytes().subarray(1))
  if (x === 0n || x >= secp256k1.order) throw byChance('the nonce has no usable x')
  return x
}

/**
 * Assembles the signature from s = Σσ_j ≠ 0: low s, the parity that recovers the key, and an ordinary
 * verifier's check.
 * @param Gamma the nonce's point
 * @throws Error if s or r is unusable, or the signature does not verify
 */
export function signatureOf(Gamma: Point, digest: Uint8Array, s: bigint, publicKey: Point): EcdsaSignature {
  if (s === 0n) throw byChance('s is zero')
  const { Fn, order } = secp256k1
  const isHigh = 2n * s > order
  const odd = Gamma.toBytes()[0] === 3
  const signature: EcdsaSignature = {
    r: secp256k1.scalarBytes(abscissa(Gamma)),
    s: secp256k1.scalarBytes(isHigh ? Fn.neg(s) : s),
    recoveryId: odd === isHigh ? 0 : 1,
  }
  const compact = concatBytes(signature.r, signature.s)
  if (!nobleSecp256k1.verify(compact, digest, publicKey.toBytes(), { prehash: false })) {
    // The shares' equations add up to sΓ = m ΣΔ̃_j + r ΣS̃_j = mG + r pk: presigning has checked both sums
    // against δ.
    throw new Error('every share verifies, the signature does not: this is a defect of this program')
  }
  return signature
}

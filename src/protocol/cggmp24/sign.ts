/**
 * Signing (CGGMP24): one round under a presignature, in which each share is held against what its sender
 * said in presigning. What a ceremony runs is both together, with message and path known from the start; the signature
 * goes nowhere before an ordinary verifier has accepted it.
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
import type { Presignature, PublicPresignature } from './presign/presignature.js'
import type { EcdsaKey } from './presign/signers.js'

/** An ECDSA signature with s in the lower half. */
export type EcdsaSignature = {
  /** 32 bytes. */
  readonly r: Uint8Array
  /** 32 bytes. */
  readonly s: Uint8Array
  /** Parity of the nonce's point: with it the public key can be recovered from digest and signature. */
  readonly recoveryId: 0 | 1
}

/**
 * Signs `digest` with the session's parties, under the key that the path's shift leads to.
 * @param digest 32 bytes that this machine has computed itself from what is signed
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
 * Signs the digest of a presignature, and uses it up.
 * @throws Error when it was used before; RangeError in another run than its own
 * @throws ProtocolAbort naming everybody whose share is not what it has to be
 */
export function* signOnline(session: Session, presignature: Presignature): Protocol<EcdsaSignature> {
  const known = presignature.public
  if (!equalBytes(known.signers.sid, session.sid)) throw new RangeError('this presignature is of another run')
  const { r, m } = numbersOf(known)
  // σ_i = k̃_i m + r χ̃_i
  const { k, chi } = presignature.consume()
  const { Fn } = secp256k1
  const mine = Fn.add(
    Fn.mul(secp256k1.parseScalar(k.reveal()), m),
    Fn.mul(r, secp256k1.parseScalar(chi.reveal())),
  )
  k.wipe()
  chi.wipe()
  const sigmas = yield* broadcast(session, ROUND.sign, sigmaLetter, mine)
  demand(ROUND.sign, ofPeers(session, sigmas), sigmaChecks(known))
  const s = [...sigmas.values()].reduce((a, b) => Fn.add(a, b))
  return signatureOf(known.Gamma, known.digest, s, known.signers.publicKey)
}

/** What must hold of every share: σ_j Γ = m Δ̃_j + r S̃_j. */
export function sigmaChecks(
  known: PublicPresignature,
): Readonly<Record<string, (sigma: bigint, from: PartyId) => boolean>> {
  const { r, m } = numbersOf(known)
  return {
    'share of the signature does not verify': (sigma, from) => {
      const { Delta, S } = known.points.get(from) as { Delta: Point; S: Point }
      return known.Gamma.multiplyUnsafe(sigma).equals(Delta.multiplyUnsafe(m).add(S.multiplyUnsafe(r)))
    },
  }
}

/** r = Γ.x mod q, and m: the digest as SEC 1 reads it, all 256 bits, leading zeros and all. */
function numbersOf({ Gamma, digest }: PublicPresignature): { readonly r: bigint; readonly m: bigint } {
  return { r: abscissa(Gamma), m: secp256k1.Fn.create(fromBytes(digest)) }
}

/** r = Γ.x mod q ≠ 0. An x from q on would need a third bit to recover by, and is left out as well. */
function abscissa(Gamma: Point): bigint {
  const x = fromBytes(Gamma.toBytes().subarray(1))
  if (x === 0n || x >= secp256k1.order) throw byChance('the nonce has no usable x')
  return x
}

/**
 * s = Σσ_j ≠ 0, in the lower half, with the parity that recovers the key; an ordinary verifier has accepted it.
 * @param Gamma the nonce's point
 * @throws Error for what is no signature
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
    // By the shares' equations, summed, sΓ = m ΣΔ̃_j + r ΣS̃_j = mG + r pk, since presigning has held both sums against δ.
    throw new Error('every share verifies, the signature does not: this is a defect of this program')
  }
  return signature
}

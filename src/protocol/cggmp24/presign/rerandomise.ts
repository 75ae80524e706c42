/**
 * Signing with a presignature that was made before anybody knew the message.
 *
 * Such a presignature may not be used as it is: if Γ is known when a digest or a derivation path is chosen, a
 * signature of one forges another (Groth and Shoup, ePrint 2021/1330). So it is re-randomised by a number ρ that
 * nobody can know at that time: ρ is a hash over the ID of the signing session, which holds a fresh contribution
 * of every signer, committed before it is shown, and shown only after the run's definition is fixed. Groth and
 * Shoup add their shift to the nonce; here the nonce is multiplied, so that the points of presigning stay good
 * and no new proof is needed. Their argument is not repeated here for a product.
 *
 * Presigning ended with Σk̃_j = 1/γ and Σχ̃_j = x/γ, with Γ = γG, Δ̃_j = k̃_j Γ and S̃_j = χ̃_j Γ. With
 *
 *     Γ' = ρΓ    r' = Γ'.x    k̃'_j = k̃_j / ρ    χ̃'_j = (χ̃_j + shift k̃_j) / ρ
 *
 * the shares σ'_j = k̃'_j m + r' χ̃'_j add up to (m + r'(x + shift)) / (ργ), an ECDSA signature by the key x + shift
 * with the nonce ργ, and σ'_j Γ' = m Δ̃_j + r' (S̃_j + shift Δ̃_j).
 */
import { secp256k1_hasher } from '@noble/curves/secp256k1.js'
import { equalBytes } from '../../core/codec.js'
import { Secret } from '../../core/secret.js'
import { digest, type Session } from '../../core/session.js'
import { type Point, secp256k1 } from '../../group/curve.js'
import { byChance } from './checks.js'
import type { Halves, PublicPresignature, Target } from './presignature.js'
import { sum } from './signers.js'

const DST = 'mpc/rerandomise/v1'

/** One use of a presignature. The definition of the session's run must fix it, with the presignature's ID. */
export type Purpose = {
  /** 32 bytes that this machine has computed from the message itself. */
  readonly digest: Uint8Array
  /** The number that a derivation path adds to the private key; 0n without one. */
  readonly shift: bigint
}

/** 32 bytes over the run that made it and all that is public of it: signers who name one ID mean one presignature. */
export function presignatureId({ signers, Gamma, points }: PublicPresignature): Uint8Array {
  const each = signers.parties.map((party) => {
    const { Delta, S } = points.get(party) as { Delta: Point; S: Point }
    return [Delta.toBytes(), S.toBytes()]
  })
  return digest('mpc/presignature/v1', signers.ssid, Gamma.toBytes(), each)
}

/**
 * ρ, and what the shares of the signature are checked against. Every signer computes the same.
 * @param session of the run that signs, which has the presignature's signers and another ID
 * @throws RangeError for a session or a presignature that does not fit
 */
export function rerandomise(
  session: Session,
  known: PublicPresignature,
  { digest: message, shift }: Purpose,
): { readonly rho: bigint; readonly target: Target } {
  const { signers, Gamma, points } = known
  if (signers.digest !== null) throw new RangeError('this presignature was made for one digest')
  if (message.length !== 32) throw new RangeError('a digest has 32 bytes')
  if (equalBytes(signers.sid, session.sid))
    throw new RangeError('a presignature made ahead is used in another run')
  if (session.parties.join() !== signers.parties.join()) {
    throw new RangeError('this presignature is of other signers')
  }
  const publicKey = signers.publicKey.add(secp256k1.G.multiplyUnsafe(shift))
  if (publicKey.is0()) throw byChance('the path leads to no key')
  const bound = session.digest(
    DST,
    presignatureId(known),
    message,
    secp256k1.scalarBytes(shift),
    publicKey.toBytes(),
  )
  const rho = secp256k1_hasher.hashToScalar(bound, { DST })
  if (rho === 0n) throw byChance('ρ is zero')
  const shifted = [...points].map(
    ([party, { Delta, S }]) => [party, { Delta, S: sum([S, Delta.multiplyUnsafe(shift)]) }] as const,
  )
  const target = { digest: message, publicKey, Gamma: Gamma.multiplyUnsafe(rho), points: new Map(shifted) }
  return { rho, target }
}

/** k̃' and χ̃'. Wipes what it is given; the caller must wipe the result. */
export function rerandomiseHalves({ k, chi }: Halves, rho: bigint, { shift }: Purpose): Halves {
  const { Fn } = secp256k1
  const [plainK, plainChi] = [secp256k1.parseScalar(k.reveal()), secp256k1.parseScalar(chi.reveal())]
  k.wipe()
  chi.wipe()
  const byRho = (scalar: bigint) => new Secret(secp256k1.scalarBytes(Fn.div(scalar, rho)))
  return { k: byRho(plainK), chi: byRho(Fn.add(plainChi, Fn.mul(shift, plainK))) }
}

/**
 * The result of presigning: a private part, which yields one share of one signature and is then gone, and a
 * public part, which determines what everybody's share must be.
 */
import { type Point, secp256k1 } from '../../group/curve.js'
import type { Secret } from '../../core/secret.js'
import type { PartyId } from '../../core/session.js'
import { byChance, type Said, sumOfDeltas } from './checks.js'
import type { Signers } from './signers.js'

export type PublicPresignature = {
  readonly signers: Signers
  /** γG. γ is ECDSA's nonce; k exists so that nobody has to invert γ. */
  readonly Gamma: Point
  /** Δ̃_j and S̃_j of every signer: its share σ_j must satisfy σ_j Γ = m Δ̃_j + r S̃_j. */
  readonly points: ReadonlyMap<PartyId, { readonly Delta: Point; readonly S: Point }>
}

/** Γ, and each Δ̃_j = Δ_j/δ and S̃_j = S_j/δ for δ = Σδ_j. @throws Error when δ is zero */
export function publicPresignature(signers: Signers, said: Said): PublicPresignature {
  const delta = sumOfDeltas(said.third)
  if (delta === 0n) throw byChance('kγ is zero')
  const inverse = secp256k1.Fn.inv(delta)
  const points = new Map(
    [...said.third].map(([party, { Delta, S }]) => [
      party,
      { Delta: Delta.multiplyUnsafe(inverse), S: S.multiplyUnsafe(inverse) },
    ]),
  )
  return { signers, Gamma: said.Gamma, points }
}

/** One signature to be made: the share σ_j of each signer must satisfy σ_j Γ = m Δ̃_j + r S̃_j. */
export type Target = Pick<PublicPresignature, 'Gamma' | 'points'> & {
  /** 32 bytes. */
  readonly digest: Uint8Array
  /** The key that the signature is for. */
  readonly publicKey: Point
}

/** k̃ = k/δ and χ̃ = χ/δ, encoded scalars. */
export type Halves = { readonly k: Secret; readonly chi: Secret }

export class Presignature {
  #halves: Halves | null
  readonly public: PublicPresignature

  /** Takes ownership of the halves. */
  constructor(known: PublicPresignature, halves: Halves) {
    this.public = known
    this.#halves = halves
  }

  /** Works once: two answers under one nonce reveal the key. The caller must wipe the halves. */
  consume(): Halves {
    const halves = this.#halves
    if (halves === null) throw new Error('this presignature was used')
    this.#halves = null
    return halves
  }

  [Symbol.dispose](): void {
    this.#halves?.k.wipe()
    this.#halves?.chi.wipe()
    this.#halves = null
  }
}

/**
 * FROST's signing equations on parsed points and scalars (RFC 9591, sections 4 and 5): one signer's part, the
 * part that all compute alike, and the check of a share. The rounds are in `sign.ts`. A signer pays two
 * multiples of the generator and one sum of products; checking a share costs three more multiplications.
 *
 * BIP-340 identifies a point by its x alone and means the one with even y (ZF frost, frost-secp256k1-tr). So
 * the key and its shares are negated if the key has odd y, and the nonces if their sum R has; `Joint` holds
 * both signs.
 */
import { concatBytes } from '@noble/hashes/utils.js'
import type { Point } from '../group/curve.js'
import { Secret } from '../core/secret.js'
import type { PartyId, Rng } from '../core/session.js'
import { lagrange } from '../sharing/polynomial.js'
import type { Suite } from './suites.js'

/** Commitments to a signer's two nonces: D = dG and E = eG. */
export type Commitments = { readonly hiding: Point; readonly binding: Point }

/** d and e, encoded scalars. Each pair serves one signature only. */
export type Nonces = { readonly hiding: Secret; readonly binding: Secret }

/** The values that all signers of one message compute alike. */
export type Joint = {
  readonly suite: Suite
  readonly commitments: ReadonlyMap<PartyId, Commitments>
  /** R, the sum of D_i + rho_i E_i. */
  readonly R: Point
  /** The binding factors rho_i. */
  readonly rho: ReadonlyMap<PartyId, bigint>
  /** The challenge. */
  readonly c: bigint
  /** Whether key and shares are negated, and whether R and the nonces are. */
  readonly negated: { readonly key: boolean; readonly nonces: boolean }
}

/**
 * Section 4.1, nonce_generate, twice: H3(32 random bytes || the share).
 * @param share an encoded scalar
 */
export function drawNonces({ curve, H3 }: Suite, share: Secret, rng: Rng): Nonces {
  const draw = (): Secret => {
    const input = concatBytes(rng(32), share.reveal())
    try {
      return new Secret(curve.scalarBytes(H3(input)))
    } finally {
      input.fill(0)
    }
  }
  return { hiding: draw(), binding: draw() }
}

/** Section 5.1, commit. */
export const commitTo = ({ curve }: Suite, { hiding, binding }: Nonces): Commitments => ({
  hiding: curve.timesG(curve.parseScalar(hiding.reveal())),
  binding: curve.timesG(curve.parseScalar(binding.reveal())),
})

/**
 * Sections 4.3 to 4.6: binding factors, group commitment and challenge.
 * @param group the point that the signature will verify under
 * @param commitments of every signer, in ascending order
 */
export function jointOf(
  suite: Suite,
  group: Point,
  commitments: ReadonlyMap<PartyId, Commitments>,
  message: Uint8Array,
): Joint {
  const { curve, H1, H4, H5, isMeant, challenge } = suite
  const id = (party: PartyId) => curve.scalarBytes(BigInt(party))
  const key = isMeant(group) ? group : group.negate()
  const list = [...commitments].flatMap(([party, { hiding, binding }]) => [
    id(party),
    hiding.toBytes(),
    binding.toBytes(),
  ])
  const prefix = concatBytes(key.toBytes(), H4(message), H5(concatBytes(...list)))
  const rho = new Map([...commitments.keys()].map((party) => [party, H1(concatBytes(prefix, id(party)))]))
  const all = [...commitments.values()]
  const hidings = all.reduce((sum, { hiding }) => sum.add(hiding), curve.O)
  const R = hidings.add(
    curve.sumOfProducts(
      all.map(({ binding }) => binding),
      [...rho.values()],
    ),
  )
  const negated = { key: key !== group, nonces: !isMeant(R) }
  return { suite, commitments, R, rho, c: challenge(R, key, message), negated }
}

/** The factor of a signer's key share: lambda_i c, with the sign of the key. */
function weightOf({ suite: { curve }, commitments, c, negated }: Joint, party: PartyId): bigint {
  const weight = curve.Fn.mul(lagrange(curve, party, [...commitments.keys()]), c)
  return negated.key ? curve.Fn.neg(weight) : weight
}

/**
 * Section 5.2, sign: z_i = d + rho_i e + lambda_i c x_i.
 * @param share x_i, an encoded scalar
 */
export function signShare(joint: Joint, party: PartyId, share: Secret, { hiding, binding }: Nonces): bigint {
  const { curve } = joint.suite
  const { Fn } = curve
  const [d, e, x] = [hiding, binding, share].map((secret) => curve.parseScalar(secret.reveal())) as [
    bigint,
    bigint,
    bigint,
  ]
  const nonce = Fn.add(d, Fn.mul(joint.rho.get(party) as bigint, e))
  return Fn.add(joint.negated.nonces ? Fn.neg(nonce) : nonce, Fn.mul(weightOf(joint, party), x))
}

/** Section 5.4, verify_signature_share: z_i G = D_i + rho_i E_i + lambda_i c X_i. @param X public share */
export function shareHolds(joint: Joint, party: PartyId, X: Point, z: bigint): boolean {
  const { curve } = joint.suite
  const { hiding, binding } = joint.commitments.get(party) as Commitments
  const nonce = hiding.add(binding.multiplyUnsafe(joint.rho.get(party) as bigint))
  const expected = (joint.negated.nonces ? nonce.negate() : nonce).add(
    X.multiplyUnsafe(weightOf(joint, party)),
  )
  return curve.G.multiplyUnsafe(z).equals(expected)
}

/** Section 5.3, aggregate: R and the sum of the shares in the scheme's encoding, 64 bytes; unverified. */
export function aggregate({ suite, R }: Joint, shares: Iterable<bigint>): Uint8Array {
  const { curve, publicBytes } = suite
  const z = [...shares].reduce((sum, share) => curve.Fn.add(sum, share), 0n)
  return concatBytes(publicBytes(R), curve.scalarBytes(z))
}

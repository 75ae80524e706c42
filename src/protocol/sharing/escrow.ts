/**
 * Splits one custodian's share x_i among holders 1 to m, any k of whom restore it: Shamir's sharing over the
 * curve's order with Feldman's commitment. The commitment's constant is the public share X_i, which the key's
 * record already holds, so a holder checks its piece against a value that was public before. The vector alone
 * does not show that its author knew x_i: k - 1 values can be chosen and the rest fitted to X_i. The proof in
 * the manifest shows it.
 */
import { attempt } from '../core/codec.js'
import type { Curve, Point } from '../group/curve.js'
import { hedged } from '../core/hedged.js'
import { Secret } from '../core/secret.js'
import type { PartyId, Rng } from '../core/session.js'
import { evaluate, evaluateCommitment, feldman, lagrange, type Polynomial } from './polynomial.js'

const SCALAR_BYTES = 32

export type EscrowSplit = {
  /** A_0 .. A_(k-1), encoded points; A_0 = X_i. */
  readonly F: readonly Uint8Array[]
  /** f(h) of each holder h, 32 bytes; the caller wipes them. */
  readonly pieces: ReadonlyMap<PartyId, Secret>
}

/** The inputs of a new split. */
export type SplitDraw = {
  /** x_i. */
  readonly share: Secret
  /** Covers the split's purpose and holders: splits for different purposes have nothing in common. */
  readonly purpose: Uint8Array
  readonly rng: Rng
}

/**
 * Draws the coefficients a_1 .. a_(k-1) of a new split, concatenated, 32 bytes each; the custodian keeps
 * them. They are random, because coefficients derived from the share alone would link two splits of it. They
 * are hedged with the share, because two splits with the same coefficients reveal it to a holder of different
 * pieces of both.
 * @param threshold k, 2 or more: if one piece sufficed, each piece would be the share
 */
export function drawCoefficients(curve: Curve, threshold: number, draw: SplitDraw): Secret {
  const { share, purpose } = draw
  using randomness = hedged(draw.rng, 'escrow split', share, curve.name, threshold, purpose)
  const { rng } = randomness
  if (!Number.isSafeInteger(threshold) || threshold < 2) throw new RangeError('a threshold is 2 or more')
  const drawn = new Uint8Array(SCALAR_BYTES * (threshold - 1))
  for (let at = 0; at < drawn.length; at += SCALAR_BYTES) {
    drawn.set(curve.scalarBytes(curve.randomScalar(rng)), at)
  }
  return new Secret(drawn)
}

/**
 * Splits a share by these coefficients. The same coefficients give the same pieces again.
 * @param share x_i, an encoded nonzero scalar
 * @param holders m, at least k
 * @throws RangeError for other numbers, or a zero; CodecError if the share or a coefficient is not a scalar
 */
export function split(curve: Curve, share: Secret, coefficients: Secret, holders: number): EscrowSplit {
  const f: Polynomial = [curve.parseScalar(share.reveal()), ...scalarsIn(curve, coefficients.reveal())]
  if (f.some((a) => a === 0n)) throw new RangeError('a coefficient is zero')
  if (!Number.isSafeInteger(holders) || f.length < 2 || holders < f.length) {
    throw new RangeError(`${f.length} of ${holders} holders cannot restore a share`)
  }
  const indices = Array.from({ length: holders }, (_, i) => i + 1)
  return {
    F: feldman(curve, f).map((A) => A.toBytes()),
    pieces: new Map(indices.map((h) => [h, new Secret(curve.scalarBytes(evaluate(curve, f, h)))])),
  }
}

/** Whether `piece` is holder `index`'s under the vector F: piece * G = sum of index^k * A_k. Never throws. */
export function isPiece(curve: Curve, F: readonly Uint8Array[], index: PartyId, piece: Secret): boolean {
  const parsed = attempt(() => ({
    A: F.map((point): Point => curve.parsePoint(point)),
    value: curve.parseScalar(piece.reveal()),
  }))
  if (parsed === null || !Number.isSafeInteger(index) || index < 1) return false
  return curve.timesG(parsed.value).equals(evaluateCommitment(curve, parsed.A, index))
}

/**
 * Restores the share from k or more pieces, by holder. `isPiece` must accept each.
 * @throws RangeError if there are fewer than k pieces, or one is invalid
 */
export function combine(
  curve: Curve,
  F: readonly Uint8Array[],
  pieces: ReadonlyMap<PartyId, Secret>,
): Secret {
  if (pieces.size < F.length) throw new RangeError(`${F.length} pieces restore the share, not ${pieces.size}`)
  if (![...pieces].every(([h, piece]) => isPiece(curve, F, h, piece)))
    throw new RangeError('not a piece of it')
  const chosen = [...pieces].slice(0, F.length)
  const indices = chosen.map(([h]) => h)
  const { Fn } = curve
  const x = chosen.reduce(
    (sum, [h, piece]) => Fn.add(sum, Fn.mul(lagrange(curve, h, indices), curve.parseScalar(piece.reveal()))),
    0n,
  )
  if (!curve.timesG(x).equals(curve.parsePoint(F[0] as Uint8Array))) {
    throw new Error('every piece verifies, the share does not: this is a defect of this program')
  }
  return new Secret(curve.scalarBytes(x))
}

function scalarsIn(curve: Curve, encoded: Uint8Array): bigint[] {
  if (encoded.length % SCALAR_BYTES !== 0) throw new RangeError('coefficients are 32 bytes each')
  return Array.from({ length: encoded.length / SCALAR_BYTES }, (_, i) =>
    curve.parseScalar(encoded.subarray(i * SCALAR_BYTES, (i + 1) * SCALAR_BYTES)),
  )
}

/**
 * Shamir sharing with Feldman's commitments over either curve, for key generation, reshare and escrow. A
 * secret is f(0); the share of index i is f(i). Indices are integers from 1 below 2^53, so they are never
 * zero and two different ones never equal modulo a curve's order.
 */
import type { Curve, Point } from '../group/curve.js'
import type { PartyId, Rng } from '../core/session.js'

/** Coefficients a_0 .. a_{t-1} of a polynomial of degree t - 1; a_0 is the secret. */
export type Polynomial = readonly bigint[]

/** A random polynomial of degree threshold - 1. @param constant the secret; random if left out */
export function randomPolynomial(
  curve: Curve,
  threshold: number,
  rng: Rng,
  constant: bigint = curve.randomScalar(rng),
): Polynomial {
  if (!Number.isSafeInteger(threshold) || threshold < 1) throw new RangeError('a threshold is 1 or more')
  return [constant, ...Array.from({ length: threshold - 1 }, () => curve.randomScalar(rng))]
}

/** f(index). @throws RangeError for an invalid index, zero above all: f(0) is the secret */
export function evaluate(curve: Curve, f: Polynomial, index: PartyId): bigint {
  const i = indexScalar(index)
  return f.reduceRight((sum, a) => curve.Fn.add(curve.Fn.mul(sum, i), a), 0n)
}

/** Feldman's commitment to f: a_k * G for each k. */
export const feldman = (curve: Curve, f: Polynomial): readonly Point[] => f.map((a) => curve.timesG(a))

/** f(index) * G from the commitment to f. @throws RangeError for an invalid index */
export function evaluateCommitment(curve: Curve, commitment: readonly Point[], index: PartyId): Point {
  const i = indexScalar(index)
  return commitment.reduceRight((sum, A) => sum.multiplyUnsafe(i).add(A), curve.O)
}

/** The commitment to the sum of polynomials of one degree. @throws RangeError if the degrees differ */
export function addCommitments(commitments: readonly (readonly Point[])[]): readonly Point[] {
  return commitments.reduce((sum, next) => {
    if (sum.length !== next.length) throw new RangeError('the polynomials are not of one degree')
    return sum.map((A, k) => A.add(next[k] as Point))
  })
}

/**
 * Lagrange's coefficient of `index` among `indices` at 0: the secret is the sum of coefficient times share.
 * RFC 9591, section 4.2, derive_interpolating_value.
 * @throws RangeError unless `indices` are distinct and hold `index`
 */
export function lagrange(curve: Curve, index: PartyId, indices: readonly PartyId[]): bigint {
  if (new Set(indices).size !== indices.length) throw new RangeError('an index occurs twice')
  if (!indices.includes(index)) throw new RangeError('the index is not among the indices')
  const { Fn } = curve
  const i = indexScalar(index)
  const others = indices.filter((other) => other !== index).map(indexScalar)
  const numerator = others.reduce((product, j) => Fn.mul(product, j), 1n)
  const denominator = others.reduce((product, j) => Fn.mul(product, Fn.sub(j, i)), 1n)
  return Fn.div(numerator, denominator)
}

/**
 * Whether `points` are f(0)*G, f(1)*G, ..., f(n)*G for some f of degree at most threshold - 1. This holds
 * exactly if the sequence's differences of order `threshold` vanish (Newton's forward differences), and takes
 * additions only.
 */
export function onOnePolynomial(points: readonly Point[], threshold: number): boolean {
  let differences = points
  for (let order = 0; order < threshold; order++) {
    differences = differences.slice(1).map((next, k) => next.subtract(differences[k] as Point))
  }
  return differences.every((difference) => difference.is0())
}

function indexScalar(index: PartyId): bigint {
  if (!Number.isSafeInteger(index) || index < 1) throw new RangeError('an index is an integer from 1')
  return BigInt(index)
}

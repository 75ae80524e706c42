/**
 * One custodian's share of a key, together with all public shares. A `KeyShare` exists only after every
 * possible check of it has passed. Nothing here depends on how the key was made.
 */
import { CodecError } from '../core/codec.js'
import type { Point } from '../group/curve.js'
import { curveOf, type Scheme } from '../group/scheme.js'
import type { Secret } from '../core/secret.js'
import type { PartyId, Session } from '../core/session.js'
import { onOnePolynomial } from './polynomial.js'

/** The public part of a key's sharing. */
export type PublicShares = {
  readonly scheme: Scheme
  /** How many custodians must sign: 2 to n. */
  readonly threshold: number
  /** f(0)*G, the secret's public point; for taproot the untweaked internal point with its true parity. */
  readonly groupPoint: Uint8Array
  /** X_i = f(i)*G for each index i from 1 to n. */
  readonly publicShares: ReadonlyMap<PartyId, Uint8Array>
}

/**
 * A key share as read, before any check. `share` is x_i = f(i), 32 bytes in the curve's encoding.
 */
export type UncheckedKeyShare = PublicShares & { readonly index: PartyId; readonly share: Secret }

declare const checked: unique symbol

/** A key share that has passed `parseKeyShare`. */
export type KeyShare = UncheckedKeyShare & { readonly [checked]: true }

/**
 * Checks that the public part is consistent: 2 <= threshold <= n, indices 1..n, every point valid and not the
 * identity, and all on one polynomial of degree exactly threshold - 1 whose constant is the group point.
 * @returns the public shares as points
 * @throws CodecError that names the field
 */
export function checkPublicShares(parts: PublicShares): ReadonlyMap<PartyId, Point> {
  const { threshold, groupPoint, publicShares } = parts
  const curve = curveOf(parts.scheme)
  const n = publicShares.size
  if (!Number.isSafeInteger(threshold) || threshold < 2 || threshold > n) {
    throw new CodecError('threshold', `not an integer from 2 to ${n}`)
  }
  const group = field('groupPoint', () => curve.parsePoint(groupPoint))
  const points = new Map<PartyId, Point>()
  for (let index = 1; index <= n; index++) {
    const encoded = publicShares.get(index)
    if (encoded === undefined) throw new CodecError('publicShares', `the indices are not 1 to ${n}`)
    points.set(
      index,
      field(`publicShares[${index}]`, () => curve.parsePoint(encoded)),
    )
  }
  // The degree must not be lower: fewer custodians than the threshold could then sign.
  const all = [group, ...points.values()]
  if (!onOnePolynomial(all, threshold) || onOnePolynomial(all, threshold - 1)) {
    throw new CodecError(
      'publicShares',
      `not on one polynomial of degree ${threshold - 1} over the group point`,
    )
  }
  return points
}

/**
 * Checks a key share: `checkPublicShares` holds, and the share is a nonzero scalar x_i with x_i*G = X_i. The
 * caller still owns the secret and wipes it.
 * @throws CodecError that names the field, never its content
 */
export function parseKeyShare(parts: UncheckedKeyShare): KeyShare {
  const curve = curveOf(parts.scheme)
  const own = checkPublicShares(parts).get(parts.index)
  if (own === undefined) throw new CodecError('index', 'no member of this key')
  const x = field('share', () => curve.parseScalar(parts.share.reveal()))
  if (x === 0n) throw new CodecError('share', 'zero')
  if (!curve.timesG(x).equals(own)) throw new CodecError('share', 'not the share of its public share')
  return parts as KeyShare
}

/** Requires exactly the threshold of signers, each with a share. @throws RangeError otherwise */
export function requireQuorum(parties: readonly PartyId[], key: PublicShares): void {
  const stranger = parties.find((party) => !key.publicShares.has(party))
  if (stranger !== undefined) throw new RangeError(`party ${stranger} has no share of this key`)
  if (parties.length !== key.threshold) {
    throw new RangeError(`${key.threshold} sign with this key, not ${parties.length}`)
  }
}

/** As `requireQuorum`, and the share must be this party's own. @throws RangeError otherwise */
export function requireOwnQuorum({ self, parties }: Session, share: KeyShare): void {
  requireQuorum(parties, share)
  if (self !== share.index) throw new RangeError("this share is another party's")
}

function field<T>(at: string, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    throw error instanceof CodecError ? new CodecError(at, error.problem) : error
  }
}

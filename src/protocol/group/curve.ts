/**
 * The two prime-order groups that keys live in, behind one type, so that sharing and proofs are written once.
 * Points and scalars are parsed only here, so a `Point` that came from bytes always has prime order. The
 * arithmetic is @noble/curves'. JavaScript's big integers are not constant-time, and the README says so.
 */
import { type CurvePoint, type CurvePointCons, mulAddUnsafe } from '@noble/curves/abstract/curve.js'
import type { IField } from '@noble/curves/abstract/modular.js'
import { mapHashToField } from '@noble/curves/abstract/modular.js'
import { ed25519 as nobleEd25519 } from '@noble/curves/ed25519.js'
import { secp256k1 as nobleSecp256k1 } from '@noble/curves/secp256k1.js'
import { bytes, CodecError, equalBytes, mapped, type Shape } from '../core/codec.js'
import { Memo } from '../core/memo.js'
import type { Rng } from '../core/session.js'

/** The part of a group element's interface that the protocols need; noble's points have it. */
export type Point = {
  add(other: Point): Point
  subtract(other: Point): Point
  negate(): Point
  /** For secret scalars, 1 to order - 1: noble's hardened path. */
  multiply(scalar: bigint): Point
  /** For public points and public scalars, 0 to order - 1: its time depends on both. */
  multiplyUnsafe(scalar: bigint): Point
  equals(other: Point): boolean
  is0(): boolean
  toBytes(): Uint8Array
}

export type Curve = {
  readonly name: 'ed25519' | 'secp256k1'
  readonly order: bigint
  /** Integers modulo the order. */
  readonly Fn: IField<bigint>
  readonly G: Point
  /** The identity. */
  readonly O: Point
  /** Length of an encoded point: 32 on ed25519 (RFC 8032), 33 on secp256k1 (SEC 1, compressed). */
  readonly pointBytes: number
  /** Parses the canonical encoding of a point of prime order. @throws CodecError, also for the identity */
  parsePoint(encoded: Uint8Array): Point
  /** 32 bytes, little endian on ed25519, big endian on secp256k1. @throws CodecError if >= the order */
  parseScalar(encoded: Uint8Array): bigint
  /** The inverse of `parseScalar`. */
  scalarBytes(scalar: bigint): Uint8Array
  /** A nonzero scalar from 48 or more uniform bytes; the bias is below 2^-128. */
  reduce(wide: Uint8Array): bigint
  /** A uniform nonzero scalar. */
  randomScalar(rng: Rng): bigint
  /** scalar * G for a secret scalar, zero included. */
  timesG(scalar: bigint): Point
  /** The sum of scalar * point, for public scalars and points. */
  sumOfProducts(points: readonly Point[], scalars: readonly bigint[]): Point
  /** The shapes of points and scalars in letters and files. */
  readonly point: Shape<Point>
  readonly scalar: Shape<bigint>
}

const SCALAR_BYTES = 32
const WIDE_BYTES = 48

// oxlint-disable-next-line typescript/no-explicit-any -- noble's own bound for its points
function curveOver<P extends CurvePoint<any, P>>(
  name: Curve['name'],
  group: CurvePointCons<P> & { readonly Fn: IField<bigint> },
): Curve {
  const { Fn, BASE: G, ZERO: O } = group
  const pointBytes = G.toBytes().length

  const memo = new Memo<Point>()
  const parsePoint = (encoded: Uint8Array): Point =>
    memo.of(Buffer.from(encoded).toString('hex'), () => lookAt(encoded))
  const lookAt = (encoded: Uint8Array): Point => {
    let point: P
    try {
      point = group.fromBytes(encoded)
    } catch {
      throw new CodecError('', 'not a point of the curve')
    }
    // RFC 9591, section 3.1, DeserializeElement: no identity, no second encoding, nothing outside the
    // subgroup. The subgroup check costs nothing on secp256k1. On ed25519 it is a multiplication by the
    // order, two thirds of an ordinary verification. An exact test at half that cost exists (halving the
    // point three times, Pornin, ePrint 2022/1164), but it needs square roots of our own. Checks of random
    // sums of points are not exact: half of them miss a point of order 2. The signature's equation would
    // check too late, after the shares have left.
    if (point.is0()) throw new CodecError('', 'the identity')
    if (!equalBytes(point.toBytes(), encoded)) throw new CodecError('', 'not the canonical encoding')
    if (!point.isTorsionFree()) throw new CodecError('', 'not in the subgroup of prime order')
    return point
  }
  const parseScalar = (encoded: Uint8Array): bigint => {
    if (encoded.length !== SCALAR_BYTES) throw new CodecError('', `a scalar has ${SCALAR_BYTES} bytes`)
    try {
      return Fn.fromBytes(encoded)
    } catch {
      throw new CodecError('', 'not below the order')
    }
  }
  const scalarBytes = (scalar: bigint): Uint8Array => Fn.toBytes(scalar)
  const reduce = (wide: Uint8Array): bigint => Fn.fromBytes(mapHashToField(wide, Fn.ORDER, Fn.isLE))

  return {
    name,
    order: Fn.ORDER,
    Fn,
    G,
    O,
    pointBytes,
    parsePoint,
    parseScalar,
    scalarBytes,
    reduce,
    randomScalar: (rng) => {
      const wide = rng(WIDE_BYTES)
      try {
        return reduce(wide)
      } finally {
        wide.fill(0)
      }
    },
    timesG: (scalar) => (scalar === 0n ? O : G.multiply(scalar)),
    sumOfProducts: (points, scalars) =>
      // The cast is safe: every `Point` of this curve is a noble point.
      mulAddUnsafe(group, points as unknown as P[], [...scalars]),
    point: mapped(bytes(pointBytes), parsePoint, (point) => point.toBytes()),
    scalar: mapped(bytes(SCALAR_BYTES), parseScalar, scalarBytes),
  }
}

/** The subgroup of prime order of edwards25519. */
export const ed25519: Curve = curveOver('ed25519', nobleEd25519.Point)

export const secp256k1: Curve = curveOver('secp256k1', nobleSecp256k1.Point)

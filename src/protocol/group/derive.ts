/**
 * Derives keys by a path: BIP-32's public derivation on secp256k1. It needs no share, and every custodian
 * computes the same result. Each step adds a public number to the private key, so a path adds one number, the
 * shift; each signer adds it to its share. Hardened steps are impossible: they hash the private key, which
 * exists nowhere for a threshold key.
 *
 * For taproot the derivation starts from the internal point, with its true parity, as in BIP-86; the tweak
 * comes after it.
 */
import { hmac } from '@noble/hashes/hmac.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { attempt, CodecError } from '../core/codec.js'
import { type Point, secp256k1 } from './curve.js'

/** Child numbers, each 0 to 2^31 - 1, from the key downwards; the empty path is the key itself. */
export type Path = readonly number[]

/** The key at the end of a path. */
export type Derived = {
  /** 33 bytes. */
  readonly groupPoint: Uint8Array
  readonly chainCode: Uint8Array
  /** The number that the path adds to the private key, 0 to order - 1. */
  readonly shift: bigint
}

/** More steps than anybody needs; BIP-32 itself allows 255. */
export const MOST_STEPS = 32
/** The first hardened child number. */
const HARDENED = 2 ** 31

/**
 * Parses a path like `m/0/1`. Each path has one spelling; the empty path has none.
 * @throws CodecError that says which step is wrong and why, without quoting it
 */
export function parsePath(text: string): Path {
  const [m, ...steps] = text.split('/')
  if (m !== 'm' || steps.length === 0) throw new CodecError('path', 'not of the form m/0/1')
  if (steps.length > MOST_STEPS) throw new CodecError('path', `more than ${MOST_STEPS} steps`)
  return steps.map((step, i) => {
    const wrong = (problem: string) => new CodecError('path', `step ${i + 1} ${problem}`)
    const [, digits, mark] = /^(0|[1-9][0-9]{0,9})(['hH]?)$/.exec(step) ?? []
    if (digits === undefined) throw wrong('is not a number without leading zeros')
    const child = Number(digits)
    if (mark !== '' || child >= HARDENED) {
      throw wrong('is hardened (from 2147483648 on): that takes the private key, which exists nowhere')
    }
    return child
  })
}

/**
 * Derives the key at the end of a path.
 * @param groupPoint 33 bytes; for taproot the internal point, untweaked, with its true parity
 * @param chainCode 32 bytes
 * @throws CodecError if a step has no key, which happens once in 2^127; RangeError for an invalid path
 */
export function derivePath(groupPoint: Uint8Array, chainCode: Uint8Array, path: Path): Derived {
  if (path.length > MOST_STEPS || !path.every(isChild)) throw new RangeError('not a path of unhardened steps')
  const { Fn } = secp256k1
  let derived: Derived = { groupPoint: secp256k1.parsePoint(groupPoint).toBytes(), chainCode, shift: 0n }
  for (const child of path) {
    // CKDpub: "let I = HMAC-SHA512(Key = cpar, Data = serP(Kpar) || ser32(i))".
    const data = new Uint8Array(37)
    data.set(derived.groupPoint)
    new DataView(data.buffer).setUint32(33, child)
    const I = hmac(sha512, derived.chainCode, data)
    const step = childOf(secp256k1.parsePoint(derived.groupPoint), I)
    if (step === null) {
      throw new CodecError('path', `there is no key at child number ${child}: use the next number`)
    }
    derived = { ...step, shift: Fn.add(derived.shift, step.shift) }
  }
  return derived
}

/**
 * One step of CKDpub, from the parent K and the 64 bytes I; `shift` is the step's own.
 * @returns null if there is no child: "In case parse256(IL) >= n or Ki is the point at infinity, the
 *   resulting key is invalid, and one should proceed with the next value for i." This is too rare to meet by
 *   chance; the tests construct it.
 */
export function childOf(K: Point, I: Uint8Array): Derived | null {
  // "Split I into two 32-byte sequences, IL and IR." "Ki is point(parse256(IL)) + Kpar. The returned chain
  // code ci is IR."
  const shift = attempt(() => secp256k1.parseScalar(I.subarray(0, 32)))
  if (shift === null) return null
  const child = K.add(secp256k1.G.multiplyUnsafe(shift))
  return child.is0() ? null : { groupPoint: child.toBytes(), chainCode: I.slice(32), shift }
}

const isChild = (child: number): boolean => Number.isSafeInteger(child) && child >= 0 && child < HARDENED

/**
 * The security levels of the ECDSA engine: the sizes of moduli and the ranges of proofs. The protocol is
 * Canetti, Gennaro, Goldfeder, Makriyannis and Peled, "UC Non-Interactive, Proactive, Threshold ECDSA with
 * Identifiable Aborts" (ePrint 2021/060, as revised in October 2024), called CGGMP24 everywhere here. "±X" is
 * always a uniform integer in [-X/2, X/2], CGGMP24's half-range convention; ℓ, ℓ' and ε are exponents of two.
 * Keys are made at one level only.
 */
import { mapped, oneOf, type Shape } from '../../core/codec.js'
import { secp256k1 } from '../../group/curve.js'

export type Level = {
  readonly name: 'cggmp24-3072' | 'TEST_ONLY-2048'
  /** Bits of a safe prime p, q, p̂ or q̂. */
  readonly primeBits: number
  /** Bits of N and N̂, or one less. */
  readonly modulusBits: number
  /** ℓ: secrets are in ±2^ℓ. */
  readonly ell: 256
  /** ℓ': the masks that hide them in multiplications are in ±2^ℓ'. */
  readonly ellPrime: 1280
  /** ε: the slack of the proofs' answers, in bits. */
  readonly epsilon: 512
  /** m: the repetitions of a proof with binary challenges. */
  readonly repetitions: 128
  /** Bytes of a commitment's blinding, and of a contribution to a joint random string. */
  readonly kappaBytes: 48
}

const ranges = { ell: 256, ellPrime: 1280, epsilon: 512, repetitions: 128, kappaBytes: 48 } as const

/** 128 bits of security. */
export const PRODUCTION: Level = asserted({
  name: 'cggmp24-3072',
  primeBits: 1536,
  modulusBits: 3072,
  ...ranges,
})

/** Fast enough for tests and too small for anything else. The size of a key's moduli reveals this level. */
export const TEST_ONLY: Level = asserted({
  name: 'TEST_ONLY-2048',
  primeBits: 1024,
  modulusBits: 2048,
  ...ranges,
})

/** @throws RangeError for an unknown name */
export function levelNamed(name: string): Level {
  const level = [PRODUCTION, TEST_ONLY].find((known) => known.name === name)
  if (level === undefined) throw new RangeError('no such security level')
  return level
}

/** A level by its name. */
export const levelShape: Shape<Level> = mapped(
  oneOf([PRODUCTION.name, TEST_ONLY.name]),
  levelNamed,
  ({ name }) => name,
)

/** Returns the level if its numbers fit one another. @throws RangeError otherwise */
function asserted(level: Level): Level {
  const { primeBits, modulusBits, ell, ellPrime, epsilon } = level
  const statistical = 128
  const parties = 20
  const holds =
    modulusBits === 2 * primeBits &&
    secp256k1.order < 2n ** BigInt(ell) &&
    // An answer hides the secret under it statistically.
    epsilon >= ell + statistical &&
    // In α = γk - β the mask β hides γk, for every value in range that a cheater may have used as a factor.
    ellPrime >= 3 * ell + epsilon &&
    // The sum over 2^20 parties of the largest accepted values does not wrap around the smallest N.
    modulusBits - 1 >= ellPrime + epsilon + 1 + parties &&
    // A modulus that Πfac accepts has no factor below √N / 2^(ℓ+ε), so none small enough to find a secret of
    // ℓ bits modulo it.
    primeBits - (ell + epsilon) >= ell
  if (!holds) throw new RangeError(`the numbers of level ${level.name} do not fit one another`)
  return level
}

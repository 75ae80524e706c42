/**
 * The security levels of the ECDSA engine: sizes of moduli and the ranges that proofs speak about, for the protocol
 * of Canetti, Gennaro, Goldfeder, Makriyannis and Peled, "UC Non-Interactive, Proactive, Threshold ECDSA with Identifiable
 * Aborts" (ePrint 2021/060, as revised in October 2024), which everything here calls CGGMP24. "±X" is everywhere a uniform integer in [-X/2, X/2], the half-range convention of CGGMP24; ℓ, ℓ' and ε
 * are exponents of two. There is one level to make keys with.
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
  /** ℓ': what hides them in multiplications is in ±2^ℓ'. */
  readonly ellPrime: 1280
  /** ε: how much wider proofs answer. */
  readonly epsilon: 512
  /** m: how often a proof with binary challenges is repeated. */
  readonly repetitions: 128
  /** Bytes of what makes a commitment hiding, or a common string random. */
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

/**
 * Fast enough for tests and too small for anything else; a key made at it is told by the size of its moduli.
 */
export const TEST_ONLY: Level = asserted({
  name: 'TEST_ONLY-2048',
  primeBits: 1024,
  modulusBits: 2048,
  ...ranges,
})

/** @throws RangeError for a name of no level */
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

/** The level, if its numbers fit one another: each line says what would fail without it. */
function asserted(level: Level): Level {
  const { primeBits, modulusBits, ell, ellPrime, epsilon } = level
  const statistical = 128
  const parties = 20
  const holds =
    modulusBits === 2 * primeBits &&
    secp256k1.order < 2n ** BigInt(ell) &&
    // What an answer shows of the secret under it.
    epsilon >= ell + statistical &&
    // What α = γk - β shows of γk, for every answer in range that a cheater may have multiplied with.
    ellPrime >= 3 * ell + epsilon &&
    // The sum over 2^20 parties of what a proof lets pass does not wrap around the smallest N.
    modulusBits - 1 >= ellPrime + epsilon + 1 + parties &&
    // A modulus that Πfac accepts has no factor below √N / 2^(ℓ+ε): none that a secret of ℓ bits can be found
    // modulo.
    primeBits - (ell + epsilon) >= ell
  if (!holds) throw new RangeError(`the numbers of level ${level.name} do not fit one another`)
  return level
}

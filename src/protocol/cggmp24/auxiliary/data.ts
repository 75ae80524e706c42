/**
 * The data that the engine needs beside the shares of a key, and their storage: every party's moduli in the
 * key's record, this party's primes in the share file. Proofs are not stored; the ceremony's transcript shows
 * that they held. Every read checks what can be checked without them.
 */
import { bytes, type Codec, codec, CodecError, list, mapped, record, type Shape } from '../../core/codec.js'
import { Secret } from '../../core/secret.js'
import type { PartyId } from '../../core/session.js'
import { bitLength, fromBytes, gcd, natural, toBytes } from '../integers/integers.js'
import { type Level, levelShape, PRODUCTION } from '../integers/level.js'
import { powersModulo } from '../integers/modexp.js'
import { pedersen } from '../integers/pedersen.js'
import { checkModulus } from '../integers/ring.js'

/** One party's Paillier modulus, and its ring-Pedersen parameters. */
export type AuxPublic = {
  readonly N: bigint
  readonly Nhat: bigint
  readonly s: bigint
  readonly t: bigint
}

/** Safe primes: N = p q, N̂ = p̂ q̂. */
export type AuxPrimes = {
  readonly p: bigint
  readonly q: bigint
  readonly pHat: bigint
  readonly qHat: bigint
}

/** The primes in storage: each `primeBits` / 8 bytes, big endian. */
export type AuxSecret = { readonly [prime in keyof AuxPrimes]: Secret }

/** The data of all parties, 1 to n. */
export type AuxData = { readonly level: Level; readonly parties: ReadonlyMap<PartyId, AuxPublic> }

const PRIMES = ['p', 'q', 'pHat', 'qHat'] as const

export const auxPublicShape = ({ modulusBits }: Level): Shape<AuxPublic> => {
  const element = natural(modulusBits)
  return record({ N: element, Nhat: element, s: element, t: element })
}

/** The auxiliary part of a key's record. Decoding it runs `checkAuxPublic`. */
export const auxDataCodec: Codec<AuxData> = codec(
  mapped(
    record({ level: levelShape, parties: list(auxPublicShape(PRODUCTION), 2, 64) }),
    ({ level, parties }): AuxData => {
      const data = { level, parties: new Map(parties.map((aux, i) => [i + 1, aux])) }
      checkAuxPublic(data)
      return data
    },
    ({ level, parties }) => ({
      level,
      parties: Array.from({ length: parties.size }, (_, i) => parties.get(i + 1) as AuxPublic),
    }),
  ),
  1 << 18,
)

/**
 * Requires safe primes of the level, all different, with p and q (p̂ and q̂) not close to each other. This
 * machine made them, not an adversary, so Fermat's test to one base is enough.
 * @throws RangeError
 */
export function requirePrimes(level: Level, primes: AuxPrimes): void {
  const { p, q, pHat, qHat } = primes
  const all = [p, q, pHat, qHat]
  const isPrime = (x: bigint) => powersModulo(x, true)(2n, x - 1n) === 1n
  // FIPS 186-5, A.1.3: they differ by more than 2^(bits - 100), or a search from √N would find them.
  const apart = (a: bigint, b: bigint) => bitLength(a - b) > level.primeBits - 100
  if (all.some((x) => x < 0n || bitLength(x) !== level.primeBits)) {
    throw new RangeError(`a prime of this level has ${level.primeBits} bits`)
  }
  if (new Set(all).size !== all.length) throw new RangeError('the four primes are different')
  if (!apart(p, q) || !apart(pHat, qHat)) throw new RangeError('the factors of a modulus are too close')
  if (!all.every((x) => isPrime(x) && isPrime(x >> 1n))) throw new RangeError('not a safe prime')
}

/** The primes in a share file. The reader must check them with `checkAuxSecret`, and wipe them. */
export const auxSecretShape = ({ primeBits }: Level): Shape<AuxSecret> => {
  const prime = mapped(
    bytes(primeBits / 8),
    (encoded) => new Secret(encoded.slice()),
    (secret) => secret.reveal(),
  )
  return record({ p: prime, q: prime, pHat: prime, qHat: prime })
}

export function sealAuxPrimes(primes: AuxPrimes): AuxSecret {
  const { p, q, pHat, qHat } = primes
  const sealed = (prime: bigint) => new Secret(toBytes(prime))
  return { p: sealed(p), q: sealed(q), pHat: sealed(pHat), qHat: sealed(qHat) }
}

export function wipeAuxSecret(secret: AuxSecret): void {
  for (const prime of PRIMES) secret[prime].wipe()
}

/** Checks one party's data as far as possible without proofs. @throws CodecError that names the part */
export function checkAuxParty(level: Level, { N, Nhat, s, t }: AuxPublic): void {
  checkModulus(N, level, 'N')
  pedersen(Nhat, s, t, level)
  if (gcd(N, Nhat) !== 1n) throw new CodecError('Nhat', 'has a factor in common with N')
}

/** Whether no modulus of `a` shares a factor with a modulus of `b`. */
export const areCoprime = (a: AuxPublic, b: AuxPublic): boolean => gcd(a.N * a.Nhat, b.N * b.Nhat) === 1n

/** Checks every party's data, alone and pairwise. @throws CodecError that names the party and the part */
export function checkAuxPublic({ level, parties }: AuxData): void {
  const all = [...parties]
  for (const [i, [party, aux]] of all.entries()) {
    try {
      checkAuxParty(level, aux)
    } catch (error) {
      throw error instanceof CodecError ? new CodecError(`${party}.${error.at}`, error.problem) : error
    }
    const twin = all.slice(0, i).find(([, other]) => !areCoprime(aux, other))
    if (twin) throw new CodecError(`${party}`, `has a factor in common with party ${twin[0]}`)
  }
}

/**
 * Checks that these are the primes of this party's data: sizes, N = p q and N̂ = p̂ q̂. Primality needs no
 * second test: `requirePrimes` tested all four, and a proof showed that N has exactly two prime factors.
 * @throws CodecError that names the part, never its content
 */
export function checkAuxSecret(level: Level, own: AuxPublic, secret: AuxSecret): void {
  const [p, q, pHat, qHat] = PRIMES.map((name) => {
    const prime = fromBytes(secret[name].reveal())
    if (bitLength(prime) !== level.primeBits) throw new CodecError(name, `not of ${level.primeBits} bits`)
    if ((prime & 3n) !== 3n) throw new CodecError(name, 'not 3 modulo 4')
    return prime
  }) as [bigint, bigint, bigint, bigint]
  if (p * q !== own.N) throw new CodecError('p', 'not the factors of N')
  if (pHat * qHat !== own.Nhat) throw new CodecError('pHat', 'not the factors of N̂')
}

/** The input to the generation of auxiliary data. */
export type AuxiliaryInput = {
  readonly level: Level
  /** 32 bytes: names what the data belong to; for a new key the definition's id. */
  readonly epoch: Uint8Array
}

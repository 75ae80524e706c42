/**
 * Integers modulo N, for who knows its factors and for who does not: the first take powers modulo each factor
 * and join them (Chinese remainders), which is three to four times as fast. Also what is demanded of every
 * modulus and every element that a letter brings.
 */
import { CodecError } from '../../core/codec.js'
import { abs, bitLength, gcd, hasSmallFactor, invert, isPerfectPower, isqrt, mod } from './integers.js'
import type { Level } from './level.js'
import { modPow, type Powers, powersModulo } from './modexp.js'

export type Ring = {
  readonly modulus: bigint
  /** base^exponent mod modulus. @throws RangeError for a negative exponent of what has no inverse */
  pow(base: bigint, exponent: bigint): bigint
}

export const ring = (modulus: bigint): Ring => ({
  modulus,
  pow: (base, exponent) => modPow(base, exponent, modulus),
})

/** The ring modulo p q for who knows both: two different primes, or the squares of two. */
export function crtRing(p: bigint, q: bigint): Ring {
  const modulus = p * q
  const [P, Q] = [factor(p), factor(q)]
  const qInverse = invert(q, p)
  return {
    modulus,
    pow: (base, exponent) => {
      // Only units have an order to reduce exponents by. An honest base is one.
      if (base % P.prime === 0n || base % Q.prime === 0n) return modPow(base, exponent, modulus)
      const [x, y] = [P.pow(base, exponent), Q.pow(base, exponent)]
      return y + q * mod((x - y) * qInverse, p)
    },
  }
}

/** Powers of units modulo p or p². What is made for them is gone with the ring. */
function factor(modulus: bigint): { readonly prime: bigint; readonly pow: Powers } {
  const root = isqrt(modulus)
  // Short exponents stay short when they are negative: to invert is cheaper than to be long.
  const reduced = (exponent: bigint, order: bigint) =>
    abs(exponent) < order ? exponent : mod(exponent, order)
  if (root * root !== modulus) {
    const power = powersModulo(modulus, true)
    return { prime: modulus, pow: (base, exponent) => power(base, reduced(exponent, modulus - 1n)) }
  }
  const [power, square] = [powersModulo(root, true), powersModulo(modulus)]
  const pow: Powers = (base, exponent) => {
    // r^(pk) mod p² depends on r mod p alone: r^N mod p² = ((r mod p)^(q mod (p-1)) mod p)^p mod p².
    if (exponent % root !== 0n) return square(base, reduced(exponent, root * (root - 1n)))
    return square(power(base, reduced(exponent / root, root - 1n)), root)
  }
  return { prime: root, pow }
}

/** Whether each is above 0, below the modulus and invertible. One common divisor answers for all. */
export function areUnits(values: readonly bigint[], modulus: bigint): boolean {
  if (values.some((value) => value <= 0n || value >= modulus)) return false
  return (
    gcd(
      values.reduce((product, value) => (product * value) % modulus, 1n),
      modulus,
    ) === 1n
  )
}

/**
 * What everybody can see of a modulus: odd, of the level's size, no perfect power, without prime factors
 * below 2^16. That it has two factors, both large, is for Πmod and Πfac to show.
 * @throws CodecError that names `at`
 */
export function checkModulus(modulus: bigint, level: Level, at: string): void {
  const bits = bitLength(modulus)
  if (modulus < 0n || bits < level.modulusBits - 1 || bits > level.modulusBits) {
    throw new CodecError(at, `a modulus has ${level.modulusBits - 1} or ${level.modulusBits} bits`)
  }
  if ((modulus & 1n) === 0n) throw new CodecError(at, 'even')
  if (hasSmallFactor(modulus)) throw new CodecError(at, 'has a prime factor below 2^16')
  if (isPerfectPower(modulus, 16)) throw new CodecError(at, 'a perfect power')
}

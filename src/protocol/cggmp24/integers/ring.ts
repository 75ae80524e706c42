/**
 * Integers modulo N, with or without its factors. With them, powers are taken modulo each factor and joined
 * (Chinese remainders), which is three to four times as fast. Also the checks of every modulus and element
 * that a letter brings.
 */
import { CodecError } from '../../core/codec.js'
import { abs, bitLength, gcd, hasSmallFactor, invert, isPerfectPower, isqrt, mod } from './integers.js'
import type { Level } from './level.js'
import { modPow, type Powers, powersModulo } from './modexp.js'

export type Ring = {
  readonly modulus: bigint
  /** base^exponent mod modulus. @throws RangeError for a negative exponent if the base has no inverse */
  pow(base: bigint, exponent: bigint): bigint
}

export const ring = (modulus: bigint): Ring => ({
  modulus,
  pow: (base, exponent) => modPow(base, exponent, modulus),
})

/** The ring modulo p q with known factors: two different primes, or the squares of two. */
export function crtRing(p: bigint, q: bigint): Ring {
  const modulus = p * q
  const [P, Q] = [factor(p), factor(q)]
  const qInverse = invert(q, p)
  return {
    modulus,
    pow: (base, exponent) => {
      // Exponents may be reduced by the order only for units. An honest base is a unit.
      if (base % P.prime === 0n || base % Q.prime === 0n) return modPow(base, exponent, modulus)
      const [x, y] = [P.pow(base, exponent), Q.pow(base, exponent)]
      return y + q * mod((x - y) * qInverse, p)
    },
  }
}

/** Powers of units modulo p or p². Their OpenSSL objects live only as long as the ring. */
function factor(modulus: bigint): { readonly prime: bigint; readonly pow: Powers } {
  const root = isqrt(modulus)
  // Short negative exponents stay negative: an inversion is cheaper than a long exponent.
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

/** Whether each value is in (0, modulus) and invertible. One gcd, of the product, checks all. */
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
 * Checks a modulus as far as possible without its factors: odd, of the level's size, not a perfect power, and
 * no prime factor below 2^16. Πmod and Πfac prove that it has two factors, both large.
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

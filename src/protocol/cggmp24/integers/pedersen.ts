/**
 * Ring-Pedersen parameters and commitments: com(a, b) = s^a t^b mod N̂. Proofs to the owner of the parameters
 * are made in their ring, where only the owner knows the group's order. Commitments hide because s is a power
 * of t, which Πprm proves.
 */
import { CodecError } from '../../core/codec.js'
import type { Rng } from '../../core/session.js'
import { bytesBelow, uniformBelow, unit } from './integers.js'
import type { Level } from './level.js'
import { areUnits, checkModulus, crtRing, type Ring, ring } from './ring.js'

/** `ring.modulus` is N̂. */
export type Pedersen = { readonly ring: Ring; readonly s: bigint; readonly t: bigint }

/**
 * The parameters (N̂, s, t) after the checks that need no secret; Πprm is checked separately.
 * @throws CodecError that names the parameter
 */
export function pedersen(Nhat: bigint, s: bigint, t: bigint, level: Level): Pedersen {
  checkModulus(Nhat, level, 'Nhat')
  for (const [at, base] of Object.entries({ s, t })) {
    if (!areUnits([base], Nhat)) throw new CodecError(at, 'not a unit modulo N̂')
    if (base === 1n || base === Nhat - 1n) throw new CodecError(at, 'of order 1 or 2')
  }
  if (s === t) throw new CodecError('s', 'the same as t')
  return { ring: ring(Nhat), s, t }
}

/** The same for the owner, who knows N̂ = p q and checked the parameters when they were made. */
export const ownPedersen = (p: bigint, q: bigint, s: bigint, t: bigint): Pedersen => ({
  ring: crtRing(p, q),
  s,
  t,
})

/** s^a t^b mod N̂. */
export function commit({ ring, s, t }: Pedersen, a: bigint, b: bigint): bigint {
  return (ring.pow(s, a) * ring.pow(t, b)) % ring.modulus
}

/** The owner's side: s = t^λ, and φ = φ(N̂). */
export type PedersenSecret = { readonly public: Pedersen; readonly lambda: bigint; readonly phi: bigint }

/** The number of random bytes that `makePedersen` reads. */
export const pedersenTape = (level: Level): number => 2 * bytesBelow(2n ** BigInt(level.modulusBits) - 1n)

/** New parameters over N̂ = p q for safe primes p and q: r ← Z*_N̂, t = r², λ ← [0, φ/4), s = t^λ. */
export function makePedersen(p: bigint, q: bigint, rng: Rng): PedersenSecret {
  const Nhat = p * q
  const phi = (p - 1n) * (q - 1n)
  const t = unit(Nhat, rng) ** 2n % Nhat
  const lambda = uniformBelow(phi / 4n, rng)
  const own = ownPedersen(p, q, 1n, t)
  return { public: { ...own, s: own.ring.pow(t, lambda) }, lambda, phi }
}

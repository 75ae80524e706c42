/**
 * Πprm (CGGMP24): s is a power of t modulo N̂. Commitments s^x t^μ hide the secrets of other parties only if
 * this holds. The verifier does not know the group's order, so each of the m challenges is one bit.
 *
 * The proof has the compact form (e, z) instead of (A, z): the verifier recomputes A_k = t^z_k s^-e_k and
 * requires that e is the hash of all A_k. This binds as much as sending A. The long form accepts (A, z)
 * exactly if t^z_k = A_k s^e_k for the bits e hashed from A. Because s is a unit, this has exactly one
 * solution A_k for given e_k and z_k. So the long form accepts (A, z) exactly if this form accepts (H(A), z):
 * each rewrites the other. A forger who picks e first must still find a z whose A hashes to this e, bit for
 * bit.
 */
import { list, record, type Shape, uint } from '../../core/codec.js'
import type { Rng } from '../../core/session.js'
import { invert, natural, uniformBelow } from '../integers/integers.js'
import type { Level } from '../integers/level.js'
import type { Pedersen, PedersenSecret } from '../integers/pedersen.js'
import { areUnits } from '../integers/ring.js'
import { hashed, sampleBytes } from './common.js'
import { challengeBits, type ProofContext } from './context.js'

export type PrmProof = { readonly e: readonly number[]; readonly z: readonly bigint[] }

export const prmShape = ({ modulusBits, repetitions }: Level): Shape<PrmProof> =>
  record({ e: list(uint(1), repetitions), z: list(natural(modulusBits), repetitions) })

/** How many random bytes the prover reads. */
export const prmTape = (level: Level): number => level.repetitions * sampleBytes(level).unit

/** Makes the proof; only the owner of the parameters can. @param rng gives `prmTape` bytes */
export function provePrm(ctx: ProofContext, secret: PedersenSecret, rng: Rng): PrmProof {
  const { public: rp, lambda, phi } = secret
  // a_k ← [0, φ), A_k = t^a_k
  const a = Array.from({ length: ctx.level.repetitions }, () => uniformBelow(phi, rng))
  const A = a.map((a_k) => rp.ring.pow(rp.t, a_k))
  const e = challenge(ctx, rp, A)
  // z_k = a_k + e_k λ mod φ
  return { e, z: a.map((a_k, k) => (a_k + BigInt(e[k] as number) * lambda) % phi) }
}

/** Whether the proof holds; a bad proof of the right shape returns false and never throws. */
export function verifyPrm(ctx: ProofContext, rp: Pedersen, { e, z }: PrmProof): boolean {
  const { s, t, ring } = rp
  const { repetitions } = ctx.level
  const preamble = [
    e.length === repetitions,
    z.length === repetitions,
    // If s and t are units, so is every A_k.
    areUnits([s, t], ring.modulus),
    z.every((z_k) => 0n <= z_k && z_k < ring.modulus),
  ]
  if (preamble.includes(false)) return false
  // A_k = t^z_k s^-e_k
  const inverse = invert(s, ring.modulus)
  const A = z.map((z_k, k) => (ring.pow(t, z_k) * (e[k] === 1 ? inverse : 1n)) % ring.modulus)
  const bits = challenge(ctx, rp, A)
  return bits.every((bit, k) => bit === e[k])
}

/** All m bits, from one hash of all A_k. */
function challenge(ctx: ProofContext, { ring, s, t }: Pedersen, A: readonly bigint[]): readonly (0 | 1)[] {
  return challengeBits(ctx, 'prm', ctx.level.repetitions, hashed(ring.modulus, s, t), hashed(...A))
}

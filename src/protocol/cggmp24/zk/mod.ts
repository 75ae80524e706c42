/**
 * Πmod (CGGMP24): N is the product of two different primes, both 3 modulo 4, and shares no factor with φ(N).
 * It convinces everybody, so it is made once and broadcast. Πfac shows that neither prime is small.
 */
import { attempt, flag, list, record, type Shape } from '../../core/codec.js'
import type { Rng } from '../../core/session.js'
import { jacobi, natural, unit } from '../integers/integers.js'
import type { Level } from '../integers/level.js'
import { paillier, type PaillierSecret } from '../integers/paillier.js'
import { areUnits } from '../integers/ring.js'
import { hashed, sampleBytes } from './common.js'
import { challengeBelow, type ProofContext } from './context.js'

export type ModStatement = { readonly N: bigint }

export type ModProof = {
  readonly w: bigint
  /** For each y_k: its N-th root z, and a fourth root x of (-1)^a w^b y_k. */
  readonly roots: readonly {
    readonly x: bigint
    readonly a: boolean
    readonly b: boolean
    readonly z: bigint
  }[]
}

export const modShape = ({ modulusBits, repetitions }: Level): Shape<ModProof> => {
  const element = natural(modulusBits)
  return record({
    w: element,
    roots: list(record({ x: element, a: flag, b: flag, z: element }), repetitions),
  })
}

/** How many random bytes the prover reads. */
export const modTape = (level: Level): number => sampleBytes(level).unit

/** Makes the proof; only the owner of N can. @param rng gives `modTape` bytes */
export function proveMod(ctx: ProofContext, secret: PaillierSecret, rng: Rng): ModProof {
  const { N } = secret.key
  // w: random with Jacobi symbol -1. Half of all units have it; a small nonresidue moves the other half
  // there.
  const random = unit(N, rng)
  const w = jacobi(random, N) === -1 ? random : (random * leastNonresidue(N)) % N
  const roots = Array.from({ length: ctx.level.repetitions }, (_, k) => {
    const y = challenge(ctx, N, w, k)
    // z_k = y_k^(1/N mod φ). a_k and b_k make (-1)^a w^b y a square; x_k is a fourth root of it.
    const choice = CHOICES.find(({ a, b }) => secret.isSquare(turned(N, w, y, a, b)))
    if (choice === undefined) throw new RangeError('N is not what Πmod shows it to be')
    const { a, b } = choice
    return { x: secret.fourthRoot(turned(N, w, y, a, b)), a, b, z: secret.nthRoot(y) }
  })
  return { w, roots }
}

/** Whether the proof holds; a bad proof of the right shape returns false and never throws. */
export function verifyMod(ctx: ProofContext, { N }: ModStatement, { w, roots }: ModProof): boolean {
  const { level } = ctx
  const n = attempt(() => paillier(N, level))?.n
  if (n === undefined) return false
  const ys = Array.from({ length: level.repetitions }, (_, k) => challenge(ctx, N, w, k))
  const preamble = [
    roots.length === level.repetitions,
    // Fermat's test to base 2 refuses every prime N. The few composites that it refuses too are no loss.
    n.pow(2n, N - 1n) !== 1n,
    // If w shares a factor with N, a product of many primes passes (CVE-2025-66016).
    areUnits([w, ...ys, ...roots.flatMap(({ x, z }) => [x, z])], N),
  ]
  if (preamble.includes(false) || jacobi(w, N) !== -1) return false
  const equations = roots.flatMap(({ x, a, b, z }, k) => {
    const y = ys[k] as bigint
    const xx = (x * x) % N
    // z^N = y, x⁴ = (-1)^a w^b y, modulo N
    return [n.pow(z, N) === y, (xx * xx) % N === turned(N, w, y, a, b)]
  })
  return !equations.includes(false)
}

const CHOICES = [false, true].flatMap((a) => [false, true].map((b) => ({ a, b })))

/** (-1)^a w^b y mod N. */
function turned(N: bigint, w: bigint, y: bigint, a: boolean, b: boolean): bigint {
  const v = b ? (w * y) % N : y
  return a ? N - v : v
}

function leastNonresidue(N: bigint): bigint {
  let c = 2n
  while (jacobi(c, N) !== -1) c++
  return c
}

/** y_k, from N, w and k: a different one for every repetition. */
const challenge = (ctx: ProofContext, N: bigint, w: bigint, k: number): bigint =>
  challengeBelow(ctx, 'mod', N, [...hashed(N, w), k])

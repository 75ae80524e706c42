/** Moduli that are not what they should be, and the best proofs that who made them can give. */
import { checkPrimeSync } from 'node:crypto'
import { invert, jacobi, mod, toBytes } from '../../../../src/protocol/cggmp24/integers/integers.js'
import { type Level, TEST_ONLY } from '../../../../src/protocol/cggmp24/integers/level.js'
import { modPow } from '../../../../src/protocol/cggmp24/integers/modexp.js'
import { challengeBelow, type ProofContext } from '../../../../src/protocol/cggmp24/zk/context.js'
import type { ModProof } from '../../../../src/protocol/cggmp24/zk/mod.js'

export const context = (level: Level = TEST_ONLY, verifier: number | null = null): ProofContext => ({
  level,
  ssid: new Uint8Array(32).fill(1),
  epoch: new Uint8Array(32).fill(2),
  prover: 1,
  verifier,
  role: 'aux',
})

/** Contexts that differ from this one in one thing. */
export const otherContexts = (ctx: ProofContext): readonly (readonly [string, ProofContext])[] => [
  ['another level', { ...ctx, level: { ...ctx.level, name: 'cggmp24-3072' } }],
  ['another session', { ...ctx, ssid: new Uint8Array(32).fill(3) }],
  ['another epoch', { ...ctx, epoch: new Uint8Array(32).fill(3) }],
  ['session and epoch exchanged', { ...ctx, ssid: ctx.epoch, epoch: ctx.ssid }],
  ['another prover', { ...ctx, prover: 2 }],
  ['another verifier', { ...ctx, verifier: 3 }],
  ['another role', { ...ctx, role: 'x' }],
]

/**
 * The first prime of so many bits that is 3 modulo 4, its two highest bits set, so that a product of two has
 * all its bits. @param from where one is known to be, counted from the first number of this size
 */
export const primeOf = (bits: number, from = 0n): bigint => nextPrime(3n * 2n ** BigInt(bits - 2) + from, 3n)

/** The next prime that is `remainder` modulo 4, from x on. */
export function nextPrime(x: bigint, remainder: 1n | 3n): bigint {
  let candidate = x + mod(remainder - x, 4n)
  while (!checkPrimeSync(candidate)) candidate += 4n
  return candidate
}

/** The x below the product with these remainders. */
export function fromRemainders(remainders: readonly (readonly [x: bigint, modulo: bigint])[]): bigint {
  return remainders.reduce(([x, m], [y, n]) => [x + m * mod((y - x) * invert(m, n), n), m * n] as const, [
    0n,
    1n,
  ] as const)[0]
}

/**
 * The proof Πmod by who knows the factors of N, whatever N is: honest where there is an honest answer, and
 * elsewhere as near as can be. @param factors primes that are 3 modulo 4
 */
export function forgeMod(ctx: ProofContext, factors: readonly bigint[], w: bigint): ModProof {
  const N = factors.reduce((product, factor) => product * factor, 1n)
  const phi = factors.reduce((product, factor) => product * (factor - 1n), 1n)
  const power = (x: bigint, exponent: bigint) =>
    fromRemainders(factors.map((p) => [modPow(mod(x, p), mod(exponent, p - 1n), p), p] as const))
  const isSquare = (v: bigint) => factors.every((p) => jacobi(v, p) !== -1)
  let root: bigint
  try {
    root = invert(N, phi)
  } catch {
    root = 1n
  }
  const roots = Array.from({ length: ctx.level.repetitions }, (_, k) => {
    const y = challengeBelow(ctx, 'mod', N, [toBytes(N), toBytes(w), k])
    const choices = [false, true].flatMap((b) =>
      [false, true].map((a) => ({ a, b, v: mod((b ? w * y : y) * (a ? -1n : 1n), N) })),
    )
    const { a, b, v } = choices.find(({ v }) => isSquare(v)) ?? { a: false, b: false, v: y }
    const fourth = fromRemainders(
      factors.map((p) => [modPow(v % p, ((p + 1n) / 4n) ** 2n % (p - 1n), p), p] as const),
    )
    return { x: fourth, a, b, z: power(y, root) }
  })
  return { w, roots }
}

/** In how many repetitions both equations of Πmod hold. */
export function equationsThatHold(ctx: ProofContext, N: bigint, { w, roots }: ModProof): number {
  return roots.filter(({ x, a, b, z }, k) => {
    const y = challengeBelow(ctx, 'mod', N, [toBytes(N), toBytes(w), k])
    return modPow(z, N, N) === y && mod(x ** 4n - (a ? -1n : 1n) * (b ? w : 1n) * y, N) === 0n
  }).length
}

/** Sixteen primes of 21 bits, and one that fills N up to 2048 (CVE-2023-33241). */
export function sixteenSmallPrimes(): readonly bigint[] {
  const small: bigint[] = []
  while (small.length < 16) small.push(nextPrime((small.at(-1) ?? 2n ** 20n) + 1n, 3n))
  return [...small, primeOf(1728, 1039n)]
}

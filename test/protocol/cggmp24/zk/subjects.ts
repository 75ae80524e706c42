/**
 * The proofs of signing side by side, so that what must hold of all of them is tested on all of them: how to
 * build a true statement, to prove it, and what kind each field of the proof is of.
 */
import type { Shape, Value } from '../../../../src/protocol/core/codec.js'
import { type Point, secp256k1 } from '../../../../src/protocol/group/curve.js'
import { centred, plusMinus, q, unit } from '../../../../src/protocol/cggmp24/integers/integers.js'
import { type Level, TEST_ONLY } from '../../../../src/protocol/cggmp24/integers/level.js'
import {
  add,
  encrypt,
  type Paillier,
  PaillierSecret,
  times,
} from '../../../../src/protocol/cggmp24/integers/paillier.js'
import { makePedersen, type Pedersen } from '../../../../src/protocol/cggmp24/integers/pedersen.js'
import { affGShape, affGTape, proveAffG, verifyAffG } from '../../../../src/protocol/cggmp24/zk/aff-g.js'
import {
  affGStarShape,
  affGStarTape,
  proveAffGStar,
  verifyAffGStar,
} from '../../../../src/protocol/cggmp24/zk/aff-g-star.js'
import type { ProofContext } from '../../../../src/protocol/cggmp24/zk/context.js'
import { decRange, decShape, decTape, proveDec, verifyDec } from '../../../../src/protocol/cggmp24/zk/dec.js'
import { elogShape, proveElog, verifyElog } from '../../../../src/protocol/cggmp24/zk/elog.js'
import {
  encElgShape,
  encElgTape,
  proveEncElg,
  verifyEncElg,
} from '../../../../src/protocol/cggmp24/zk/enc-elg.js'
import { proveSch, schShape, verifySch } from '../../../../src/protocol/cggmp24/zk/sch.js'
import type { PartyId, Rng } from '../../../../src/protocol/core/session.js'
import { primesOf } from '../../../support/primes.js'
import { seededRng } from '../../../support/rng.js'

export const { G, O } = secp256k1

/** The test level with two repetitions: a changed one is refused for itself, however many stand beside it. */
export const FEW: Level = { ...TEST_ONLY, repetitions: 2 as 128 }

/** Repetitions enough that nobody gets past all their bits by luck. */
export const SOME: Level = { ...TEST_ONLY, repetitions: 16 as 128 }

export type Numbers = Readonly<Record<string, bigint>>
export type Fields = Readonly<Record<string, bigint | Point>>
/** Fields, for a repeated proof a list of them. */
export type Proof = Fields | readonly Fields[]
export type Statement = Readonly<Record<string, bigint | Point | Paillier>>

/** `answer`: an integer within ±2^bits. */
export type Kind = 'natural' | 'point' | 'scalar' | { readonly answer: number }

export type Keys = {
  /** The prover's and the verifier's. */
  readonly N_i: Paillier
  readonly N_j: Paillier
  /** The verifier's. */
  readonly rp: Pedersen
}

export type Built = { readonly statement: Statement; readonly witness: Numbers }

export type Subject = {
  readonly name: string
  readonly fields: (level: Level) => Readonly<Record<string, Kind>>
  readonly repeated: boolean
  /** Whether the proof is towards one verifier, by its ring-Pedersen parameters. */
  readonly towards: boolean
  readonly shape: (level: Level) => Shape<Proof>
  readonly tape: (level: Level) => number
  /** A true statement, with a random witness but for what is given. */
  readonly build: (keys: Keys, rng: Rng, witness?: Numbers) => Built
  readonly prove: (ctx: ProofContext, rp: Pedersen, built: Built, rng: Rng) => Proof
  readonly verify: (ctx: ProofContext, rp: Pedersen, statement: Statement, proof: Proof) => boolean
  /** Witnesses at the ends of their ranges. */
  readonly extremes: readonly Numbers[]
  /** Witnesses beyond what a proof may let pass. */
  readonly excessive: readonly Numbers[]
  /** The fields that the witness determines: with another there, it is false. */
  readonly determined: readonly string[]
}

/** A context in which party 1 proves to party 2, or to all. */
export const contextOf = (subject: Subject, level: Level = FEW): ProofContext => ({
  level,
  ssid: new Uint8Array(32).fill(0x51),
  epoch: new Uint8Array(32).fill(0xe9),
  prover: 1,
  verifier: subject.towards ? 2 : null,
  role: 'K',
})

const made = new Map<string, { readonly secret: PaillierSecret; readonly rp: Pedersen }>()

/** A party's keys with what their owner knows: they are the same keys as everybody's, and faster. */
export function ownKeys(party: PartyId, level: Level = TEST_ONLY) {
  const name = `${party} ${level.modulusBits}`
  const known = made.get(name)
  if (known) return known
  const { p, q, pHat, qHat } = primesOf(party, level.modulusBits === 2048 ? TEST_ONLY : level)
  const rp = makePedersen(pHat, qHat, seededRng('pedersen', party)).public
  const keys = { secret: new PaillierSecret(p, q), rp }
  made.set(name, keys)
  return keys
}

export const keys: Keys = {
  N_i: ownKeys(1).secret.key,
  N_j: ownKeys(2).secret.key,
  rp: ownKeys(2).rp,
}

const small = (rng: Rng): bigint => centred(secp256k1.randomScalar(rng), q)
const two = (bits: number): bigint => 1n << BigInt(bits)
const half = (q - 1n) / 2n
const secretPoint = (rng: Rng): Point => secp256k1.timesG(secp256k1.randomScalar(rng))
const timesPoint = (k: bigint, P: Point): Point => P.multiplyUnsafe(((k % q) + q) % q)

function define<S, W, P>(parts: {
  readonly name: string
  readonly fields: Subject['fields']
  readonly repeated?: boolean
  readonly towards?: boolean
  readonly shape: (level: Level) => Shape<P>
  readonly tape: (level: Level) => number
  readonly build: (keys: Keys, rng: Rng, witness: Numbers) => { statement: S; witness: W }
  readonly prove: (ctx: ProofContext, rp: Pedersen, built: { statement: S; witness: W }, rng: Rng) => P
  readonly verify: (ctx: ProofContext, rp: Pedersen, statement: S, proof: P) => boolean
  readonly extremes: readonly Numbers[]
  readonly excessive: readonly Numbers[]
  readonly determined: readonly (keyof S & string)[]
}): Subject {
  const { build } = parts
  return {
    repeated: false,
    towards: false,
    ...parts,
    build: (keys: Keys, rng: Rng, witness: Numbers = {}) => build(keys, rng, witness),
  } as unknown as Subject
}

const encElg = define({
  name: 'enc-elg',
  towards: true,
  fields: ({ ell, epsilon, modulusBits }) => ({
    S: 'natural',
    T: 'natural',
    D: 'natural',
    Y: 'point',
    Z: 'point',
    z1: { answer: ell + epsilon },
    z2: 'natural',
    z3: { answer: ell + epsilon + modulusBits },
    w: 'scalar',
  }),
  shape: encElgShape,
  tape: encElgTape,
  build: ({ N_i }, rng, given) => {
    const drawn = { x: small(rng), rho: unit(N_i.N, rng), b: secp256k1.randomScalar(rng) }
    const witness = { ...drawn, ...given }
    const { x, rho, b } = witness
    const A = secretPoint(rng)
    const X = timesPoint(b, A).add(timesPoint(x, G))
    return { statement: { N0: N_i, C: encrypt(N_i, x, rho), A, B: timesPoint(b, G), X }, witness }
  },
  prove: (ctx, rp, { statement, witness }, rng) => proveEncElg(ctx, rp, statement, witness, rng),
  verify: verifyEncElg,
  extremes: [
    ...[0n, 1n, -1n, half, -half, two(255), -two(255)].map((x) => ({ x })),
    { x: 0n, rho: 1n },
    { b: 1n },
    { b: q - 1n },
  ],
  // A plaintext of 1400 bits, and the smallest one beyond the slack.
  excessive: [two(1400), -two(1400), two(768), -two(768)].map((x) => ({ x })),
  determined: ['C', 'B', 'X'],
})

const affine = (
  { N_i, N_j }: Keys,
  rng: Rng,
  given: Numbers,
): { statement: Parameters<typeof verifyAffG>[2]; witness: Parameters<typeof proveAffG>[3] } => {
  const drawn = {
    x: small(rng),
    y: plusMinus(two(1280), rng),
    rho: unit(N_j.N, rng),
    rho_y: unit(N_i.N, rng),
  }
  const witness = { ...drawn, ...given }
  const { x, y, rho, rho_y } = witness
  const C = encrypt(N_j, small(rng), unit(N_j.N, rng))
  const D = add(N_j, times(N_j, C, x), encrypt(N_j, y, rho))
  return { statement: { N_j, N_i, C, D, Y: encrypt(N_i, y, rho_y), X: timesPoint(x, G) }, witness }
}

const affineEdges = {
  extremes: [
    ...[1n, -1n, half, -half, two(255), -two(255)].map((x) => ({ x })),
    ...[0n, 1n, -1n, two(1279), -two(1279)].map((y) => ({ y })),
    { y: 0n, rho: 1n, rho_y: 1n },
  ],
  // Alpha-Rays: too large a multiplier, or too large a mask, each by itself.
  excessive: [
    ...[two(1400), -two(1400), two(768) + 1n, -two(768)].map((x) => ({ x })),
    ...[two(1900), -two(1900), two(1792), -two(1792)].map((y) => ({ y })),
  ],
  determined: ['D', 'Y', 'X'] as const,
}

const affG = define({
  name: 'aff-g',
  towards: true,
  fields: ({ ell, ellPrime, epsilon, modulusBits }) => ({
    A: 'natural',
    B_x: 'point',
    B_y: 'natural',
    E: 'natural',
    S: 'natural',
    F: 'natural',
    T: 'natural',
    z1: { answer: ell + epsilon },
    z2: { answer: ellPrime + epsilon },
    z3: { answer: ell + epsilon + modulusBits },
    z4: { answer: ell + epsilon + modulusBits },
    w: 'natural',
    w_y: 'natural',
  }),
  shape: affGShape,
  tape: affGTape,
  build: affine,
  prove: (ctx, rp, { statement, witness }, rng) => proveAffG(ctx, rp, statement, witness, rng),
  verify: verifyAffG,
  ...affineEdges,
})

const affGStar = define({
  name: 'aff-g-star',
  repeated: true,
  fields: ({ ell, ellPrime, epsilon }) => ({
    A: 'natural',
    B_x: 'point',
    B_y: 'natural',
    z1: { answer: ell + epsilon },
    z2: { answer: ellPrime + epsilon },
    w: 'natural',
    w_y: 'natural',
  }),
  shape: affGStarShape,
  tape: affGStarTape,
  build: affine,
  prove: (ctx, _, { statement, witness }, rng) => proveAffGStar(ctx, statement, witness, rng),
  verify: (ctx, _, statement, proof) => verifyAffGStar(ctx, statement, proof),
  ...affineEdges,
})

const elog = define({
  name: 'elog',
  fields: () => ({ A: 'point', N: 'point', B: 'point', z: 'scalar', u: 'scalar' }),
  shape: () => elogShape,
  tape: () => 2 * 48,
  build: (_, rng, given) => {
    const drawn = { lambda: secp256k1.randomScalar(rng), y: secp256k1.randomScalar(rng) }
    const witness = { ...drawn, ...given }
    const { lambda, y } = witness
    const [X, h] = [secretPoint(rng), secretPoint(rng)]
    const M = timesPoint(lambda, X).add(timesPoint(y, G))
    return { statement: { L: timesPoint(lambda, G), M, X, Y: timesPoint(y, h), h }, witness }
  },
  prove: (ctx, _, { statement, witness }, rng) => proveElog(ctx, statement, witness, rng),
  verify: (ctx, _, statement, proof) => verifyElog(ctx, statement, proof),
  extremes: [{ lambda: 1n }, { lambda: q - 1n }, { y: 1n }, { y: q - 1n }, { lambda: 1n, y: 1n }],
  excessive: [],
  determined: ['L', 'M', 'Y'],
})

const sch = define({
  name: 'sch',
  fields: () => ({ z: 'scalar' }),
  shape: () => schShape,
  tape: () => 0,
  build: (_, rng, given) => {
    const drawn = { x: secp256k1.randomScalar(rng), tau: secp256k1.randomScalar(rng) }
    const witness = { ...drawn, ...given }
    return { statement: { X: timesPoint(witness.x, G), A: timesPoint(witness.tau, G) }, witness }
  },
  prove: (ctx, _, { statement, witness }) => proveSch(ctx, statement, witness),
  verify: (ctx, _, statement, proof) => verifySch(ctx, statement, proof),
  extremes: [{ x: 1n }, { x: q - 1n }, { tau: 1n }, { tau: q - 1n }],
  excessive: [],
  determined: ['X', 'A'],
})

const dec = define({
  name: 'dec',
  repeated: true,
  fields: (level) => ({
    A: 'natural',
    C: 'point',
    B: 'point',
    z: { answer: level.ell + level.epsilon },
    w: { answer: decRange(level).w },
    nu: 'natural',
  }),
  shape: decShape,
  tape: decTape,
  build: ({ N_i: N }, rng, given) => {
    const drawn = { x: small(rng), y: plusMinus(two(decRange(TEST_ONLY).y), rng), rho: unit(N.N, rng) }
    const witness = { ...drawn, ...given }
    const { x, y, rho } = witness
    const K = encrypt(N, small(rng), unit(N.N, rng))
    const base = secretPoint(rng)
    const D = add(N, encrypt(N, y, rho), times(N, K, -x))
    return { statement: { N, K, D, X: timesPoint(x, G), S: timesPoint(y, base), base }, witness }
  },
  prove: (ctx, _, { statement, witness }, rng) => proveDec(ctx, statement, witness, rng),
  verify: (ctx, _, statement, proof) => verifyDec(ctx, statement, proof),
  extremes: [
    ...[1n, -1n, half, -half, two(255), -two(255)].map((x) => ({ x })),
    ...[1n, -1n, two(1812), -two(1812)].map((y) => ({ y })),
    { rho: 1n },
  ],
  excessive: [
    ...[two(1400), -two(1400), two(768) + 1n, -two(768)].map((x) => ({ x })),
    ...[two(2044), -two(2044)].map((y) => ({ y })),
  ],
  determined: ['D', 'X', 'S'],
})

export const SUBJECTS: readonly Subject[] = [encElg, affG, affGStar, elog, sch, dec]

/** A statement with its proof, all from one seed. */
export function proven(subject: Subject, seed: Value, witness: Numbers = {}, ctx = contextOf(subject)) {
  const built = subject.build(keys, seededRng('statement', subject.name, seed), witness)
  const proof = subject.prove(ctx, keys.rp, built, seededRng('proof', subject.name, seed))
  return { ctx, ...built, proof }
}

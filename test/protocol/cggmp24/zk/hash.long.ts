/**
 * The hash alone binds all that a proof's challenge is made from: a statement or a commitment is exchanged
 * and the answers are moved along, so that every equation stays true, and the hash refuses. To know that it
 * is the hash, the same is played with a library that leaves this one element out of it: there the proof is
 * accepted. Where no such move is known, the prover itself leaves the element out.
 */
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Point } from '../../../../src/protocol/group/curve.js'
import {
  invert,
  isqrt,
  mod,
  plusMinus,
  q as order,
} from '../../../../src/protocol/cggmp24/integers/integers.js'
import { type Level, TEST_ONLY } from '../../../../src/protocol/cggmp24/integers/level.js'
import { add, encrypt, type Paillier } from '../../../../src/protocol/cggmp24/integers/paillier.js'
import { commit, makePedersen, type Pedersen } from '../../../../src/protocol/cggmp24/integers/pedersen.js'
import type * as Common from '../../../../src/protocol/cggmp24/zk/common.js'
import {
  challengeBelow,
  challengeBits,
  challengeModQ,
  challengePlusMinus,
  type ProofContext,
} from '../../../../src/protocol/cggmp24/zk/context.js'
import * as realFac from '../../../../src/protocol/cggmp24/zk/fac.js'
import * as realMod from '../../../../src/protocol/cggmp24/zk/mod.js'
import * as realPrm from '../../../../src/protocol/cggmp24/zk/prm.js'
import { primesOf } from '../../../support/primes.js'
import { seededRng } from '../../../support/rng.js'
import * as real from './subjects.js'
import { contextOf, type Fields, G, keys, ownKeys, type Proof, SUBJECTS } from './subjects.js'

/** Few enough to be fast, and so many that the bits of two challenges are not the same here. */
const SIXTEEN: Level = { ...TEST_ONLY, repetitions: 16 as 128 }

type Item = bigint | Point
const same = (a: Item, b: Item): boolean =>
  typeof a === 'bigint' || typeof b === 'bigint' ? a === b : a.equals(b)

/** The items that the forgetful library does not hash. */
let forgotten: readonly Item[] = []
afterEach(() => {
  forgotten = []
})
vi.resetModules()
vi.doMock('../../../../src/protocol/cggmp24/zk/common.js', async (original) => {
  const module = await original<typeof Common>()
  const hashed = (...items: readonly Item[]) =>
    module.hashed(...items.filter((item) => !forgotten.some((left) => same(left, item))))
  return { ...module, hashed }
})
const forgetful = await import('./subjects.js')
const forgetfulFac = await import('../../../../src/protocol/cggmp24/zk/fac.js')
const forgetfulMod = await import('../../../../src/protocol/cggmp24/zk/mod.js')
const forgetfulPrm = await import('../../../../src/protocol/cggmp24/zk/prm.js')
vi.doUnmock('../../../../src/protocol/cggmp24/zk/common.js')

/** A statement with its proof: what is hashed of them by name, and everything in a form that moves can change. */
type Made = {
  readonly rp: Pedersen
  readonly statement: Readonly<Record<string, Item | Paillier>>
  /** Entries, one if it is not repeated. */
  readonly proof: readonly Fields[]
  /** The challenge of each entry. */
  readonly e: readonly bigint[]
  /** Πmod as it is. */
  readonly whole?: realMod.ModProof
}
/** One library's side of a proof. */
type Side = { readonly make: () => Made; readonly accepts: (made: Made) => boolean }
type Move = (made: Made) => Made
type Bound = {
  readonly name: string
  readonly real: Side
  readonly forgetful: Side
  /** By name; of a commitment that is repeated, every repetition's. */
  readonly elements: (made: Made) => Readonly<Record<string, readonly Item[]>>
  readonly moves: Readonly<Record<string, Move>>
}

// ----------------------------------------------------------------------------------------------------------- moves

const TAU = 3n
const { pHat, qHat } = primesOf(2)
/** t is a square modulo a product of safe primes: its order divides this odd number. */
const ORDER = ((pHat - 1n) / 2n) * ((qHat - 1n) / 2n)

const number = (fields: Fields, name: string): bigint => fields[name] as bigint
/** Changes each entry's answers, given with its challenge. */
const answering =
  (answers: (entry: Fields, e: bigint) => Fields) =>
  (made: Made): Made => ({
    ...made,
    proof: made.proof.map((entry, k) => ({ ...entry, ...answers(entry, made.e[k] as bigint) })),
  })
const keyIn = ({ statement }: Made, name: string): Paillier => statement[name] as Paillier

/** s' = s t^5: every s^a t^b is s'^a t^(b - 5a). @param pairs exponents of s and t in one commitment */
const shiftedS =
  (pairs: readonly (readonly [string, string])[]): Move =>
  (made) =>
    answering((entry) =>
      Object.fromEntries(pairs.map(([a, b]) => [b, number(entry, b) - 5n * number(entry, a)])),
    )({
      ...made,
      rp: { ...made.rp, s: commit(made.rp, 1n, 5n) },
    })
/** t' = t^3, whose exponents are divided by 3: the owner of the parameters knows the order. */
const cubedT =
  (...exponents: readonly string[]): Move =>
  (made) =>
    answering((entry) =>
      Object.fromEntries(exponents.map((b) => [b, mod(number(entry, b) * invert(3n, ORDER), ORDER)])),
    )({ ...made, rp: { ...made.rp, t: made.rp.ring.pow(made.rp.t, 3n) } })

/** A ciphertext of the statement times τ^N, and the nonce that answers for it times τ to some power. */
const turned =
  (ciphertext: string, key: string, nonce: string, power: (entry: Fields, e: bigint) => bigint): Move =>
  (made) => {
    const N = keyIn(made, key)
    const C = made.statement[ciphertext] as bigint
    return answering((entry, e) => ({
      [nonce]: mod(number(entry, nonce) * N.n.pow(TAU, power(entry, e)), N.N),
    }))({
      ...made,
      statement: { ...made.statement, [ciphertext]: add(N, C, encrypt(N, 0n, TAU)) },
    })
  }
const toE = (_: Fields, e: bigint): bigint => e

/** In the entry that is looked at: the last. */
const inLast =
  (change: (entry: Fields, e: bigint, made: Made) => Fields): Move =>
  (made) => ({
    ...made,
    proof: made.proof.map((entry, k) =>
      k === made.proof.length - 1 ? { ...entry, ...change(entry, made.e[k] as bigint, made) } : entry,
    ),
  })
/** A ciphertext among the commitments times τ^N, and its nonce times τ. */
const turnedFirst = (ciphertext: string, key: string, nonce: string): Move =>
  inLast((entry, _, made) => {
    const N = keyIn(made, key)
    return {
      [ciphertext]: add(N, number(entry, ciphertext), encrypt(N, 0n, TAU)),
      [nonce]: (number(entry, nonce) * TAU) % N.N,
    }
  })
/** A ring-Pedersen commitment times t, and the exponent of t moved with it. */
const timesT = (
  commitment: string,
  exponents: (entry: Fields, e: bigint) => Readonly<Record<string, bigint>>,
): Move =>
  inLast((entry, e, { rp }) => ({
    [commitment]: (number(entry, commitment) * rp.t) % rp.ring.modulus,
    ...Object.fromEntries(
      Object.entries(exponents(entry, e)).map(([name, by]) => [name, number(entry, name) + by]),
    ),
  }))

const MOVES: Readonly<Record<string, Bound['moves']>> = {
  'enc-elg': {
    s: shiftedS([['z1', 'z3']]),
    t: cubedT('z3'),
    C: turned('C', 'N0', 'z2', toE),
    D: turnedFirst('D', 'N0', 'z2'),
    S: timesT('S', (_, e) => ({ z3: e })),
    T: timesT('T', () => ({ z3: 1n })),
  },
  'aff-g': {
    s: shiftedS([
      ['z1', 'z3'],
      ['z2', 'z4'],
    ]),
    t: cubedT('z3', 'z4'),
    C: turned('C', 'N_j', 'w', ({ z1 }) => -(z1 as bigint)),
    D: turned('D', 'N_j', 'w', toE),
    Y: turned('Y', 'N_i', 'w_y', toE),
    A: turnedFirst('A', 'N_j', 'w'),
    B_y: turnedFirst('B_y', 'N_i', 'w_y'),
    E: timesT('E', () => ({ z3: 1n })),
    S: timesT('S', (_, e) => ({ z3: e })),
    F: timesT('F', () => ({ z4: 1n })),
    T: timesT('T', (_, e) => ({ z4: e })),
  },
  'aff-g-star': {
    C: turned('C', 'N_j', 'w', ({ z1 }) => -(z1 as bigint)),
    D: turned('D', 'N_j', 'w', toE),
    Y: turned('Y', 'N_i', 'w_y', toE),
    A: turnedFirst('A', 'N_j', 'w'),
    B_y: turnedFirst('B_y', 'N_i', 'w_y'),
  },
  dec: {
    K: turned('K', 'N', 'nu', ({ z }) => z as bigint),
    D: turned('D', 'N', 'nu', toE),
    A: turnedFirst('A', 'N', 'nu'),
  },
  fac: {
    s: (made) =>
      answering((entry, e) => ({ v: number(entry, 'v') + 5n * e * (made.statement['N0'] as bigint) }))(
        shiftedS([
          ['z1', 'w1'],
          ['z2', 'w2'],
        ])(made),
      ),
    t: cubedT('w1', 'w2', 'v'),
    N0: (made) => ({ ...made, statement: { N0: (made.statement['N0'] as bigint) + 4n * ORDER } }),
    P: timesT('P', (_, e) => ({ w1: e })),
    Q: timesT('Q', ({ z1 }, e) => ({ w2: e, v: -(z1 as bigint) })),
    A: timesT('A', () => ({ w1: 1n })),
    B: timesT('B', () => ({ w2: 1n })),
    T: timesT('T', () => ({ v: 1n })),
  },
}

// ---------------------------------------------------------------------------------------------------------- proofs

const parameters = ({ rp }: Made) => ({ N̂: [rp.ring.modulus], s: [rp.s], t: [rp.t] })
const RESPONSES = /^(z\d?|w|w_y|nu|u)$/
const SEED = 'only the hash'
/** 2^(ℓ+ε). */
const MASKS = 2n ** 768n

/** The challenges of a proof, from what its maker knows. */
function challenges(
  name: string,
  { x }: real.Numbers,
  proof: readonly Fields[],
  X: unknown,
): readonly bigint[] {
  if (name === 'enc-elg' || name === 'aff-g') {
    // z1 = α + ex, and α is the first that is drawn.
    const alpha = plusMinus(MASKS, seededRng('proof', name, SEED))
    return proof.map(({ z1 }) => ((z1 as bigint) - alpha) / (x as bigint))
  }
  if (name !== 'aff-g-star' && name !== 'dec') return proof.map(() => 0n)
  return proof.map((entry) => {
    const [z, first] = name === 'dec' ? [entry['z'], entry['C']] : [entry['z1'], entry['B_x']]
    const zG = G.multiplyUnsafe(mod(z as bigint, order))
    expect([first, (first as Point).add(X as Point)].some((P) => zG.equals(P as Point))).toBe(true)
    return zG.equals(first as Point) ? 0n : 1n
  })
}

const ofSubject = (subject: (typeof SUBJECTS)[number]): Bound => {
  const ctx = contextOf(subject, SIXTEEN)
  const side = (library: typeof real): Side => {
    const own = library.SUBJECTS.find(({ name }) => name === subject.name) as typeof subject
    return {
      make: () => {
        const { statement, witness, proof } = library.proven(own, SEED, {}, ctx)
        const entries = (Array.isArray(proof) ? proof : [proof]) as readonly Fields[]
        return {
          rp: keys.rp,
          statement,
          proof: entries,
          e: challenges(own.name, witness, entries, statement['X']),
        }
      },
      accepts: ({ rp, statement, proof }) =>
        own.verify(ctx, rp, statement, (own.repeated ? proof : proof[0]) as Proof),
    }
  }
  return {
    name: subject.name,
    real: side(real),
    forgetful: side(forgetful),
    elements: (made) => ({
      ...(subject.towards ? parameters(made) : {}),
      ...Object.fromEntries(
        Object.entries(made.statement).map(([name, value]) => [
          name,
          [typeof value === 'object' && 'nn' in value ? value.N : value],
        ]),
      ),
      ...Object.fromEntries(
        Object.keys(made.proof[0] as Fields)
          .filter((name) => !RESPONSES.test(name))
          .map((name) => [name, made.proof.map((entry) => entry[name] as Item)]),
      ),
    }),
    moves: MOVES[subject.name] ?? {},
  }
}

const forFac: ProofContext = { ...contextOf(SUBJECTS[0] as never, SIXTEEN), role: 'aux' }
const { p, q } = primesOf(1)
const facSide = ({ proveFac, verifyFac }: typeof realFac): Side => ({
  make: () => {
    const { rp } = ownKeys(2)
    const proof = proveFac(forFac, rp, { N0: p * q }, { p, q }, seededRng(SEED))
    const alpha = plusMinus(MASKS * isqrt(p * q), seededRng(SEED))
    return { rp, statement: { N0: p * q }, proof: [proof], e: [(proof.z1 - alpha) / p] }
  },
  accepts: ({ rp, statement, proof }) =>
    verifyFac(forFac, rp, { N0: statement['N0'] as bigint }, proof[0] as realFac.FacProof),
})
const fac: Bound = {
  name: 'fac',
  real: facSide(realFac),
  forgetful: facSide(forgetfulFac),
  elements: (made) => {
    const { P, Q, A, B, T } = made.proof[0] as realFac.FacProof
    const all = Object.entries({ N0: made.statement['N0'] as bigint, P, Q, A, B, T })
    return { ...parameters(made), ...Object.fromEntries(all.map(([name, value]) => [name, [value]])) }
  },
  moves: MOVES['fac'] as Bound['moves'],
}

const toAll: ProofContext = { ...forFac, verifier: null }
const owned = makePedersen(pHat, qHat, seededRng('pedersen', 2))
const prmSide = ({ provePrm, verifyPrm }: typeof realPrm): Side => ({
  make: () => {
    const { e, z } = provePrm(toAll, owned, seededRng(SEED))
    return {
      rp: owned.public,
      statement: {},
      proof: z.map((z_k) => ({ z: z_k })),
      e: e.map(BigInt),
    }
  },
  accepts: ({ rp, proof, e }) =>
    verifyPrm(toAll, rp, { e: e.map(Number), z: proof.map((entry) => number(entry, 'z')) }),
})
const prm: Bound = {
  name: 'prm',
  real: prmSide(realPrm),
  forgetful: prmSide(forgetfulPrm),
  elements: (made) => {
    const { ring, s, t } = made.rp
    const A = made.proof.map(
      (entry, k) => (ring.pow(t, number(entry, 'z')) * ring.pow(s, -(made.e[k] as bigint))) % ring.modulus,
    )
    return { ...parameters(made), A }
  },
  moves: {},
}

const modulus = ownKeys(1).secret
const modSide = ({ proveMod, verifyMod }: typeof realMod): Side => ({
  make: () => {
    const whole = proveMod(toAll, modulus, seededRng(SEED))
    return { rp: keys.rp, statement: { N: modulus.key.N, w: whole.w }, proof: [], e: [], whole }
  },
  accepts: ({ whole }) => verifyMod(toAll, { N: modulus.key.N }, whole as realMod.ModProof),
})
const mods: Bound = {
  name: 'mod',
  real: modSide(realMod),
  forgetful: modSide(forgetfulMod),
  elements: ({ statement }) => ({ N: [statement['N'] as bigint], w: [statement['w'] as bigint] }),
  moves: {},
}

// ----------------------------------------------------------------------------------------------------------- tests

const EXPECTED: Readonly<Record<string, string>> = {
  'enc-elg': 'N̂ s t N0 C A B X S T D Y Z',
  'aff-g': 'N̂ s t N_j N_i C D Y X A B_x B_y E S F T',
  'aff-g-star': 'N_j N_i C D Y X A B_x B_y',
  elog: 'L M X Y h A N B',
  sch: 'X A',
  dec: 'N K D X S base A C B',
  fac: 'N̂ s t N0 P Q A B T',
  prm: 'N̂ s t A',
  mod: 'N w',
}

describe.each([...SUBJECTS.map(ofSubject), fac, prm, mods])('Π$name', (bound) => {
  const made = bound.real.make()
  const names = Object.keys(bound.elements(made))

  test('these are all that the statement, the parameters and the first messages have', () => {
    expect(bound.real.accepts(made)).toBe(true)
    expect(names.join(' ')).toBe(EXPECTED[bound.name])
  })

  test.each((EXPECTED[bound.name] as string).split(' '))(
    '%s is in the hash: who leaves it out proves nothing',
    (name) => {
      forgotten = bound.elements(made)[name] as readonly Item[]
      const other = bound.forgetful.make()
      // Every equation holds, as a verifier sees that leaves it out as well.
      expect(bound.forgetful.accepts(other)).toBe(true)
      expect(bound.real.accepts(other)).toBe(false)
    },
  )

  const moves = Object.entries(bound.moves)
  if (moves.length === 0) return
  test.each(moves)(
    '%s exchanged, and the answers moved with it, is refused by the hash alone',
    (name, move) => {
      const moved = move(made)
      const [old, exchanged] = [made, moved].map((each) => bound.elements(each)[name]) as [Item[], Item[]]
      expect(old.every((item, k) => same(item, exchanged[k] as Item))).toBe(false)
      expect(bound.real.accepts(moved)).toBe(false)
      forgotten = [...old, ...exchanged]
      const other = bound.forgetful.make()
      expect(bound.forgetful.accepts(move(other))).toBe(true)
    },
  )
})

describe('the context of a proof is in every challenge', () => {
  const ctx: ProofContext = forFac
  const functions: readonly [string, (ctx: ProofContext, kind: string) => unknown][] = [
    ['modulo q', (ctx, kind) => challengeModQ(ctx, kind, [1], [2])],
    ['within a range', (ctx, kind) => challengePlusMinus(ctx, kind, 256, [1], [2])],
    ['of bits', (ctx, kind) => challengeBits(ctx, kind, 128, [1], [2]).join('')],
    ['below a bound', (ctx, kind) => challengeBelow(ctx, kind, 2n ** 256n, [1])],
  ]
  const changes: readonly [string, Partial<ProofContext>][] = [
    ['the run', { ssid: new Uint8Array(32).fill(3) }],
    ['the epoch', { epoch: new Uint8Array(32).fill(3) }],
    ['the prover', { prover: 3 }],
    ['the verifier', { verifier: 3 }],
    ['that it has one verifier', { verifier: null }],
    ['the role', { role: 'other' }],
    ...(['name', 'ell', 'epsilon', 'ellPrime', 'repetitions'] as const).map(
      (part): [string, Partial<ProofContext>] => [
        `the level's ${part}`,
        { level: { ...SIXTEEN, [part]: part === 'name' ? 'cggmp24-3072' : 7 } },
      ],
    ),
  ]

  test.each(functions)('a challenge %s', (_, challenge) => {
    const all = [
      ['as it is', challenge(ctx, 'kind')] as const,
      ['the kind of proof', challenge(ctx, 'other')] as const,
      ...changes.map(([name, change]) => [name, challenge({ ...ctx, ...change }, 'kind')] as const),
    ]
    const twins = all.filter(([, e], i) => all.some(([, other], k) => k !== i && other === e))
    expect(twins.map(([name]) => name)).toEqual([])
  })

  test('and statement and commitments are two lists in it', () => {
    const of = (statement: readonly number[], commitments: readonly number[]) => [
      challengeModQ(ctx, 'kind', statement, commitments),
      challengePlusMinus(ctx, 'kind', 256, statement, commitments),
      challengeBits(ctx, 'kind', 128, statement, commitments).join(''),
    ]
    const all = [of([1], [2]), of([1, 2], []), of([], [1, 2]), of([2], [1])].flat()
    expect(new Set(all).size).toBe(all.length)
  })
})

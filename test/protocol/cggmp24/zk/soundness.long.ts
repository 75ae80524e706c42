/**
 * All that is false, too large or altered is refused, and refusing never throws. Each equation and each check
 * meets a prover that violates it alone: false in one part of the statement, wrong in one power, too large in
 * one witness.
 */
import { describe, expect, test } from 'vitest'
import { codec, CodecError, decode, encode, type Value } from '../../../../src/protocol/core/codec.js'
import type { Point } from '../../../../src/protocol/group/curve.js'
import {
  mod,
  plusMinus,
  q,
  signedBytes,
  toBytes,
} from '../../../../src/protocol/cggmp24/integers/integers.js'
import type { Paillier } from '../../../../src/protocol/cggmp24/integers/paillier.js'
import type { Pedersen } from '../../../../src/protocol/cggmp24/integers/pedersen.js'
import type { Ring } from '../../../../src/protocol/cggmp24/integers/ring.js'
import { proveDec, verifyDec } from '../../../../src/protocol/cggmp24/zk/dec.js'
import { primesOf } from '../../../support/primes.js'
import { seededRng } from '../../../support/rng.js'
import { BAD_POINTS, hex } from '../../frost/party.js'
import {
  contextOf,
  FEW,
  type Fields,
  G,
  keys,
  type Kind,
  O,
  ownKeys,
  type Proof,
  proven,
  SOME,
  type Statement,
  type Subject,
  SUBJECTS,
} from './subjects.js'

const { secret, rp } = ownKeys(2)
const { N } = keys.N_j
const Nhat = rp.ring.modulus

/** Numbers that have been trouble somewhere: zero, moduli, their factors and squares, powers of two. */
const TROUBLE = [
  0n,
  1n,
  2n,
  ...[N, keys.N_i.N, Nhat].flatMap((M) => [M, M - 1n, M * M]),
  secret.p,
  2n * secret.p,
  secret.p * N,
  ownKeys(1).secret.p,
  // Several: an inverse is taken of them only where the challenge is negative.
  ...[1n, 2n, 3n, 4n, 5n, 6n, 7n].map((k) => k * primesOf(2).pHat),
  ...[256, 2047, 2048, 4095].map((bits) => 2n ** BigInt(bits)),
]

/** The substitutes for a number. */
function substitutes(x: bigint, kind: Kind, others: readonly bigint[]): bigint[] {
  const shifts = [1n, N, keys.N_i.N, Nhat, N * N].flatMap((by) => [x + by, x - by])
  const ends = typeof kind === 'object' ? [2n ** BigInt(kind.answer - 1), 2n ** BigInt(kind.answer)] : []
  const edges = ends.flatMap((end) => [end - 1n, end, end + 1n]).flatMap((edge) => [edge, -edge])
  return [...new Set([...shifts, -x, ...others, ...TROUBLE, ...edges])].filter(
    (substitute) => substitute !== x,
  )
}

/** The bytes of a number of one kind, or null where there are none. */
function bytesOf(x: bigint, kind: Kind): Uint8Array | null {
  if (typeof kind === 'object') return signedBytes(x)
  if (x < 0n) return null
  if (kind === 'natural') return toBytes(x)
  return x < 2n ** 256n ? hex(x.toString(16).padStart(64, '0')) : null
}

const entry = (proof: Proof): Fields => (Array.isArray(proof) ? proof.at(-1) : proof) as Fields

/** The proof with a field's bytes replaced, of its last repetition if it has several. */
function replaced(subject: Subject, proof: Proof, field: string, bytes: Uint8Array): Uint8Array {
  const value = decode(codec(subject.shape(FEW)).encode(proof))
  const change = (record: Value): Value => new Map([...(record as Map<string, Value>), [field, bytes]])
  return encode(Array.isArray(value) ? [...value.slice(0, -1), change(value.at(-1) as Value)] : change(value))
}

/** Tells who refuses these bytes as a proof. Anything thrown but a CodecError fails the test. */
function refuser(subject: Subject, statement: Statement, bytes: Uint8Array): 'shape' | 'verifier' | 'nobody' {
  let proof: Proof
  try {
    proof = codec(subject.shape(FEW)).decode(bytes)
  } catch (error) {
    expect(error).toBeInstanceOf(CodecError)
    return 'shape'
  }
  return subject.verify(contextOf(subject), keys.rp, statement, proof) ? 'nobody' : 'verifier'
}

describe.each(SUBJECTS)('Π$name', (subject) => {
  const { statement, witness, proof } = proven(subject, 'honest')
  const other = proven(subject, 'other')
  const again = subject.prove(contextOf(subject), keys.rp, { statement, witness }, seededRng('again'))
  const fields = Object.entries(subject.fields(FEW))
  const verify = (statement: Statement, proof: Proof, level = FEW) =>
    subject.verify(contextOf(subject, level), keys.rp, statement, proof)

  test.each(fields)('%s can have no other value', (field, kind) => {
    const mine = entry(proof)[field]
    const theirs = [entry(other.proof)[field], entry(again)[field]]
    const encodings: (Uint8Array | null)[] =
      kind === 'point'
        ? [
            ...[...theirs, (mine as Point).negate(), (mine as Point).add(G), G].map((P) =>
              (P as Point).toBytes(),
            ),
            ...BAD_POINTS['schnorr-taproot'].map(([, encoded]) => hex(encoded)),
            new Uint8Array(33),
            Uint8Array.of(0),
          ]
        : [
            ...substitutes(mine as bigint, kind, theirs as bigint[]).map((x) => bytesOf(x, kind)),
            // Not in their one form: a leading zero, a negative zero, no sign at all.
            Uint8Array.of(0, ...(bytesOf(mine as bigint, kind) as Uint8Array)),
            Uint8Array.of(1),
            new Uint8Array(),
            new Uint8Array(2000).fill(1),
          ]
    const own = kind === 'point' ? (mine as Point).toBytes() : bytesOf(mine as bigint, kind)
    const refusers = encodings
      // Πsch cannot choose again what it does not choose: its second proof is its first.
      .filter((bytes) => bytes !== null && encode(bytes).join() !== encode(own).join())
      .map((bytes) => refuser(subject, statement, replaced(subject, proof, field, bytes as Uint8Array)))
    expect(refusers).not.toContain('nobody')
    expect(new Set(refusers)).toEqual(new Set(['shape', 'verifier']))
    expect(refuser(subject, statement, replaced(subject, proof, field, own as Uint8Array))).toBe('nobody')
  })

  test.each(fields.filter(([, kind]) => typeof kind === 'object'))(
    '%s has at most its declared length, and one more bit is not even read',
    (field, kind) => {
      const end = 2n ** BigInt((kind as { answer: number }).answer)
      const refusing = (x: bigint) =>
        refuser(subject, statement, replaced(subject, proof, field, signedBytes(x)))
      expect([end - 1n, 1n - end, end / 2n + 1n, -end / 2n - 1n].map(refusing)).toEqual(
        Array(4).fill('verifier'),
      )
      expect([end, -end].map(refusing)).toEqual(['shape', 'shape'])
    },
  )

  test('a field is missing, or is one too many', () => {
    const value = decode(codec(subject.shape(FEW)).encode(proof))
    const records = (change: (record: Map<string, Value>) => Value): Value =>
      Array.isArray(value)
        ? value.map((record: Value) => change(record as Map<string, Value>))
        : change(value as Map<string, Value>)
    for (const [field] of fields) {
      const without = records((record) => new Map([...record].filter(([name]) => name !== field)))
      expect(refuser(subject, statement, encode(without))).toBe('shape')
      const nothing = records((record) => new Map([...record, [field, null]]))
      expect(refuser(subject, statement, encode(nothing))).toBe('shape')
    }
    const more = records((record) => new Map([...record, ['salt', new Uint8Array(32)]]))
    expect(refuser(subject, statement, encode(more))).toBe('shape')
  })

  test('the proof is for its own statement and its own keys', () => {
    const { statement, proof } = proven(subject, 'honest', {}, contextOf(subject, SOME))
    for (const [part, value] of Object.entries(other.statement)) {
      const instead = typeof value === 'bigint' || 'toBytes' in value ? value : ownKeys(3).secret.key
      expect([part, verify({ ...statement, [part]: instead }, proof, SOME)]).toEqual([part, false])
    }
    expect(verify(statement, proof, SOME)).toBe(true)
    expect(verify(other.statement, proof, SOME)).toBe(false)
  })

  test('no statement is proven that is false in one part', () => {
    for (const part of subject.determined) {
      const lie = { ...statement, [part]: other.statement[part] as bigint | Point }
      const ctx = contextOf(subject, SOME)
      // The prover knows of the lie, and binds it: only the one equation that it stands in is violated.
      const lied = subject.prove(ctx, keys.rp, { statement: lie, witness }, seededRng('lie', part))
      expect([part, verify(lie, lied, SOME)]).toEqual([part, false])
    }
  })

  test('a statement with a number or point of no group is refused, not thrown at', () => {
    for (const [part, value] of Object.entries(statement)) {
      if (typeof value === 'bigint') {
        for (const bad of [0n, -1n, -value, N * N, secret.p, secret.p * N, keys.N_i.N, 2n ** 5000n]) {
          expect([part, bad, verify({ ...statement, [part]: bad }, proof)]).toEqual([part, bad, false])
        }
      } else if ('toBytes' in value) {
        expect([part, verify({ ...statement, [part]: O }, proof)]).toEqual([part, false])
      }
    }
  })

  test('a prover that is wrong in one power only is refused', () => {
    let powers = 0
    const faulty = (at: number): { rp: Pedersen; statement: Statement } => {
      powers = 0
      const wrong = (ring: Ring): Ring => ({
        modulus: ring.modulus,
        pow: (base, exponent) => ((powers++ === at ? 2n : 1n) * ring.pow(base, exponent)) % ring.modulus,
      })
      const parts = Object.entries(statement).map(([part, value]) => {
        if (typeof value === 'bigint' || 'toBytes' in value) return [part, value]
        const key: Paillier = value
        return [part, { N: key.N, n: wrong(key.n), nn: wrong(key.nn) }]
      })
      return { rp: { ...rp, ring: wrong(rp.ring) }, statement: Object.fromEntries(parts) as Statement }
    }
    const prove = (at: number): Proof => {
      const wrong = faulty(at)
      const built = { statement: wrong.statement, witness }
      return subject.prove(contextOf(subject), wrong.rp, built, seededRng('faulty'))
    }
    expect(verify(statement, prove(-1))).toBe(true)
    const all = powers
    for (let at = 0; at < all; at++) expect([at, verify(statement, prove(at))]).toEqual([at, false])
    expect(all > 0).toBe(fields.some(([, kind]) => kind === 'natural'))
  })

  test('a witness beyond its range is refused, though all equations hold', () => {
    const ctx = contextOf(subject, SOME)
    for (const excess of subject.excessive) {
      const { statement, proof } = proven(subject, 'excess', excess, ctx)
      expect([excess, verify(statement, proof, SOME)]).toEqual([excess, false])
    }
  })
})

describe.each(SUBJECTS.filter(({ repeated }) => repeated))('Π$name, repeated', (subject) => {
  const verify = (statement: Statement, proof: Proof, level = FEW) =>
    subject.verify(contextOf(subject, level), keys.rp, statement, proof)

  test('there are exactly as many repetitions as the level says', () => {
    const { statement, proof } = proven(subject, 'honest')
    const proofs = proof as readonly Fields[]
    const [first, last] = [proofs[0] as Fields, proofs.at(-1) as Fields]
    const lengths = [
      [],
      [first],
      proofs.slice(0, -1),
      [...proofs, last],
      [...proofs, ...proofs],
      Array<Fields>(10_000).fill(first),
    ]
    for (const wrong of lengths) {
      expect(verify(statement, wrong)).toBe(false)
      const encoded = encode(subject.shape(FEW).form(wrong))
      expect(refuser(subject, statement, encoded)).toBe('shape')
    }
    expect(verify(statement, Array<Fields>(proofs.length).fill(first))).toBe(false)
    expect(verify(statement, [...proofs].reverse())).toBe(false)
  })

  test('every bit of the challenge depends on every commitment', () => {
    // Where a repetition is made anew for the bit that it had, the others' answers are to other bits now.
    const { statement, witness, proof } = proven(subject, 'grind', {}, contextOf(subject, SOME))
    const fresh = subject.prove(contextOf(subject, SOME), keys.rp, { statement, witness }, seededRng('grind'))
    const proofs = proof as readonly Fields[]
    for (const k of [0, 7, 15]) {
      const ground = proofs.with(k, (fresh as readonly Fields[])[k] as Fields)
      expect(verify(statement, ground, SOME)).toBe(false)
    }
  })
})

describe('the mask of a product', () => {
  test('the mask in a product fills its range, and leans to no side', () => {
    const rng = seededRng('beta')
    const drawn = Array.from({ length: 4000 }, () => plusMinus(2n ** 1280n, rng))
    // 16 boxes of 250: chi-square with 15 degrees of freedom is above 37.7 once in a thousand times.
    const boxes = Array<number>(16).fill(0)
    for (const beta of drawn) {
      const box = Number((beta + 2n ** 1279n) >> 1276n)
      boxes[box] = (boxes[box] as number) + 1
    }
    expect(boxes.reduce((sum, count) => sum + (count - 250) ** 2 / 250, 0)).toBeLessThan(37.7)
    expect(drawn.filter((beta) => beta < 0n).length).toBeGreaterThan(1850)
    expect(drawn.filter((beta) => beta > 0n).length).toBeGreaterThan(1850)
  })
})

describe('Πdec', () => {
  test('a logarithm that is right modulo N and wrong modulo q is refused', () => {
    const subject = SUBJECTS.find(({ name }) => name === 'dec') as Subject
    const ctx = contextOf(subject, SOME)
    const { statement, witness } = proven(subject, 'wrap', {}, ctx)
    const { base } = statement as Parameters<typeof verifyDec>[1]
    for (const y of [(witness['y'] as bigint) + keys.N_i.N, (witness['y'] as bigint) - keys.N_i.N]) {
      const S = base.multiply(mod(y, q))
      const lie = { ...statement, S } as Parameters<typeof verifyDec>[1]
      const proof = proveDec(ctx, lie, { ...witness, y } as Parameters<typeof proveDec>[2], seededRng('wrap'))
      expect(verifyDec(ctx, lie, proof)).toBe(false)
    }
  })
})

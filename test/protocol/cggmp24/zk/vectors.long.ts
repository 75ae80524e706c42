/**
 * Vectors of an independent implementation (test/vectors/cggmp24.py): Paillier, ring-Pedersen parameters, and
 * every proof, whose bytes our provers give from the same randomness and our verifiers accept.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { describe, expect, test } from 'vitest'
import { codec, type Shape } from '../../../../src/protocol/core/codec.js'
import { type Point, secp256k1 } from '../../../../src/protocol/group/curve.js'
import { type Level, levelNamed } from '../../../../src/protocol/cggmp24/integers/level.js'
import { add, encrypt, paillier, times } from '../../../../src/protocol/cggmp24/integers/paillier.js'
import type { Pedersen, PedersenSecret } from '../../../../src/protocol/cggmp24/integers/pedersen.js'
import type { ProofContext } from '../../../../src/protocol/cggmp24/zk/context.js'
import { facShape, proveFac, verifyFac } from '../../../../src/protocol/cggmp24/zk/fac.js'
import { modShape, proveMod, verifyMod } from '../../../../src/protocol/cggmp24/zk/mod.js'
import { prmShape, provePrm, verifyPrm } from '../../../../src/protocol/cggmp24/zk/prm.js'
import type { Rng } from '../../../../src/protocol/core/session.js'
import { primesOf } from '../../../support/primes.js'
import { seededRng } from '../../../support/rng.js'
import vectors from '../../../vectors/cggmp24.json' with { type: 'json' }
import { hex, toHex } from '../../frost/party.js'
import { type Numbers, ownKeys, type Proof, type Statement, SUBJECTS } from './subjects.js'

const number = (digits: string): bigint =>
  digits.startsWith('-') ? -BigInt(`0x${digits.slice(1)}`) : BigInt(`0x${digits}`)

type Vector = (typeof vectors.proofs)[number]

/** How the proof of a vector is made, parsed and checked here. */
type Side<P> = {
  readonly shape: (level: Level) => Shape<P>
  readonly prove: (ctx: ProofContext, vector: Parsed, rng: Rng) => P
  readonly verify: (ctx: ProofContext, vector: Parsed, proof: P) => boolean
}

type Parsed = {
  readonly level: Level
  readonly statement: Statement
  readonly witness: Numbers
  /** The verifier's parameters. */
  readonly rp: Pedersen
}

const sides = new Map<string, Side<unknown>>()
const side = <P>(kind: string, of: Side<P>) => sides.set(kind, of as Side<unknown>)

for (const { name, shape, prove, verify } of SUBJECTS) {
  side<Proof>(name, {
    shape,
    prove: (ctx, { rp, statement, witness }, rng) => prove(ctx, rp, { statement, witness }, rng),
    verify: (ctx, { rp, statement }, proof) => verify(ctx, rp, statement, proof),
  })
}
side('fac', {
  shape: facShape,
  prove: (ctx, { rp, statement, witness }, rng) =>
    proveFac(ctx, rp, asFac(statement), witness as Parameters<typeof proveFac>[3], rng),
  verify: (ctx, { rp, statement }, proof) => verifyFac(ctx, rp, asFac(statement), proof),
})
side('mod', {
  shape: modShape,
  prove: (ctx, { level }, rng) => proveMod(ctx, ownKeys(1, level).secret, rng),
  verify: (ctx, { level }, proof) => verifyMod(ctx, { N: ownKeys(1, level).secret.key.N }, proof),
})
side('prm', {
  shape: prmShape,
  prove: (ctx, { level, witness }, rng) => {
    const { lambda, phi } = witness
    return provePrm(ctx, { public: ownKeys(1, level).rp, lambda, phi } as PedersenSecret, rng)
  },
  verify: (ctx, { level }, proof) => verifyPrm(ctx, ownKeys(1, level).rp, proof),
})

const asFac = (statement: Statement) => ({ N0: (statement['N0'] as { N: bigint }).N })

function parse({ level: name, statement, witness }: Vector): Parsed {
  const level = levelNamed(name)
  const parts = Object.entries(statement).map(([part, digits]): [string, Statement[string]] => {
    // Moduli of Paillier keys become keys; 33 bytes that begin as a point does are one: no number is so
    // short.
    if (/^N(0|_i|_j)?$/.test(part)) return [part, paillier(number(digits), level)]
    const isPoint = digits.length === 66 && digits.startsWith('0')
    return [part, isPoint ? secp256k1.parsePoint(hex(digits)) : number(digits)]
  })
  return {
    level,
    statement: Object.fromEntries(parts) as Record<string, bigint | Point>,
    witness: Object.fromEntries(Object.entries(witness).map(([part, digits]) => [part, number(digits)])),
    rp: ownKeys(2, level).rp,
  }
}

test('there is a vector of every proof at the test level, of the short ones at the real level too', () => {
  const kinds = (level: string) => vectors.proofs.filter((v) => v.level === level).map(({ kind }) => kind)
  expect(kinds('TEST_ONLY-2048').sort()).toEqual([...sides.keys()].sort())
  expect(kinds('cggmp24-3072').sort()).toEqual(['aff-g', 'elog', 'enc-elg', 'fac', 'sch'])
})

test.each(vectors.proofs)(
  'Π$kind, $level: the same proof, and it is accepted',
  (vector) => {
    const parsed = parse(vector)
    const ctx: ProofContext = {
      level: parsed.level,
      ssid: new Uint8Array(32).fill(0x51),
      epoch: new Uint8Array(32).fill(0xe9),
      prover: 1,
      verifier: vector.verifier,
      role: vector.role,
    }
    const { shape, prove, verify } = sides.get(vector.kind) as Side<unknown>
    const letter = codec(shape(parsed.level))
    const made = letter.encode(prove(ctx, parsed, seededRng(vector.seed)))
    // The long ones are not in the file; that ours hashes to the other's hash makes it the other's.
    const theirs = vector.proof === undefined ? made : hex(vector.proof)
    expect(toHex(sha256(theirs))).toBe(vector.sha256)
    expect(toHex(made)).toBe(toHex(theirs))
    expect(verify(ctx, parsed, letter.decode(theirs))).toBe(true)
    expect(verify({ ...ctx, role: 'other' }, parsed, letter.decode(theirs))).toBe(false)
  },
  300_000,
)

test.each(vectors.pedersen)('ring-Pedersen parameters of party $party, $level', ({ level, party, s, t }) => {
  const { rp } = ownKeys(party, levelNamed(level))
  expect([rp.s, rp.t]).toEqual([number(s), number(t)])
})

describe.each(['TEST_ONLY-2048', 'cggmp24-3072'])("Paillier's encryption, %s", (name) => {
  const level = levelNamed(name)
  const { secret } = ownKeys(1, level)
  const { p, q } = primesOf(1, level)
  const everybody = paillier(p * q, level)
  const rng = seededRng('blinds', name)

  test.each(vectors.paillier.filter((v) => v.level === name))('of $x', (vector) => {
    const [x, r, C, factor] = [vector.x, vector.r, vector.C, vector.factor].map(number) as [
      bigint,
      bigint,
      bigint,
      bigint,
    ]
    for (const key of [everybody, secret.key]) {
      expect(encrypt(key, x, r)).toBe(C)
      expect(times(key, C, factor)).toBe(number(vector.product))
      expect(add(key, C, C)).toBe(number(vector.doubled))
    }
    expect(secret.decrypt([C], rng)).toEqual([x])
    expect(secret.nonceOf(C, rng)).toBe(r)
    expect(secret.decrypt([number(vector.product)], rng)).toEqual([number(vector.product_plaintext)])
  })
})

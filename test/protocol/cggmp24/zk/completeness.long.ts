/** True statements are accepted, at the ends of their ranges too, whoever holds which keys. */
import { describe, expect, test } from 'vitest'
import { codec } from '../../../../src/protocol/core/codec.js'
import { tape } from '../../../../src/protocol/cggmp24/integers/integers.js'
import { TEST_ONLY } from '../../../../src/protocol/cggmp24/integers/level.js'
import { paillier } from '../../../../src/protocol/cggmp24/integers/paillier.js'
import { pedersen } from '../../../../src/protocol/cggmp24/integers/pedersen.js'
import { within } from '../../../../src/protocol/cggmp24/zk/common.js'
import { seededRng } from '../../../support/rng.js'
import { contextOf, FEW, keys, type Keys, proven, SUBJECTS } from './subjects.js'

/** The same keys as everybody sees them, through bytes. */
const publicKeys: Keys = {
  N_i: paillier(keys.N_i.N, TEST_ONLY),
  N_j: paillier(keys.N_j.N, TEST_ONLY),
  rp: pedersen(keys.rp.ring.modulus, keys.rp.s, keys.rp.t, TEST_ONLY),
}

describe.each(SUBJECTS)('Π$name', (subject) => {
  const { verify } = subject
  const bytes = codec(subject.shape(FEW))

  test('true statements are accepted, and their proofs are the same after a journey', () => {
    for (let seed = 0; seed < (subject.repeated ? 4 : 25); seed++) {
      const { ctx, statement, proof } = proven(subject, seed)
      const arrived = bytes.decode(bytes.encode(proof))
      expect(bytes.encode(arrived)).toEqual(bytes.encode(proof))
      expect(verify(ctx, keys.rp, statement, arrived)).toBe(true)
    }
  })

  test('witnesses at the ends of their ranges are proven', () => {
    for (const witness of subject.extremes) {
      const { ctx, statement, proof } = proven(subject, 'extreme', witness)
      expect([witness, verify(ctx, keys.rp, statement, proof)]).toEqual([witness, true])
    }
  })

  test('who knows the factors of a modulus and who does not make the same proof and accept the same', () => {
    const { ctx, statement, witness, proof } = proven(subject, 'keys')
    const seen = subject.build(publicKeys, seededRng('statement', subject.name, 'keys'))
    const rng = seededRng('proof', subject.name, 'keys')
    expect(seen.witness).toEqual(witness)
    expect(bytes.encode(subject.prove(ctx, publicKeys.rp, seen, rng))).toEqual(bytes.encode(proof))
    expect(verify(ctx, publicKeys.rp, seen.statement, proof)).toBe(true)
    expect(verify(ctx, keys.rp, statement, proof)).toBe(true)
  })

  test('the prover reads its tape to the end and not beyond', () => {
    const { ctx, statement, witness } = proven(subject, 'tape')
    const length = subject.tape(FEW)
    const prove = (bytes: Uint8Array) => subject.prove(ctx, keys.rp, { statement, witness }, tape(bytes))
    const random = seededRng('tape')(length)
    expect(verify(ctx, keys.rp, statement, prove(random))).toBe(true)
    if (length > 0) expect(() => prove(random.slice(1))).toThrow(RangeError)
  })
})

test.each(SUBJECTS.filter(({ repeated }) => repeated))('Π$name is repeated 128 times', (subject) => {
  const ctx = contextOf(subject, TEST_ONLY)
  const { statement, proof } = proven(subject, 'full', {}, ctx)
  const bytes = codec(subject.shape(TEST_ONLY))
  expect(proof).toHaveLength(128)
  expect(subject.verify(ctx, keys.rp, statement, bytes.decode(bytes.encode(proof)))).toBe(true)
})

test('±2^b is the half range, its ends included', () => {
  const end = 2n ** 767n
  expect([0n, 1n, -1n, end, -end].map((z) => within(z, 768))).toEqual([true, true, true, true, true])
  expect([end + 1n, -end - 1n, 2n * end, -(2n ** 4000n)].map((z) => within(z, 768))).toEqual(
    Array(4).fill(false),
  )
})

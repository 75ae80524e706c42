/**
 * A proof is for one level, run, epoch, prover, verifier and role, and for one verifier's parameters. That each part of the
 * statement is bound by the hash alone is in `hash.long.ts`.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encode } from '../../../../src/protocol/core/codec.js'
import type { Point } from '../../../../src/protocol/group/curve.js'
import { hashed } from '../../../../src/protocol/cggmp24/zk/common.js'
import type { ProofContext } from '../../../../src/protocol/cggmp24/zk/context.js'
import { contextOf, G, keys, ownKeys, proven, SOME, SUBJECTS } from './subjects.js'

const OTHERWISE: readonly [string, Partial<ProofContext>][] = [
  ['of another level', { level: { ...SOME, name: 'cggmp24-3072' } }],
  ['of another run', { ssid: new Uint8Array(32).fill(0x52) }],
  ['of a run with a shorter id', { ssid: new Uint8Array(31).fill(0x51) }],
  ['of an earlier epoch', { epoch: new Uint8Array(32).fill(0xe8) }],
  [
    'with run and epoch exchanged',
    { ssid: new Uint8Array(32).fill(0xe9), epoch: new Uint8Array(32).fill(0x51) },
  ],
  ['of another prover', { prover: 3 }],
  ['to another verifier', { verifier: 3 }],
  ['of the verifier to the prover', { prover: 2, verifier: 1 }],
  ['in another role: ψ0 for ψ1, ψ for ψ̂', { role: 'G' }],
  ['in no role', { role: '' }],
]

describe.each(SUBJECTS)('Π$name', (subject) => {
  const ctx = contextOf(subject, SOME)
  const { statement, proof } = proven(subject, 'bound', {}, ctx)

  test.each(OTHERWISE)('%s is refused', (_, changed) => {
    expect(subject.verify(ctx, keys.rp, statement, proof)).toBe(true)
    expect(subject.verify({ ...ctx, ...changed }, keys.rp, statement, proof)).toBe(false)
  })

  test('a proof to everybody is none to one of them, nor the reverse', () => {
    const verifier = subject.towards ? null : 2
    expect(subject.verify({ ...ctx, verifier }, keys.rp, statement, proof)).toBe(false)
  })
})

describe.each(SUBJECTS.filter(({ towards }) => towards))('Π$name', (subject) => {
  const { ctx, statement, proof } = proven(subject, 'towards')
  const { rp } = keys

  test('it is for one verifier: with any other parameters it is refused', () => {
    const others = [
      ownKeys(3).rp,
      { ...rp, s: ownKeys(3).rp.s % rp.ring.modulus },
      { ...rp, t: ownKeys(3).rp.t % rp.ring.modulus },
      { ...rp, s: rp.t, t: rp.s },
      { ...rp, ring: ownKeys(3).rp.ring },
    ]
    for (const other of others) expect(subject.verify(ctx, other, statement, proof)).toBe(false)
  })
})

describe('what is hashed', () => {
  const item = fc.oneof(
    fc.bigInt({ min: 0n, max: 2n ** 80n }),
    fc.constantFrom(0n, 1n, 255n, 256n, 2n ** 256n, BigInt(`0x02${'11'.repeat(32)}`)),
    fc.integer({ min: 1, max: 5 }).map((k): Point => G.multiply(BigInt(k))),
  )
  const name = (items: readonly (bigint | Point)[]) =>
    items.map((x) => (typeof x === 'bigint' ? `n${x}` : `p${x.toBytes().join('.')}`)).join()

  test('two lists with points in the same places have one encoding only if they are one list', () => {
    fc.assert(
      fc.property(fc.array(item, { maxLength: 4 }), fc.array(item, { maxLength: 4 }), (a, b) => {
        const kinds = (items: typeof a) => items.map((x) => typeof x).join()
        const same = encode([hashed(...a)]).join() === encode([hashed(...b)]).join()
        if (kinds(a) === kinds(b)) expect(same).toBe(name(a) === name(b))
        else if (a.length !== b.length) expect(same).toBe(false)
      }),
      { numRuns: 2000, seed: 20262 },
    )
  })

  test('a byte moved between neighbours, a list cut elsewhere, a zero more: other encodings', () => {
    const of = (...lists: bigint[][]) => encode(lists.map((list) => hashed(...list))).join()
    const all = [
      of([0x0102n, 0x03n], []),
      of([0x01n, 0x0203n], []),
      of([0x0102n], [0x03n]),
      of([], [0x0102n, 0x03n]),
      of([0x010203n], []),
      of([0n, 0x010203n], []),
      of([0x010203n, 0n], []),
      of([0x010203n], [0n]),
    ]
    expect(new Set(all).size).toBe(all.length)
  })

  test('there is no negative number in it', () => {
    expect(() => hashed(-1n)).toThrow(RangeError)
  })
})

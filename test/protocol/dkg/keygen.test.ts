import { describe, expect, test } from 'vitest'
import { SplitView } from '../../../src/protocol/core/abort.js'
import { keygen, keygenWith } from '../../../src/protocol/dkg/keygen.js'
import {
  commitmentLetter,
  commitTo,
  dealtLetter,
  type KeygenInput,
  MANNERS,
  type Opening,
  openingChecks,
  openingLetter,
  proofContext,
  publicResult,
} from '../../../src/protocol/dkg/keygen-public.js'
import { parseKeyShare } from '../../../src/protocol/sharing/key-share.js'
import { verifyKnowledge } from '../../../src/protocol/group/schnorr.js'
import { curveOf, isDerivable, publicKeyOf, SCHEMES } from '../../../src/protocol/group/scheme.js'
import { type PartyId, Session } from '../../../src/protocol/core/session.js'
import {
  evaluate,
  lagrange,
  type Polynomial,
  randomPolynomial,
} from '../../../src/protocol/sharing/polynomial.js'
import { seededRng } from '../../support/rng.js'
import { type Letter, outputs, sid, simulate, type Tamper } from '../../support/simulate.js'
import { BAD_POINTS, blamed, cheating, hex, keyOf, overhear, runKeygen, upTo } from '../frost/party.js'

const NOT_OPENED = 'opening is not what was committed to'
const LENGTH = 'vector does not have as many points as the threshold'
const NO_POINT = 'vector holds something that is not a point of the group'
const PROOF = 'proof of knowledge does not verify'
const CHAIN_CODE = 'chain code is missing, or there although the scheme has none'
const SHARE = "dealt share does not lie on the sender's polynomial"

const flip = (bytes: Uint8Array): Uint8Array => bytes.map((byte, i) => (i === 5 ? byte ^ 1 : byte))

describe.each(SCHEMES)('key generation, %s', (scheme) => {
  const curve = curveOf(scheme)
  const { Fn } = curve
  const input: KeygenInput = { scheme, threshold: 2 }
  const letter = openingLetter(scheme)
  const sessionOf = (party: PartyId, n = 3) => new Session(sid, party, upTo(n))

  /** The letter of a party when all are honest; it depends on its own seed only. */
  const honest = overhear((tamper) => runKeygen(input, 3, { tamper }))
  const openingOf = (party: PartyId): Opening => letter.decode(honest('open', party))

  /** A cheater that commits to an altered opening, so that what is wrong in it is all that is wrong. */
  const opens =
    (alter: (opening: Opening) => Opening) =>
    ({ round, from, kind, body }: Letter): Uint8Array => {
      const altered = alter(openingOf(from))
      if (round === 'commit') return commitmentLetter.encode(commitTo(sessionOf(from), input, from, altered))
      return round === 'open' && kind === 'broadcast' ? letter.encode(altered) : body
    }

  const blamesOf = (tamper: Tamper, honestParties = [1, 3]) => {
    const outcomes = runKeygen(input, 3, { tamper })
    return honestParties.map((party) => blamed(outcomes.get(party)))
  }
  const everybodyBlames2 = (reason: string) => [[[2, 'witnessed', reason]], [[2, 'witnessed', reason]]]

  test.each([
    [2, 2],
    [2, 3],
    [3, 5],
    [5, 5],
  ])('%d of %d', (threshold, n) => {
    const outcomes = outputs(runKeygen({ scheme, threshold }, n))
    const first = outcomes.get(1)
    expect(outcomes.size).toBe(n)
    for (const [index, output] of outcomes) {
      expect(output.groupPoint).toEqual(first?.groupPoint)
      expect(output.publicShares).toEqual(first?.publicShares)
      expect(output.chainCode).toEqual(first?.chainCode)
      expect(parseKeyShare({ scheme, threshold, index, ...output }).index).toBe(index)
    }
    expect(first?.groupPoint).toHaveLength(scheme === 'eddsa-ed25519' ? 32 : 33)
    expect(first?.chainCode?.length).toBe(isDerivable(scheme) ? 32 : undefined)
    const publicKey = publicKeyOf(scheme, first?.groupPoint as Uint8Array)
    expect(publicKey).toHaveLength(scheme === 'ecdsa-secp256k1' ? 33 : 32)

    const secretOf = (indices: readonly PartyId[]) =>
      indices.reduce((sum, index) => {
        const x = curve.parseScalar(outcomes.get(index)?.share.reveal() as Uint8Array)
        return Fn.add(sum, Fn.mul(lagrange(curve, index, indices), x))
      }, 0n)
    const whole = secretOf(upTo(n).slice(-threshold))
    expect(curve.timesG(whole).toBytes()).toEqual(first?.groupPoint)
    expect(secretOf(upTo(threshold))).toBe(whole)
    expect(secretOf(upTo(threshold - 1))).not.toBe(whole)
  })

  test('takes no more rounds than the plain protocol with its echo, and for ECDSA one of proofs', () => {
    const rounds = new Set<string>()
    runKeygen(input, 2, {
      tamper: ({ round, body }) => {
        rounds.add(round)
        return body
      },
    })
    const proves = scheme === 'ecdsa-secp256k1' ? ['prove'] : []
    expect([...rounds]).toEqual(['commit', 'commit.echo', 'open', ...proves])
  })

  test('the chain code is the sum of all contributions', () => {
    const contributions = [1, 2, 3].map((party) => openingOf(party).chainCode)
    const expected =
      scheme === 'eddsa-ed25519'
        ? null
        : contributions.reduce((a, b) => a && a.map((byte, k) => byte ^ (b?.[k] as number)))
    expect(outputs(runKeygen(input, 3)).get(2)?.chainCode).toEqual(expected)
  })

  test.each<[string, (opening: Opening, other: Opening) => Opening]>([
    ['the vector (a last mover who adapts)', (opening, other) => ({ ...opening, F: other.F })],
    ['the proof', (opening, other) => ({ ...opening, proof: other.proof })],
    ['the blinding', (opening) => ({ ...opening, u: flip(opening.u) })],
    ['the chain code', (opening) => ({ ...opening, chainCode: opening.u.slice(0, 32) })],
  ])('who opens other than it committed is named: %s', (_, alter) => {
    const tamper = cheating([1, 2, 3], {
      2: ({ round, kind, body }) =>
        round === 'open' && kind === 'broadcast'
          ? letter.encode(alter(letter.decode(body), openingOf(1)))
          : body,
    })
    expect(blamesOf(tamper)).toEqual(everybodyBlames2(NOT_OPENED))
  })

  test.each<[string, string, (opening: Opening) => Opening]>([
    ['a vector of t - 1', LENGTH, (o) => ({ ...o, F: o.F.slice(0, -1) })],
    ['a vector of t + 1', LENGTH, (o) => ({ ...o, F: [...o.F, o.F[0] as Uint8Array] })],
    ['no vector', LENGTH, (o) => ({ ...o, F: [] })],
    [
      'another commitment in the proof',
      PROOF,
      (o) => ({ ...o, proof: { ...o.proof, R: o.F[1] as Uint8Array } }),
    ],
    ['another answer in the proof', PROOF, (o) => ({ ...o, proof: { ...o.proof, z: flip(o.proof.z) } })],
    [
      'an answer beyond the order',
      PROOF,
      (o) => ({ ...o, proof: { ...o.proof, z: o.proof.z.map(() => 255) } }),
    ],
    [
      'a proof of zeros',
      PROOF,
      (o) => ({ ...o, proof: { R: o.proof.R.map(() => 0), z: o.proof.z.map(() => 0) } }),
    ],
    ['no commitment in the proof', PROOF, (o) => ({ ...o, proof: { ...o.proof, R: new Uint8Array() } })],
    [
      'a proof for another constant',
      PROOF,
      (o) => ({ ...o, F: [o.F[1] as Uint8Array, o.F[1] as Uint8Array] }),
    ],
    ['another coefficient', SHARE, (o) => ({ ...o, F: [o.F[0] as Uint8Array, o.F[0] as Uint8Array] })],
    [
      'a chain code where none belongs, or none where one does',
      CHAIN_CODE,
      (o) => ({
        ...o,
        chainCode: o.chainCode === null ? o.u.slice(0, 32) : null,
      }),
    ],
  ])('who commits to and opens %s is named', (_, reason, alter) => {
    expect(blamesOf(cheating([1, 2, 3], { 2: opens(alter) }))).toEqual(everybodyBlames2(reason))
  })

  test.each(BAD_POINTS[scheme])('who opens %s as a point is named', (_, encoded) => {
    for (const at of [0, 1]) {
      const alter = (o: Opening) => ({ ...o, F: o.F.map((phi, k) => (k === at ? hex(encoded) : phi)) })
      expect(blamesOf(cheating([1, 2, 3], { 2: opens(alter) }), [1])).toEqual([[[2, 'witnessed', NO_POINT]]])
    }
  })

  test('a proof from another session is refused', () => {
    const elsewhere = new Uint8Array(32).fill(8)
    // The same polynomials in both, so that nothing but the session differs.
    const run = (options: { sid?: Uint8Array; tamper: Tamper }) =>
      simulate([1, 2, 3], (session) => keygenWith(session, input, seededRng('keygen', session.self)), options)
    const heard = overhear((tamper) => run({ sid: elsewhere, tamper }))
    const { F, proof } = letter.decode(heard('open', 2))
    const here = letter.decode(overhear((tamper) => run({ tamper }))('open', 2))
    const context = proofContext(new Session(elsewhere, 2, [1, 2, 3]), input)
    const holds = verifyKnowledge(curve, context, F[0] as Uint8Array, proof, MANNERS[scheme].challenge(2))
    expect(holds).toBe(true)
    expect(F).toEqual(here.F)
    const outcomes = run({ tamper: cheating([1, 2, 3], { 2: opens((opening) => ({ ...opening, proof })) }) })
    expect([1, 3].map((party) => blamed(outcomes.get(party)))).toEqual(everybodyBlames2(PROOF))
  })

  test("another party's vector and proof, opened as one's own, are refused", () => {
    const { F, proof } = openingOf(1)
    const tamper = cheating([1, 2, 3], { 2: opens((opening) => ({ ...opening, F, proof })) })
    expect(blamesOf(tamper)).toEqual(everybodyBlames2(PROOF))
  })

  test("another's commitment sent again: its owner knows the copier, others name both", () => {
    const tamper = cheating([1, 2, 3], {
      2: ({ round, body }) => (round === 'commit' ? honest('commit', 1) : body),
    })
    const reason = 'commitment is the copy of another'
    expect(blamesOf(tamper)).toEqual([
      [[2, 'witnessed', reason]],
      [
        [1, 'pair', reason],
        [2, 'pair', reason],
      ],
    ])
  })

  test.each<[string, (share: Uint8Array) => Uint8Array]>([
    ['another share', (share) => curve.scalarBytes(Fn.add(curve.parseScalar(share), 1n))],
    ['zero', (share) => share.map(() => 0)],
    ['no scalar', (share) => share.map(() => 255)],
  ])('a bad share to one party only is seen by that party: %s', (_, alter) => {
    const outcomes = runKeygen(input, 3, {
      tamper: ({ from, to, kind, body }) =>
        kind === 'direct' && from === 2 && to === 1
          ? dealtLetter.encode(alter(dealtLetter.decode(body)))
          : body,
    })
    expect(blamed(outcomes.get(1))).toEqual([[2, 'witnessed', SHARE]])
    expect(outcomes.get(3)).toMatchObject({ ended: scheme === 'ecdsa-secp256k1' ? 'waiting' : 'done' })
  })

  test('two cheaters in one round are both named, each for its own', () => {
    const proves = opens((opening) => ({ ...opening, proof: openingOf(1).proof }))
    const tamper = cheating([1, 2, 3], {
      2: proves,
      3: ({ kind, body }) => (kind === 'direct' ? dealtLetter.encode(flip(dealtLetter.decode(body))) : body),
    })
    expect(blamesOf(tamper, [1])).toEqual([
      [
        [2, 'witnessed', PROOF],
        [3, 'witnessed', SHARE],
      ],
    ])
  })

  test('two commitments of one party split the view and accuse nobody', () => {
    const outcomes = runKeygen(input, 3, {
      tamper: ({ round, from, to, body }) =>
        round === 'commit' && from === 2 && to === 3 ? commitmentLetter.encode(new Uint8Array(32)) : body,
    })
    for (const party of [1, 2, 3]) {
      const outcome = outcomes.get(party)
      expect(outcome?.ended === 'failed' && outcome.error).toBeInstanceOf(SplitView)
    }
  })

  test('a commitment is of its party: the same words of another are not what it committed to', () => {
    const session = new Session(sid, 1, [1, 2, 3])
    const V = commitTo(session, input, 1, openingOf(1))
    const opens = openingChecks(session, input, new Map([1, 2].map((party) => [party, V])))[NOT_OPENED]
    const own = { opening: openingOf(1), F: null }
    expect([opens?.(own, 1), opens?.(own, 2)]).toEqual([true, false])
  })

  test.each<[string, (f1: Polynomial) => Polynomial]>([
    ['cancel', (f1) => f1.map((a) => Fn.neg(a))],
    ['cancel in one share', (f1) => [7n, Fn.sub(Fn.neg(evaluate(curve, f1, 1)), 7n)]],
    ['cancel in the group point', ([a0]) => [Fn.neg(a0 as bigint), 7n]],
    ['cancel in the other coefficient', ([, a1]) => [7n, Fn.neg(a1 as bigint)]],
  ])('contributions that %s give no key, and no accusation', (_, adapted) => {
    // As if party 2 had guessed party 1's polynomial before it was opened.
    const f1 = randomPolynomial(curve, 2, seededRng('keygen', 1))
    const f2 = adapted(f1)
    let fed = 0
    // Party 2 run honestly on a generator that yields this polynomial.
    const rigged = (length: number): Uint8Array => {
      const wide = seededRng('rigged', fed)(length)
      if (fed < 2) {
        // 48 bytes reduce to 1 + (value mod order - 1).
        const value = (f2[fed] as bigint) - 1n
        const digits = value.toString(16).padStart(96, '0')
        wide.set(curve.name === 'ed25519' ? hex(digits).reverse() : hex(digits))
      }
      fed++
      return wide
    }
    const outcomes = simulate([1, 2], (session) =>
      keygenWith(session, input, session.self === 2 ? rigged : seededRng('keygen', 1)),
    )
    for (const party of [1, 2]) {
      const outcome = outcomes.get(party)
      expect(outcome?.ended === 'failed' && outcome.error).toMatchObject({
        name: 'Error',
        message: expect.stringContaining('unusable key'),
      })
    }
  })

  test.each<[string, PartyId[], number]>([
    ['a threshold of 1', [1, 2, 3], 1],
    ['more than there are', [1, 2, 3], 4],
    ['half a party', [1, 2, 3], 2.5],
    ['indices with a gap', [1, 3], 2],
    ['indices from 2', [2, 3], 2],
  ])('no key is made with %s', (_, parties, threshold) => {
    const self = parties[0] as PartyId
    const run = keygen(new Session(sid, self, parties), { scheme, threshold }, seededRng('none'))
    expect(() => run.next(undefined as never)).toThrow(RangeError)
  })

  describe('the public result, recomputed from the letters', () => {
    const letters = (round: string) => new Map(upTo(3).map((party) => [party, honest(round, party)]))
    const said = new Map(
      ['commit', 'open', ...(scheme === 'ecdsa-secp256k1' ? ['prove'] : [])].map((r) => [r, letters(r)]),
    )
    const resultOf = (
      rounds: ReadonlyMap<string, ReadonlyMap<PartyId, Uint8Array>>,
      session = sessionOf(1),
    ) => publicResult(session, input, rounds)

    test('is what every party has', () => {
      for (const { share: _, ...output } of outputs(runKeygen(input, 3)).values()) {
        expect(resultOf(said)).toEqual(output)
      }
    })

    test('is of one run and one input', () => {
      expect(resultOf(said, new Session(new Uint8Array(32).fill(8), 1, upTo(3)))).toBeNull()
      expect(publicResult(sessionOf(1), { scheme, threshold: 3 }, said)).toBeNull()
      const other = SCHEMES.find((each) => each !== scheme) as (typeof SCHEMES)[number]
      expect(publicResult(sessionOf(1), { scheme: other, threshold: 2 }, said)).toBeNull()
    })

    test('needs every letter as it was', () => {
      for (const [round, those] of said) {
        const without = new Map(said)
        without.delete(round)
        expect(resultOf(without)).toBeNull()
        for (const [party, body] of those) {
          const kept = [...those].filter(([other]) => other !== party)
          expect(resultOf(new Map([...said, [round, new Map(kept)]]))).toBeNull()
          for (let at = 0; at < body.length; at += 7) {
            const changed = body.map((byte, i) => (i === at ? byte ^ 1 : byte))
            const among = new Map([...kept, [party, changed] as const])
            expect(resultOf(new Map([...said, [round, among]]))).toBeNull()
          }
        }
      }
    })

    test.each<[string, (opening: Opening) => Opening]>([
      ['a vector of t + 1', (o) => ({ ...o, F: [...o.F, o.F[0] as Uint8Array] })],
      ['an empty vector', (o) => ({ ...o, F: [] })],
      ['a proof for another constant', (o) => ({ ...o, F: [o.F[1] as Uint8Array, o.F[1] as Uint8Array] })],
      ['no proof', (o) => ({ ...o, proof: { ...o.proof, R: new Uint8Array() } })],
      ['no chain code, or one too many', (o) => ({ ...o, chainCode: o.chainCode ? null : o.u.slice(0, 32) })],
    ])('is none of %s, though it was committed to', (_, alter) => {
      const altered = alter(openingOf(2))
      const V = commitmentLetter.encode(commitTo(sessionOf(2), input, 2, altered))
      const rounds = new Map([
        ...said,
        ['commit', new Map([...letters('commit'), [2, V]])],
        ['open', new Map([...letters('open'), [2, letter.encode(altered)]])],
      ])
      expect(resultOf(rounds)).toBeNull()
    })
  })

  test('two runs of the same parties make two keys', () => {
    const [a, b] = ['one', 'two'].map((seed) => keyOf(scheme, 2, 2, seed).get(1)?.groupPoint)
    expect(a).not.toEqual(b)
  })
})

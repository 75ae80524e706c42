/** Attacks on presigning, one cheater or more, with the exact blame. Single fields are in `matrix.ts`. */
import { describe, expect, test } from 'vitest'
import { SplitView } from '../../../../src/protocol/core/abort.js'
import { auxPublicShape } from '../../../../src/protocol/cggmp24/auxiliary/data.js'
import { abs, fromBytes, q, toBytes } from '../../../../src/protocol/cggmp24/integers/integers.js'
import { TEST_ONLY } from '../../../../src/protocol/cggmp24/integers/level.js'
import { encrypt, PaillierSecret } from '../../../../src/protocol/cggmp24/integers/paillier.js'
import { pedersen } from '../../../../src/protocol/cggmp24/integers/pedersen.js'
import { committedCodec, masksCodec } from '../../../../src/protocol/cggmp24/presign/jobs.js'
import { presignWith } from '../../../../src/protocol/cggmp24/presign/presign.js'
import { presignLetters, presignShapes, ROUND } from '../../../../src/protocol/cggmp24/presign/letters.js'
import { additiveShare, type EcdsaKey, signersOf } from '../../../../src/protocol/cggmp24/presign/signers.js'
import { contextShape } from '../../../../src/protocol/cggmp24/zk/context.js'
import { encElgShape, proveEncElg } from '../../../../src/protocol/cggmp24/zk/enc-elg.js'
import type { Value } from '../../../../src/protocol/core/codec.js'
import type { PartyId } from '../../../../src/protocol/core/session.js'
import { seededRng } from '../../../support/rng.js'
import { type Letter, simulate, type Tamper } from '../../../support/simulate.js'
import { blamed, cheating, hex, overhear } from '../../frost/party.js'
import { fieldsOf, inputOf, withFields } from '../cheats.js'
import { dealt, type Meddle, message, onceEach, runSign } from '../signing.js'

const PSI0 = 'proof that k is small (ψ0) does not verify'
const PSI1 = 'proof that γ is small (ψ1) does not verify'
const PSI = 'proof for its answer with γ (ψ) does not verify'
const PSI_HAT = 'proof for its answer with x (ψ̂) does not verify'
const PSI_TILDE = 'proof for its share of Γ (ψ̃) does not verify'
const PSI_PRIME = "proof for its Δ (ψ') does not verify"

const keys = dealt(3, 5)
const quorum: readonly PartyId[] = [1, 3, 4]
const letter = presignLetters(TEST_ONLY, quorum.length)
const heard = overhear((tamper) => runSign(keys, quorum, { tamper }))

/** Alters one party's letters of a round, alike towards everybody. */
const alters =
  (round: string, kind: Letter['kind'], change: (body: Uint8Array, letter: Letter) => Uint8Array) =>
  (sent: Letter): Uint8Array =>
    sent.round === round && sent.kind === kind ? change(sent.body, sent) : sent.body

const blamesOf = (
  honest: readonly PartyId[],
  options: { readonly tamper?: Tamper; readonly meddle?: Readonly<Record<PartyId, Meddle>> },
) => {
  const outcomes = runSign(keys, quorum, options)
  return honest.map((party) => blamed(outcomes.get(party)))
}
const cheats = (cheaters: Parameters<typeof cheating>[1]) => ({ tamper: cheating(quorum, cheaters) })
const both = (party: PartyId, reason: string) => [
  [[party, 'witnessed', reason]],
  [[party, 'witnessed', reason]],
]

/** The proof as it is towards another verifier, or of another party. */
const dealtBy = (round: string, from: PartyId, to: PartyId) => heard(round, from, to)

describe('each proof stands for itself', () => {
  test.each<[string, string, string, string]>([
    [ROUND.first, 'psi0', 'psi1', PSI0],
    [ROUND.first, 'psi1', 'psi0', PSI1],
    [ROUND.second, 'psi', 'psiHat', PSI],
    [ROUND.second, 'psiHat', 'psi', PSI_HAT],
  ])('%s: %s replaced by %s', (round, one, other, reason) => {
    const swapped = alters(round, 'direct', (body) =>
      withFields(body, { [one]: fieldsOf(body).get(other) as Value }),
    )
    expect(blamesOf([1, 4], cheats({ 3: swapped }))).toEqual(both(3, reason))
  })

  test.each<[string, string]>([
    [ROUND.first, PSI0],
    [ROUND.second, PSI],
  ])('%s: both swapped name the cheater with the first', (round, reason) => {
    const swapped = alters(round, 'direct', (body) => {
      const [[a, x], [b, y]] = [...fieldsOf(body)] as [[string, Value], [string, Value]]
      return withFields(body, { [a]: y, [b]: x })
    })
    expect(blamesOf([1, 4], cheats({ 3: swapped }))).toEqual(both(3, reason))
  })

  test.each<[string, string]>([
    [ROUND.first, PSI0],
    [ROUND.second, PSI],
  ])('%s: the proofs made for another verifier do not convince this one', (round, reason) => {
    const misdirected = alters(round, 'direct', (_, { to }) => dealtBy(round, 3, to === 1 ? 4 : 1))
    expect(blamesOf([1, 4], cheats({ 3: misdirected }))).toEqual(both(3, reason))
  })

  test('in one round everybody who fails a proof is named, each with its own', () => {
    const bad = (name: string, from: string) =>
      alters(ROUND.second, 'direct', (body) =>
        withFields(body, { [name]: fieldsOf(body).get(from) as Value }),
      )
    expect(blamesOf([1], cheats({ 3: bad('psi', 'psiHat'), 4: bad('psiHat', 'psi') }))).toEqual([
      [
        [3, 'witnessed', PSI],
        [4, 'witnessed', PSI_HAT],
      ],
    ])
  })

  test('a bad proof to one party only: that one names it, the others hear no more', () => {
    const outcomes = runSign(keys, quorum, {
      tamper: (sent) =>
        sent.round === ROUND.second && sent.kind === 'direct' && sent.from === 3 && sent.to === 4
          ? withFields(sent.body, { psi: fieldsOf(sent.body).get('psiHat') as Value })
          : sent.body,
    })
    expect(blamed(outcomes.get(4))).toEqual([[3, 'witnessed', PSI]])
    expect(outcomes.get(1)).toEqual({ ended: 'waiting', round: ROUND.third })
  })
})

describe('sessions and copies', () => {
  const elsewhere = overhear((tamper) =>
    runSign(keys, quorum, { tamper, seed: 'other', sid: new Uint8Array(32).fill(9) }),
  )

  test.each<[string, string]>([
    [ROUND.first, PSI0],
    [ROUND.second, PSI_TILDE],
    [ROUND.third, PSI_PRIME],
  ])('%s: all that a party said in another session, said again', (round, reason) => {
    const replayed = (sent: Letter) =>
      sent.round === round ? elsewhere(round, 3, sent.kind === 'direct' ? sent.to : undefined) : sent.body
    expect(blamesOf([1, 4], cheats({ 3: replayed }))).toEqual(both(3, reason))
  })

  test.each([ROUND.first, ROUND.second, ROUND.third])(
    '%s: all that another party said in this one, said again',
    (round) => {
      // To 1 it says what 1 heard of 4; to 4 what 4 heard of 1.
      const source = (to: PartyId) => (to === 1 ? 4 : 1)
      const copied = (sent: Letter) => {
        if (sent.round !== round) return sent.body
        return sent.kind === 'direct' ? heard(round, source(sent.to), sent.to) : heard(round, 4)
      }
      const [[blame]] = blamesOf([1], cheats({ 3: copied })) as [[[PartyId, string, string]]]
      expect(blame.slice(0, 2)).toEqual([3, 'witnessed'])
    },
  )

  test.each([ROUND.first, ROUND.second, ROUND.third])(
    '%s: two letters of one party split the view, and nobody goes on',
    (round) => {
      const rounds = new Set<string>()
      const outcomes = runSign(keys, quorum, {
        tamper: (sent) => {
          rounds.add(sent.round)
          const split = sent.round === round && sent.kind === 'broadcast' && sent.from === 3 && sent.to === 4
          return split ? elsewhere(round, 3) : sent.body
        },
      })
      for (const party of quorum) {
        const outcome = outcomes.get(party)
        expect(outcome?.ended === 'failed' && outcome.error).toBeInstanceOf(SplitView)
      }
      expect([...rounds].at(-1)).toBe(`${round}.echo`)
    },
  )
})

describe('shares of Γ, δ and Δ', () => {
  const second = (party: PartyId) => letter.second.decode(heard(ROUND.second, party))
  const third = (party: PartyId) => letter.third.decode(heard(ROUND.third, party))
  const gammaSays = (Gamma: (own: ReturnType<typeof second>) => ReturnType<typeof second>) =>
    alters(ROUND.second, 'broadcast', (body) => letter.second.encode(Gamma(letter.second.decode(body))))
  const thirdSays = (change: (own: ReturnType<typeof third>) => ReturnType<typeof third>) =>
    alters(ROUND.third, 'broadcast', (body) => letter.third.encode(change(letter.third.decode(body))))

  test('who chooses its Γ so that the sum is the identity is named', () => {
    const cancelling = gammaSays((own) => ({ ...own, Gamma: second(1).Gamma.add(second(4).Gamma).negate() }))
    expect(blamesOf([1, 4], cheats({ 3: cancelling }))).toEqual(both(3, PSI_TILDE))
  })

  test("who says another's Γ, with its proof, is named", () => {
    const { Gamma, psiTilde } = second(1)
    expect(blamesOf([1, 4], cheats({ 3: gammaSays((own) => ({ ...own, Gamma, psiTilde })) }))).toEqual(
      both(3, PSI_TILDE),
    )
  })

  test('who says another Δ than that of its k is named', () => {
    const { Delta } = third(1)
    expect(blamesOf([1, 4], cheats({ 3: thirdSays((own) => ({ ...own, Delta })) }))).toEqual(
      both(3, PSI_PRIME),
    )
  })

  test('who says that its share of δ is zero is named', () => {
    expect(blamesOf([1, 4], cheats({ 3: thirdSays((own) => ({ ...own, delta: 0n })) }))).toEqual(
      both(3, 'share of δ is zero'),
    )
  })

  test.each<[string, (delta: bigint) => bigint]>([
    ['one more than it is', (delta) => delta + 1n],
    ['that makes δ zero', () => 2n * q - third(1).delta - third(4).delta],
  ])('a share of δ that is %s leads nobody to sign, but to ask who it was', (_, change) => {
    const lie = thirdSays((own) => ({ ...own, delta: change(own.delta) % q }))
    const outcomes = runSign(keys, quorum, {
      ...cheats({ 3: lie }),
      jobs: (job) => {
        // Blame itself is for `blame.long.ts`.
        if (job.name.startsWith('blame/')) throw new Error('it asks who it was')
        return onceEach(job)
      },
    })
    for (const party of [1, 4]) {
      expect(outcomes.get(party)).toMatchObject({ ended: 'failed', error: { message: 'it asks who it was' } })
    }
  })
})

describe('ranges', () => {
  test('a K that encrypts more than a nonce is refused, though all but the range of its proof holds', () => {
    const answers: bigint[] = []
    const outcomes = runSign(keys, quorum, { meddle: { 3: withLargeK(answers) } })
    const [bound, limit] = [2n ** 767n, 2n ** 768n]
    // Out of the range that proves something, and in that of what can be written at all.
    for (const z1 of answers) expect(bound < z1 && z1 < limit).toBe(true)
    expect(answers).toHaveLength(2)
    expect(blamed(outcomes.get(1))).toEqual([[3, 'witnessed', PSI0]])
    expect(blamed(outcomes.get(4))).toEqual([[3, 'witnessed', PSI0]])
  })

  /** K encrypts k + 2^256 q, the same modulo q, and ψ0 is made by the book. Its answers z1 are kept. */
  function withLargeK(answers: bigint[]): Meddle {
    const inflated = (x: bigint) => x + (q << 256n)
    return (job, honest) => {
      const result = honest(job)
      if (job.name !== 'presign/encrypt-nonces' && job.name !== 'presign/prove-nonces') return result
      const given = inputOf(job)
      const bytes = (name: string) => given.get(name) as Uint8Array
      const { x, rho, b } = committedCodec.decode(bytes('k'))
      const N0 = new PaillierSecret(fromBytes(bytes('p')), fromBytes(bytes('q'))).key
      if (job.name === 'presign/encrypt-nonces') {
        return withFields(result, { K: toBytes(encrypt(N0, inflated(x), rho)) })
      }
      const context = { ...contextShape.parse(given.get('context') as Value, ''), role: 'K' }
      const { Nhat, s, t } = auxPublicShape(TEST_ONLY).parse(given.get('verifier') as Value, '')
      const { K, Y, A1, A2 } = presignShapes.first(TEST_ONLY).parse(given.get('first') as Value, '')
      const statement = { N0, C: K, A: Y, B: A1, X: A2 }
      const rp = pedersen(Nhat, s, t, TEST_ONLY)
      // Its challenge is uniform: of a few tries one answer is small enough to be written.
      for (let tries = 0; ; tries++) {
        const rng = seededRng('large', context.verifier, tries)
        const psi0 = proveEncElg(context, rp, statement, { x: inflated(x), rho, b }, rng)
        if (abs(psi0.z1) >= 2n ** 768n || abs(psi0.z1) <= 2n ** 767n) continue
        answers.push(abs(psi0.z1))
        const form = encElgShape(TEST_ONLY).form(psi0)
        return withFields(result, { psi0: form })
      }
    }
  }

  test('what hides the products is drawn from the whole of its range', () => {
    const betas: bigint[] = []
    runSign(keys, quorum, {
      jobs: (job) => {
        if (job.name === 'presign/answer-ciphertext') {
          const { beta, betaHat } = masksCodec.decode(inputOf(job).get('masks') as Uint8Array)
          betas.push(beta, betaHat)
        }
        return onceEach(job)
      },
    })
    const half = 2n ** 1279n
    expect(new Set(betas).size).toBe(12)
    for (const beta of betas) expect(abs(beta) <= half).toBe(true)
    // Each is in the outer half of the range with probability 1/2, of either sign.
    expect(betas.filter((beta) => abs(beta) > half / 2n).length).toBeGreaterThan(1)
    expect(betas.filter((beta) => beta < 0n).length).toBeGreaterThan(1)
    expect(betas.filter((beta) => beta > 0n).length).toBeGreaterThan(1)
  })
})

test('shares of Γ that cancel make no presignature, and nobody is blamed', () => {
  // As if γ of one were known to the other before it was fixed: the fourth draw of each is its γ, 48 bytes.
  const two = dealt(2, 2)
  const gammas = [5n, q - 5n]
  const outcomes = simulate(
    [1, 2],
    (session) => {
      const own = two.get(session.self) as EcdsaKey
      const random = seededRng('cancelling', session.self)
      let draws = 0
      const rng = (length: number): Uint8Array => {
        if (++draws !== 4) return random(length)
        expect(length).toBe(48)
        // 48 bytes reduce to 1 + (value mod order - 1).
        return hex(((gammas[session.self - 1] as bigint) - 1n).toString(16).padStart(96, '0'))
      }
      const signers = signersOf(session, own, message)
      return presignWith(session, own, { signers, x: additiveShare(session, own), rng })
    },
    { jobs: onceEach },
  )
  for (const party of [1, 2]) {
    const outcome = outcomes.get(party)
    expect(outcome?.ended === 'failed' && outcome.error).toMatchObject({
      name: 'Error',
      message: expect.stringContaining('Γ is the identity, which happens by chance alone'),
    })
  }
})

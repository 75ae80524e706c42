/** Blame for a broken signing, by its signers and by readers of the transcript. More in `blame.slow.ts`. */
import { describe, expect, test } from 'vitest'
import type { Rounds } from '../../../../src/protocol/core/rounds.js'
import { TEST_ONLY } from '../../../../src/protocol/cggmp24/integers/level.js'
import {
  questionsTo,
  type Shown,
  shownChecks,
  shownLetter,
} from '../../../../src/protocol/cggmp24/presign/blame.js'
import { sumOfGammas } from '../../../../src/protocol/cggmp24/presign/checks.js'
import { presignLetters, ROUND, sigmaLetter } from '../../../../src/protocol/cggmp24/presign/letters.js'
import { type EcdsaKey, signersOf } from '../../../../src/protocol/cggmp24/presign/signers.js'
import { CodecError } from '../../../../src/protocol/core/codec.js'
import { secp256k1 } from '../../../../src/protocol/group/curve.js'
import { type PartyId, Session } from '../../../../src/protocol/core/session.js'
import { type Letter, sid, type Tamper } from '../../../support/simulate.js'
import { blamed, cheating, overhear } from '../../frost/party.js'
import { transcribed, verifyFailure, wrongSum } from '../cheats.js'
import { dealt, type Meddle, message, onceEach, runSign } from '../signing.js'

const SUM = 'its sum is not of what it answered and was answered'
const keys = dealt(3, 5)
const quorum: readonly PartyId[] = [1, 3, 4]
const letter = presignLetters(TEST_ONLY, 3)

/** Costs of the failure phase for one of two: its own proofs, and those of the other. */
const EACH_ONCE = ['blame/prove-answer', 'blame/prove-sum', 'blame/verify-answer', 'blame/verify-sum']

const session = new Session(sid, 1, quorum)
const key = (from = keys) => from.get(1) as EcdsaKey
const verdictOf = (rounds: Rounds) =>
  verifyFailure(session, key(), message, rounds, onceEach).map(({ party, round, kind, reason }) => [
    party,
    round,
    kind,
    reason,
  ])

/** The transcript of a run in which a cheater sends other letters. */
const transcript = (tamper?: Tamper) =>
  transcribed(1, (heard) => runSign(keys, quorum, { tamper: heard }), tamper)
const alters =
  (round: string, change: (body: Uint8Array) => Uint8Array) =>
  (sent: Letter): Uint8Array =>
    sent.round === round && sent.kind === 'broadcast' ? change(sent.body) : sent.body

test('with two parties, who lies of its share of kγ is named by the other, and by the transcript', () => {
  const two = dealt(2, 2)
  let outcomes: ReturnType<typeof runSign> | undefined
  const asked: string[] = []
  const counting: Meddle = (job, run) => {
    asked.push(job.name)
    return run(job)
  }
  const rounds = transcribed(1, (tamper) => {
    outcomes = runSign(two, [1, 2], { tamper, meddle: { 1: counting, 2: wrongSum('share') } })
  })
  expect(blamed(outcomes?.get(1))).toEqual([[2, 'witnessed', SUM]])
  expect(asked.filter((name) => name.startsWith('blame/')).sort()).toEqual(EACH_ONCE)
  expect(verifyFailure(new Session(sid, 1, [1, 2]), key(two), message, rounds, onceEach)).toMatchObject([
    { party: 2, round: 'blame-gamma-2', kind: 'proven', reason: SUM },
  ])
  // Without the cheater's defence nothing is proven, and nobody else is blamed for it.
  const silent = new Map([...rounds].map(([round, letters]) => [round, new Map(letters)]))
  for (const round of ['blame-gamma-1', 'blame-gamma-2']) silent.get(round)?.delete(2)
  expect(verifyFailure(new Session(sid, 1, [1, 2]), key(two), message, silent, onceEach)).toEqual([])
}, 600_000)

describe('what one lie costs each of t signers', () => {
  const { G } = secp256k1
  const repeated = <T>(entry: T): readonly T[] => Array.from({ length: 128 }, () => entry)
  const sum: Shown = {
    proves: 'sum',
    proof: repeated({ A: 1n, C: G, B: G, z: 0n, w: 0n, nu: 1n }),
  }
  const answer: Shown = {
    proves: 'answer',
    proof: repeated({ A: 1n, B_x: G, B_y: 1n, z1: 0n, z2: 0n, w: 1n, w_y: 1n }),
  }

  test.each(['gamma', 'x'] as const)(
    't - 1 proofs of sums and (t - 1)² of answers, phase %s, and no more',
    (phase) => {
      const rounds = transcript()
      const said = <T>(round: string, decode: (body: Uint8Array) => T) =>
        new Map([...(rounds.get(round) ?? [])].map(([party, body]) => [party, decode(body)]))
      const second = said(ROUND.second, letter.second.decode)
      const first = said(ROUND.first, letter.first.decode)
      const all = { first, second, third: said(ROUND.third, letter.third.decode), Gamma: sumOfGammas(second) }
      // Everybody shows in every round what it is asked for there; whoever shows something else is named at once.
      const shown = new Map(
        quorum.map((party) => [party, new Map(quorum.map((by) => [by, by === party ? sum : answer]))]),
      )
      for (const [party, proofs] of shown)
        for (const [by, proof] of proofs) {
          const accepted = (other: Shown) =>
            Object.values(shownChecks(party)).every((holds) => holds(other, by))
          expect([accepted(proof), accepted(proof === sum ? answer : sum)]).toEqual([true, false])
        }
      const signers = signersOf(session, key(), message)
      const names = session.peers.flatMap((accused) =>
        questionsTo(accused, signers, all, phase, shown).map(({ job }) => job.name),
      )
      expect(names.filter((name) => name === 'blame/verify-sum')).toHaveLength(2)
      expect(names.filter((name) => name === 'blame/verify-answer')).toHaveLength(4)
      expect(names).toHaveLength(6)
    },
  )

  test('and a letter with more repetitions than are asked for is not read', () => {
    const { encode, decode } = shownLetter(TEST_ONLY)
    expect(decode(encode(sum))).toEqual(sum)
    expect(() => decode(encode({ ...sum, proof: [...sum.proof, ...sum.proof] }))).toThrow(CodecError)
  })
})

describe('the letters that one signer alone got', () => {
  const dealtIn = overhear((tamper) => runSign(keys, quorum, { tamper }))
  const rounds = transcript()
  const verdict = (round: string, changed: Uint8Array): unknown =>
    verifyFailure(session, key(), message, rounds, onceEach, [
      { round, from: 3, to: 4, letter: changed, entry: null },
    ]).map(({ party, kind, reason }) => [party, round, kind, reason])
  const own = (round: string): Uint8Array => dealtIn(round, 3, 4)
  const [first, second] = [letter.firstProofs, letter.secondProofs]

  test.each([ROUND.first, ROUND.second])(
    'of round %s convict whoever says falsely that they do not hold',
    (round) => {
      expect(verdict(round, own(round))).toEqual([
        [4, round, 'proven', 'says that a letter does not hold, which does'],
      ])
    },
  )

  test.each<[string, string, () => Uint8Array]>([
    [
      'proof that k is small (ψ0) does not verify',
      ROUND.first,
      () =>
        first.encode({
          ...first.decode(own(ROUND.first)),
          psi0: first.decode(dealtIn(ROUND.first, 1, 4)).psi0,
        }),
    ],
    [
      'proof that γ is small (ψ1) does not verify',
      ROUND.first,
      () =>
        first.encode({
          ...first.decode(own(ROUND.first)),
          psi1: first.decode(dealtIn(ROUND.first, 3, 1)).psi1,
        }),
    ],
    [
      'proof for its answer with γ (ψ) does not verify',
      ROUND.second,
      () =>
        second.encode({
          ...second.decode(own(ROUND.second)),
          psi: second.decode(dealtIn(ROUND.second, 3, 1)).psi,
        }),
    ],
    [
      'proof for its answer with x (ψ̂) does not verify',
      ROUND.second,
      () =>
        second.encode({
          ...second.decode(own(ROUND.second)),
          psiHat: second.decode(dealtIn(ROUND.second, 1, 4)).psiHat,
        }),
    ],
  ])('convict their sender: %s', (reason, round, changed) => {
    expect(verdict(round, changed())).toEqual([[3, round, 'proven', reason]])
  })

  test.each([ROUND.first, ROUND.second])(
    'of round %s convict their sender where they cannot be read',
    (round) => {
      const [[party, , kind]] = verdict(round, new Uint8Array(3)) as [[number, string, string]]
      expect([party, kind]).toEqual([3, 'proven'])
    },
  )
})

describe('the transcript of a signing', () => {
  const honest = transcript()

  test('that went well accuses nobody, wherever it is cut', () => {
    const rounds = [...honest]
    expect(rounds.map(([round]) => round)).toEqual(
      [ROUND.first, ROUND.second, ROUND.third]
        .flatMap((round) => [round, `${round}.echo`])
        .concat(ROUND.sign),
    )
    for (let end = 0; end <= rounds.length; end++)
      expect(verdictOf(new Map(rounds.slice(0, end)))).toEqual([])
  })

  test.each<[string, string, (body: Uint8Array) => Uint8Array, string]>([
    [
      'a share of the signature that is not',
      ROUND.sign,
      () => sigmaLetter.encode(5n),
      'share of the signature does not verify',
    ],
    [
      'a Γ without its proof',
      ROUND.second,
      (body) => {
        const said = letter.second.decode(body)
        return letter.second.encode({ ...said, Gamma: said.Gamma.negate() })
      },
      'proof for its share of Γ (ψ̃) does not verify',
    ],
    [
      'an answer that is no ciphertext',
      ROUND.second,
      (body) => {
        const said = letter.second.decode(body)
        const answers = said.answers.map((answer) => ({ ...answer, FHat: 0n }))
        return letter.second.encode({ ...said, answers })
      },
      'an answer is no ciphertext',
    ],
    [
      'a Δ without its proof',
      ROUND.third,
      (body) => {
        const said = letter.third.decode(body)
        return letter.third.encode({ ...said, Delta: said.S })
      },
      "proof for its Δ (ψ') does not verify",
    ],
    [
      'a K that is no ciphertext',
      ROUND.first,
      (body) => letter.first.encode({ ...letter.first.decode(body), K: 0n }),
      'Enc(k) or Enc(γ) is no ciphertext',
    ],
  ])('proves %s, and names who said it', (_, round, change, reason) => {
    const rounds = transcript(cheating(quorum, { 3: alters(round, change) }))
    expect(verdictOf(rounds)).toEqual([[3, round, 'proven', reason]])
  })

  test('proves a malformed letter', () => {
    const rounds = transcript(cheating(quorum, { 4: alters(ROUND.first, (body) => body.slice(1)) }))
    expect(verdictOf(rounds)).toMatchObject([[4, ROUND.first, 'proven', expect.stringMatching(/^malformed/)]])
  })

  test('accuses nobody when its letters are not those that everybody saw', () => {
    const other = transcribed(1, (tamper) => runSign(keys, quorum, { tamper, seed: 'other' }))
    for (const round of [ROUND.first, ROUND.second, ROUND.third]) {
      const mixed = new Map(honest.get(round)).set(3, other.get(round)?.get(3) as Uint8Array)
      expect(verdictOf(new Map([...honest, [round, mixed]]))).toEqual([])
      const withoutEcho = new Map([...honest].filter(([name]) => name !== `${round}.echo`))
      expect(verdictOf(withoutEcho)).toEqual([])
      const incomplete = new Map(honest.get(round))
      incomplete.delete(4)
      expect(verdictOf(new Map([...honest, [round, incomplete]]))).toEqual([])
    }
  })

  test('of another run accuses nobody', () => {
    const elsewhere = new Session(new Uint8Array(32).fill(9), 1, quorum)
    expect(verifyFailure(elsewhere, key(), message, honest)).toEqual([])
  })

  test('is read with the moduli of the record alone: a key that these cannot have signed with is refused', () => {
    expect(() => verifyFailure(session, { ...key(), aux: new Map() }, message, honest)).toThrow(RangeError)
    expect(() => verifyFailure(new Session(sid, 1, [1, 3]), key(), message, honest)).toThrow(RangeError)
  })
})

/**
 * Several messages signed by CGGMP24 in one run, at the level of rehearsals: each signature verifies, and each cheat is
 * named with its entry, also by the failure phase and by the file of the run.
 */
import { describe, expect, test } from 'vitest'
import { type Accusation, ProtocolAbort } from '../../../src/protocol/core/abort.js'
import { entriesLetter } from '../../../src/protocol/core/entries.js'
import type { Dispute } from '../../../src/protocol/core/evidence.js'
import type { Rounds } from '../../../src/protocol/core/rounds.js'
import { type PartyId, Session } from '../../../src/protocol/core/session.js'
import { presignLetters, ROUND, sigmaLetter } from '../../../src/protocol/cggmp24/presign/letters.js'
import type { EcdsaKey } from '../../../src/protocol/cggmp24/presign/signers.js'
import { TEST_ONLY } from '../../../src/protocol/cggmp24/integers/level.js'
import { type EcdsaSignature, sign } from '../../../src/protocol/cggmp24/sign.js'
import { judgeSigning, signMessages, type ToSign } from '../../../src/protocol/engines/engine.js'
import { derivePath } from '../../../src/protocol/group/derive.js'
import { type Letter, type Outcome, outputs, sid, simulate, type Tamper } from '../../support/simulate.js'
import { transcribed, wrongSum } from '../cggmp24/cheats.js'
import {
  dealt,
  digestOf,
  meddling,
  type Meddle,
  onceEach,
  verifiesElsewhere as verifies,
} from '../cggmp24/signing.js'
import { overhear, seededNonces, upTo } from '../frost/party.js'
import { changesItem, changesItems, cheatingIn, swapped } from './items.js'

const COUNT = 3
const SUM = 'its sum is not of what it answered and was answered'
const SIGMA = 'share of the signature does not verify'
const quorum: readonly PartyId[] = [1, 2]
const keys = dealt(2, 3)
const keyOf = (party: PartyId) => keys.get(party) as EcdsaKey
const chainCode = new Uint8Array(32).fill(3)
/** Each message is for a key of its own: the first for the key itself. */
const derived = upTo(COUNT).map((i) =>
  i === 1
    ? { groupPoint: keyOf(1).share.groupPoint, shift: 0n }
    : derivePath(keyOf(1).share.groupPoint, chainCode, [i]),
)
const messages: readonly ToSign[] = derived.map(({ shift }, i) => ({ message: digestOf(`pay ${i}`), shift }))
const letter = presignLetters(TEST_ONLY, quorum.length)

type Options = {
  readonly tamper?: Tamper
  readonly meddle?: Readonly<Record<PartyId, Meddle>>
  readonly signed?: readonly ToSign[]
}

function runMessages({ tamper, meddle = {}, signed = messages }: Options = {}) {
  return simulate(
    quorum,
    (session) => {
      const { share, level, aux, auxSecret, epoch } = keyOf(session.self)
      const key = { share, auxiliary: { data: { level, parties: aux }, secret: auxSecret }, epoch }
      const protocol = signMessages(session, key, signed, seededNonces('sign', session.self))
      const other = meddle[session.self]
      return other ? meddling(protocol, other) : protocol
    },
    { jobs: onceEach, ...(tamper && { tamper }) },
  )
}

function accusations(outcome: Outcome<unknown> | undefined): readonly Accusation[] {
  const error = outcome?.ended === 'failed' ? outcome.error : undefined
  if (!(error instanceof ProtocolAbort)) throw error
  return error.accusations
}

/** The proof by the file of a failed run. */
function verdict(rounds: Rounds, disputes: readonly Dispute[] = []): readonly Accusation[] {
  const { share, level, aux, epoch } = keyOf(1)
  const key = { share, auxiliary: { level, parties: aux }, epoch }
  const judging = judgeSigning(new Session(sid, 1, quorum), key, messages, rounds, disputes)
  let step = judging.next()
  while (!step.done) step = judging.next(step.value.map((job) => onceEach(job)))
  return step.value
}

const inEntry = (entry: number, reason: string) => ({
  entry,
  reason: `${reason} (entry ${entry} of ${COUNT})`,
})

/** A job of one kind is done for each entry in turn: this meddles with that of one entry alone. */
const inJobOf = (name: string, entry: number, meddle: Meddle): Meddle => {
  let seen = 0
  return (job, run) => (job.name === name && ++seen === entry ? meddle(job, run) : run(job))
}

test('each signature is accepted by independent verifiers under the key of its own path', () => {
  const made = [...outputs(runMessages()).values()] as (readonly Uint8Array[])[]
  expect(made).toHaveLength(2)
  expect(made[0]).toEqual(made[1])
  expect(made[0]).toHaveLength(COUNT)
  made[0]?.forEach((signature, i) => {
    const [key, message] = [derived[i]?.groupPoint as Uint8Array, messages[i]?.message as Uint8Array]
    const parts = { r: signature.slice(0, 32), s: signature.slice(32) }
    const fits = [0, 1].filter((recoveryId) =>
      verifies(key, message, { ...parts, recoveryId } as EcdsaSignature),
    )
    expect(fits).toHaveLength(1)
    const other = { ...parts, recoveryId: fits[0] } as EcdsaSignature
    expect(verifies(key, digestOf('another'), other)).toBe(false)
  })
}, 300_000)

test('no two entries have a value in common, although the message is the same', () => {
  const signed = upTo(2).map(() => ({ message: digestOf('the same'), shift: 0n }))
  const heard = overhear((tamper) => runMessages({ tamper, signed }))
  const items = quorum.flatMap((party) => entriesLetter(2).decode(heard(ROUND.first, party)))
  const values = items.map((item) => letter.first.decode(item))
  const points = values.flatMap(({ Y, A1, A2, B1, B2 }) => [Y, A1, A2, B1, B2].map((P) => P.toBytes().join()))
  expect(new Set(points).size).toBe(5 * items.length)
  expect(new Set(values.flatMap(({ K, encGamma }) => [K, encGamma])).size).toBe(2 * items.length)
}, 300_000)

test('a list of one is the run of its entry: nothing is named by a number', () => {
  const bad = cheatingIn(1, quorum, { 2: changesItem(ROUND.sign, 1, 1, () => sigmaLetter.encode(5n)) })
  const outcomes = runMessages({ tamper: bad, signed: messages.slice(0, 1) })
  expect(accusations(outcomes.get(1))).toEqual([
    { party: 2, round: ROUND.sign, kind: 'witnessed', reason: SIGMA },
  ])
}, 300_000)

describe('a cheat', () => {
  const heard = overhear((tamper) => runMessages({ tamper }))
  const alone = overhear((tamper) =>
    simulate(
      quorum,
      (session) =>
        sign(
          session,
          keyOf(session.self),
          messages[1]?.message as Uint8Array,
          seededNonces('alone', session.self),
        ),
      { jobs: onceEach, tamper },
    ),
  )
  type Change = (items: readonly Uint8Array[]) => readonly Uint8Array[]

  function cheated(round: string, change: Change, kind: Letter['kind'] = 'broadcast') {
    const changes = changesItems(round, COUNT, change)
    let outcomes = new Map<PartyId, Outcome<unknown>>()
    const rounds = transcribed(
      1,
      (tamper) => {
        outcomes = runMessages({ tamper })
      },
      cheatingIn(COUNT, quorum, { 2: (sent) => (sent.kind === kind ? changes(sent) : sent.body) }),
    )
    return { seen: accusations(outcomes.get(1)), rounds }
  }

  test.each<[string, string, Change, number, string]>([
    ['a wrong share in entry 2', ROUND.sign, (all) => all.with(1, sigmaLetter.encode(5n)), 2, SIGMA],
    ['shares of entries 2 and 3 swapped', ROUND.sign, swapped(2, 3), 2, SIGMA],
    [
      'the share of entry 1 in entry 3 too',
      ROUND.sign,
      (all) => all.with(2, all[0] as Uint8Array),
      3,
      'its item is the copy of another of the same letter',
    ],
    [
      'the third letters of entries 2 and 3 swapped',
      ROUND.third,
      swapped(2, 3),
      2,
      "proof for its Δ (ψ') does not verify",
    ],
    [
      'the second letters of entries 1 and 2 swapped',
      ROUND.second,
      swapped(1, 2),
      1,
      'proof for its share of Γ (ψ̃) does not verify',
    ],
    [
      'the second letter of another run in entry 2',
      ROUND.second,
      (all) => all.with(1, alone(ROUND.second, 2)),
      2,
      'proof for its share of Γ (ψ̃) does not verify',
    ],
  ])(
    'with %s is named with the entry, by all and by the file',
    (_, round, change, entry, reason) => {
      const { seen, rounds } = cheated(round, change)
      const fault = { party: 2, round, ...inEntry(entry, reason) }
      expect(seen).toEqual([{ ...fault, kind: 'witnessed' }])
      expect(verdict(rounds)).toEqual([{ ...fault, kind: 'proven' }])
    },
    300_000,
  )

  test.each<[string, Change, number]>([
    ['short', (all) => all.slice(1), COUNT - 1],
    ['long', (all) => [...all, all[0] as Uint8Array], COUNT + 1],
  ])(
    'with a %s list is named before its items are read',
    (_, change) => {
      const { seen, rounds } = cheated(ROUND.first, change)
      const fault = { party: 2, round: ROUND.first, reason: `malformed letter: expected ${COUNT} items` }
      expect(seen).toEqual([{ ...fault, kind: 'witnessed' }])
      expect(verdict(rounds)).toEqual([{ ...fault, kind: 'proven' }])
    },
    300_000,
  )

  describe('in the letters that one signer alone gets', () => {
    const honestRounds = transcribed(1, (tamper) => runMessages({ tamper }))
    const dispute = (round: string, entry: number | null, change: Change = (all) => all): Dispute => {
      const items = change(entriesLetter(COUNT).decode(heard(round, 2, 1)))
      return { round, from: 2, to: 1, letter: entriesLetter(items.length).encode(items), entry }
    }

    test.each<[string, string, Change, number, string]>([
      [
        'proofs of entries 2 and 3 swapped',
        ROUND.first,
        swapped(2, 3),
        2,
        'proof that k is small (ψ0) does not verify',
      ],
      [
        'proofs of entries 1 and 3 swapped',
        ROUND.second,
        swapped(1, 3),
        1,
        'proof for its answer with γ (ψ) does not verify',
      ],
    ])(
      'with %s is named with the entry, and convicted by the letter',
      (_, round, change, entry, reason) => {
        const { seen } = cheated(round, change, 'direct')
        const fault = { party: 2, round, ...inEntry(entry, reason) }
        expect(seen).toEqual([{ ...fault, kind: 'witnessed', dealt: true }])
        expect(verdict(honestRounds, [dispute(round, entry, change)])).toEqual([{ ...fault, kind: 'proven' }])
      },
      300_000,
    )

    test('with a short list is convicted by the letter', () => {
      const { seen } = cheated(ROUND.first, (all) => all.slice(1), 'direct')
      const fault = { party: 2, round: ROUND.first, reason: `malformed letter: expected ${COUNT} items` }
      expect(seen).toEqual([{ ...fault, kind: 'witnessed', dealt: true }])
      expect(verdict(honestRounds, [dispute(ROUND.first, null, (all) => all.slice(1))])).toEqual([
        { ...fault, kind: 'proven' },
      ])
    }, 300_000)

    test.each([1, 3, null])(
      'by claiming falsely of entry %s that it does not hold is convicted',
      (entry) => {
        const [fault, ...more] = verdict(honestRounds, [dispute(ROUND.second, entry)])
        expect(more).toEqual([])
        expect(fault).toMatchObject({ party: 1, round: ROUND.second, kind: 'proven' })
        expect(fault?.reason).toMatch(/^says that a letter does not hold, which does/)
      },
      300_000,
    )

    test('by claiming of an entry that is fine, where another is not, is convicted: who claims says which', () => {
      const claimed = dispute(ROUND.first, 1, swapped(2, 3))
      expect(verdict(honestRounds, [claimed])).toMatchObject([{ party: 1, kind: 'proven', entry: 1 }])
    }, 300_000)
  })

  test('who lies of its share of kγ in entry 2 is named by the failure phase of that entry, and by the file', () => {
    let outcomes = new Map<PartyId, Outcome<unknown>>()
    const asked: string[] = []
    const counting: Meddle = (job, run) => {
      asked.push(job.name)
      return run(job)
    }
    const rounds = transcribed(1, (tamper) => {
      const liar = inJobOf('presign/open-answer', 2, wrongSum('share'))
      outcomes = runMessages({ tamper, meddle: { 1: counting, 2: liar } })
    })
    const fault = { party: 2, round: 'blame-gamma-2', ...inEntry(2, SUM) }
    expect(accusations(outcomes.get(1))).toEqual([{ ...fault, kind: 'witnessed' }])
    // The failure phase is of one entry, whatever their number; and no share of any signature is sent.
    expect(asked.filter((name) => name.startsWith('blame/')).sort()).toEqual([
      'blame/prove-answer',
      'blame/prove-sum',
      'blame/verify-answer',
      'blame/verify-sum',
    ])
    expect([...rounds.keys()].slice(-2)).toEqual(['blame-gamma-1.entry-2', 'blame-gamma-2.entry-2'])
    expect([...rounds.keys()]).not.toContain(ROUND.sign)
    expect(verdict(rounds)).toEqual([{ ...fault, kind: 'proven' }])
    // As letters of another entry they prove nothing.
    const moved = new Map([...rounds].map(([round, all]) => [round.replace('.entry-2', '.entry-3'), all]))
    expect(verdict(moved)).toEqual([])
  }, 600_000)
})

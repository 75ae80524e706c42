import { describe, expect, test } from 'vitest'
import { ProtocolAbort, SplitView } from '../../../src/protocol/core/abort.js'
import { bytes, codec, equalBytes } from '../../../src/protocol/core/codec.js'
import {
  broadcast,
  broadcastReliably,
  broadcastReliablyAndDeal,
  compute,
  deal,
  demand,
  type Protocol,
} from '../../../src/protocol/core/round.js'
import { Secret, Secrets } from '../../../src/protocol/core/secret.js'
import type { Rng, Session } from '../../../src/protocol/core/session.js'
import { seededRng } from '../../support/rng.js'
import { outputs, simulate, type Tamper } from '../../support/simulate.js'

const Bytes32 = codec(bytes(32))

function* coinToss(session: Session, rng: Rng): Protocol<Uint8Array> {
  using coin = new Secret(rng(32))
  const commit = (party: number, value: Uint8Array) => session.digest('test/coin', party, value)
  const mine = commit(session.self, coin.reveal())
  const commitments = yield* broadcastReliably(session, 'commit', Bytes32, mine)
  const coins = yield* broadcast(session, 'reveal', Bytes32, coin.reveal().slice())
  demand('reveal', coins, {
    'coin does not open the commitment': (value, from) =>
      equalBytes(commit(from, value), commitments.get(from) as Uint8Array),
  })
  return [...coins.values()].reduce((a, b) => a.map((byte, i) => byte ^ (b[i] as number)))
}

const flipLast = (body: Uint8Array) => body.map((byte, i) => (i === body.length - 1 ? byte ^ 1 : byte))
const toss = (session: Session) => coinToss(session, seededRng('toss', session.self))

describe('protocols as generators', () => {
  test('everybody ends with the same coin', () => {
    const coins = [...outputs(simulate([1, 2, 3], toss)).values()]
    expect(coins[1]).toEqual(coins[0])
    expect(coins[2]).toEqual(coins[0])
  })

  test('two parties that do not open their commitments are both named', () => {
    const result = simulate([1, 2, 3], toss, {
      tamper: ({ round, from, body }) => (round === 'reveal' && from !== 1 ? flipLast(body) : body),
    })
    const first = result.get(1)
    expect(first?.ended === 'failed' && first.error).toMatchObject({
      accusations: [
        { party: 2, kind: 'witnessed', reason: 'coin does not open the commitment' },
        { party: 3, kind: 'witnessed', reason: 'coin does not open the commitment' },
      ],
    })
  })

  test('different letters to different peers split the view and accuse nobody', () => {
    const result = simulate([1, 2, 3], toss, {
      tamper: ({ round, from, to, body }) =>
        round === 'commit' && from === 2 && to === 3 ? flipLast(body) : body,
    })
    for (const party of [1, 2, 3]) {
      const outcome = result.get(party)
      expect(outcome?.ended === 'failed' && outcome.error).toBeInstanceOf(SplitView)
    }
  })

  test.each([
    ['missing', () => undefined],
    ['empty', () => new Uint8Array()],
    ['truncated', (body: Uint8Array) => body.slice(0, -1)],
    ['one byte more', (body: Uint8Array) => new Uint8Array([...body, 0])],
  ])('a letter that is %s names its sender', (_, mutate) => {
    const result = simulate([1, 2, 3], toss, {
      tamper: ({ round, from, to, body }) =>
        round === 'commit' && from === 3 && to === 1 ? mutate(body) : body,
    })
    const outcome = result.get(1)
    expect(outcome?.ended === 'failed' && outcome.error).toBeInstanceOf(ProtocolAbort)
    expect(outcome?.ended === 'failed' && outcome.error).toMatchObject({
      round: 'commit',
      accusations: [{ party: 3, kind: 'witnessed', reason: expect.stringMatching(/^malformed letter/) }],
    })
  })

  test('a dealt letter reaches its recipient only', () => {
    function* exchange(session: Session): Protocol<Map<number, number>> {
      const dealt = yield* deal(session, 'deal', Bytes32, (to) =>
        new Uint8Array(32).fill(10 * session.self + to),
      )
      return new Map([...dealt].map(([from, value]) => [from, value[0] as number]))
    }
    expect(outputs(simulate([1, 2, 3], exchange)).get(2)).toEqual(
      new Map([
        [1, 12],
        [3, 32],
      ]),
    )
  })

  describe('one letter to all and one to each, with an echo', () => {
    function* both(session: Session): Protocol<number[]> {
      const { letters, dealt } = yield* broadcastReliablyAndDeal(
        session,
        'both',
        { codec: Bytes32, mine: new Uint8Array(32).fill(session.self) },
        { codec: Bytes32, mine: (to) => new Uint8Array(32).fill(10 * session.self + to) },
      )
      return [...letters.entries(), ...dealt.entries()]
        .sort(([a], [b]) => a - b)
        .map(([, v]) => v[0] as number)
    }
    const changed =
      (kind: string, mutate: (body: Uint8Array) => Uint8Array | undefined): Tamper =>
      (letter) =>
        letter.round === 'both' && letter.from === 2 && letter.to === 3 && letter.kind === kind
          ? mutate(letter.body)
          : letter.body

    test('everybody has all letters and its own ones', () => {
      const rounds = new Set<string>()
      const outcomes = simulate([1, 2, 3], both, {
        tamper: ({ round, body }) => {
          rounds.add(round)
          return body
        },
      })
      expect(outputs(outcomes).get(2)).toEqual([1, 12, 2, 3, 32])
      expect([...rounds]).toEqual(['both', 'both.echo'])
    })

    test('different letters to all split the view; different ones to each do not', () => {
      const split = simulate([1, 2, 3], both, { tamper: changed('broadcast', flipLast) })
      for (const outcome of split.values()) {
        expect(outcome.ended === 'failed' && outcome.error).toBeInstanceOf(SplitView)
      }
      expect(outputs(simulate([1, 2, 3], both, { tamper: changed('direct', flipLast) })).get(1)).toEqual([
        1, 2, 21, 3, 31,
      ])
    })

    test.each(['broadcast', 'direct'])('a %s letter that is missing names its sender', (kind) => {
      const outcome = simulate([1, 2, 3], both, { tamper: changed(kind, () => undefined) }).get(3)
      expect(outcome?.ended === 'failed' && outcome.error).toMatchObject({
        round: 'both',
        accusations: [{ party: 2, kind: 'witnessed', reason: 'malformed letter: missing' }],
      })
    })
  })

  test('secrets kept by name are wiped together', () => {
    const bytes = [1, 2].map((n) => Uint8Array.of(n))
    const secrets = new Secrets(bytes.map((secret, i) => [i, new Secret(secret)] as const))
    expect(secrets.of(1).reveal()).toEqual(Uint8Array.of(2))
    expect(() => secrets.of(2)).toThrow(RangeError)
    secrets[Symbol.dispose]()
    expect(bytes).toEqual([Uint8Array.of(0), Uint8Array.of(0)])
    expect(() => secrets.of(0).reveal()).toThrow('wiped')
  })

  test('jobs are answered by index, and the secrets of a stopped run are wiped', () => {
    let kept: Secret | undefined
    function* work(session: Session): Protocol<number[]> {
      using secret = new Secret(Uint8Array.of(session.self))
      kept = secret
      const results = yield* compute([1, 2, 3].map((n) => ({ name: 'double', input: [Uint8Array.of(n)] })))
      return results.map((result) => result[0] as number)
    }
    const jobs = (job: { input: readonly Uint8Array[] }) => (job.input[0] as Uint8Array).map((n) => 2 * n)
    expect(outputs(simulate([1], work, { jobs })).get(1)).toEqual([2, 4, 6])
    expect(() => kept?.reveal()).toThrow('wiped')
  })
})

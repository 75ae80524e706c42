/** Several messages signed by FROST in one run: each signature verifies, and each cheat is named with its entry. */
import { describe, expect, test } from 'vitest'
import { type Accusation, ProtocolAbort, SplitView } from '../../../src/protocol/core/abort.js'
import { encode } from '../../../src/protocol/core/codec.js'
import { entriesLetter, entrySession } from '../../../src/protocol/core/entries.js'
import type { Rounds } from '../../../src/protocol/core/rounds.js'
import { type NonceRng, type PartyId, Session } from '../../../src/protocol/core/session.js'
import { judgeSigning, signMessages, type ToSign } from '../../../src/protocol/engines/engine.js'
import { noncesLetter, shareLetter } from '../../../src/protocol/frost/sign.js'
import { SUITES } from '../../../src/protocol/frost/suites.js'
import { derivePath } from '../../../src/protocol/group/derive.js'
import { publicKeyOf } from '../../../src/protocol/group/scheme.js'
import type { KeyShare } from '../../../src/protocol/sharing/key-share.js'
import { type Outcome, outputs, sid, simulate, type Tamper } from '../../support/simulate.js'
import { transcribed } from '../cggmp24/cheats.js'
import { blamed, keyOf, overhear, seededNonces, toHex, upTo, verifiesElsewhere } from '../frost/party.js'
import { changesItem, changesItems, cheatingIn, swapped } from './items.js'

/** So many messages have the runs with a cheat. */
const COUNT = 9
const epoch = new Uint8Array(32).fill(1)
const SHARE = 'signature share does not verify'
const COPIED = 'its item is the copy of another of the same letter'
const textOf = (i: number): Uint8Array => new TextEncoder().encode(`pay ${i} to the bearer`)
const plain = (count: number): ToSign[] => upTo(count).map((i) => ({ message: textOf(i), shift: 0n }))

type Options = {
  readonly seed?: string
  readonly tamper?: Tamper
  readonly nonces?: NonceRng
  readonly sid?: Uint8Array
}

function runMessages(
  shares: ReadonlyMap<PartyId, KeyShare>,
  quorum: readonly PartyId[],
  messages: readonly ToSign[],
  options: Options = {},
): Map<PartyId, Outcome<readonly Uint8Array[]>> {
  return simulate(
    quorum,
    (session) =>
      signMessages(
        session,
        { share: shares.get(session.self) as KeyShare, auxiliary: null, epoch },
        messages,
        options.nonces ?? seededNonces(options.seed ?? 'sign', session.self),
      ),
    options,
  )
}

/** The accusations of a failed run, with their entries. */
function accusations(outcome: Outcome<unknown> | undefined): readonly Accusation[] {
  const error = outcome?.ended === 'failed' ? outcome.error : undefined
  if (!(error instanceof ProtocolAbort)) throw error
  return error.accusations
}

function verdict(
  shares: ReadonlyMap<PartyId, KeyShare>,
  quorum: readonly PartyId[],
  messages: readonly ToSign[],
  rounds: Rounds,
): readonly Accusation[] {
  const key = { share: shares.get(1) as KeyShare, auxiliary: null, epoch }
  const judged = judgeSigning(
    new Session(sid, quorum[0] as PartyId, quorum),
    key,
    messages,
    rounds,
    [],
  ).next()
  expect(judged.done).toBe(true)
  return judged.value as readonly Accusation[]
}

describe.each(['eddsa-ed25519', 'schnorr-taproot'] as const)('several messages, %s', (scheme) => {
  const { curve } = SUITES[scheme]
  const two = keyOf(scheme, 2, 3)
  const three = keyOf(scheme, 3, 5)
  const quorum = [1, 3, 4]
  const plusOne = (share: Uint8Array): Uint8Array =>
    shareLetter.encode(curve.scalarBytes(curve.Fn.add(curve.parseScalar(shareLetter.decode(share)), 1n)))

  test.each([1, 2, 20, 64])(
    '%d messages in one run: an independent verifier accepts each signature',
    (count) => {
      const { groupPoint } = two.get(1) as KeyShare
      const chainCode = new Uint8Array(32).fill(3)
      const isDerivable = scheme === 'schnorr-taproot'
      const keys = upTo(count).map((i) =>
        // Every third message is for the key itself, the others for keys of paths of their own.
        isDerivable && i % 3 > 0 ? derivePath(groupPoint, chainCode, [0, i]) : { groupPoint, shift: 0n },
      )
      const messages = keys.map(({ shift }, i) => ({ message: textOf(i), shift }))
      const made = [...outputs(runMessages(two, [1, 3], messages)).values()]
      expect(made).toHaveLength(2)
      for (const signatures of made) expect(signatures).toEqual(made[0])
      const signatures = made[0] as readonly Uint8Array[]
      expect(signatures).toHaveLength(count)
      signatures.forEach((signature, i) => {
        const key = publicKeyOf(scheme, (keys[i] as { groupPoint: Uint8Array }).groupPoint)
        expect(verifiesElsewhere(scheme, key, textOf(i), signature)).toBe(true)
        expect(verifiesElsewhere(scheme, key, textOf(i + 1), signature)).toBe(false)
      })
    },
  )

  test.each([0, 65])('%d messages are refused before anything is sent', (count) => {
    const run = signMessages(
      new Session(sid, 1, [1, 2]),
      { share: two.get(1) as KeyShare, auxiliary: null, epoch },
      plain(count),
      seededNonces('none'),
    )
    expect(() => run.next(undefined as never)).toThrow(new RangeError('a run has 1 to 64 entries'))
  })

  const messages = plain(COUNT)
  const run = (tamper: Tamper, seed = 'sign') => runMessages(three, quorum, messages, { tamper, seed })
  const heard = overhear((tamper) => run(tamper))

  test('all commitments to nonces are different, whatever the generator gives and the messages are', () => {
    const same = upTo(20).map(() => ({ message: textOf(1), shift: 0n }))
    for (const nonces of [seededNonces('one'), { fresh: (length: number) => new Uint8Array(length) }]) {
      const letters = overhear((tamper) => runMessages(three, quorum, same, { tamper, nonces }))
      const points = quorum.flatMap((party) =>
        entriesLetter(20)
          .decode(letters('nonces', party))
          .map((item) => noncesLetter.decode(item))
          .flatMap(({ hiding, binding }) => [toHex(hiding), toHex(binding)]),
      )
      expect(new Set(points).size).toBe(2 * 20 * quorum.length)
    }
  })

  test('a generator that repeats itself in another run gives other nonces for each entry', () => {
    const stuck: NonceRng = { fresh: (length) => new Uint8Array(length) }
    const commitments = [sid, new Uint8Array(32).fill(8)].flatMap((each) => {
      const letters = overhear((tamper) =>
        runMessages(two, [1, 2], plain(3), { tamper, nonces: stuck, sid: each }),
      )
      return entriesLetter(3)
        .decode(letters('nonces', 1))
        .map((item) => toHex(noncesLetter.decode(item).hiding))
    })
    expect(new Set(commitments).size).toBe(6)
  })

  type Change = (items: readonly Uint8Array[]) => readonly Uint8Array[]
  const copied: Change = (all) => all.with(7, all[1] as Uint8Array)

  /** A run in which party 3 changes the items of a round: what party 1 makes of it, and what its file proves. */
  function cheated(round: string, change: Change, count = COUNT) {
    const signed = plain(count)
    let outcomes = new Map<PartyId, Outcome<unknown>>()
    const rounds = transcribed(
      1,
      (tamper) => {
        outcomes = runMessages(three, quorum, signed, { tamper })
      },
      cheatingIn(count, quorum, { 3: changesItems(round, count, change) }),
    )
    for (const party of [1, 4]) expect(outcomes.get(party)?.ended).toBe('failed')
    return { seen: accusations(outcomes.get(1)), proven: verdict(three, quorum, signed, rounds) }
  }

  test.each<[string, string, Change, number, string]>([
    ['a wrong share in entry 7', 'share', (all) => all.with(6, plusOne(all[6] as Uint8Array)), 7, SHARE],
    ['a wrong share in the last', 'share', (all) => all.with(8, plusOne(all[8] as Uint8Array)), 9, SHARE],
    ['the shares of entries 4 and 9 swapped', 'share', swapped(4, 9), 4, SHARE],
    ['the commitments of entries 4 and 9 swapped', 'nonces', swapped(4, 9), 4, SHARE],
    ['the share of entry 2 in entry 8 too', 'share', copied, 8, COPIED],
    ['the commitments of entry 2 in entry 8 too', 'nonces', copied, 8, COPIED],
    [
      'commitments that are no points in entry 5',
      'nonces',
      (all) => all.with(4, noncesLetter.encode({ hiding: new Uint8Array(33), binding: new Uint8Array(33) })),
      5,
      'nonce commitment is not a point of the group',
    ],
    [
      'an item that cannot be read in entry 6',
      'share',
      (all) => all.with(5, new Uint8Array(3)),
      6,
      'malformed letter: not well-formed CBOR of the kind used here',
    ],
    [
      'a share of entry 6 from another run',
      'share',
      (all) => {
        const other = overhear((tamper) => run(tamper, 'other'))('share', 3)
        return all.with(5, entriesLetter(COUNT).decode(other)[5] as Uint8Array)
      },
      6,
      SHARE,
    ],
  ])(
    '%s: the signer is named with the entry, and nobody else has a signature',
    (_, round, change, entry, reason) => {
      const { seen, proven } = cheated(round, change)
      const fault = { party: 3, round: reason === SHARE ? 'share' : round, entry }
      const words = `${reason} (entry ${entry} of ${COUNT})`
      expect(seen).toEqual([{ ...fault, kind: 'witnessed', reason: words }])
      expect(proven).toEqual([{ ...fault, kind: 'proven', reason: words }])
    },
  )

  test('a wrong share in entry 7 of 20 is named with its entry', () => {
    const { seen, proven } = cheated('share', (all) => all.with(6, plusOne(all[6] as Uint8Array)), 20)
    const fault = { party: 3, round: 'share', entry: 7, reason: `${SHARE} (entry 7 of 20)` }
    expect([seen, proven]).toEqual([[{ ...fault, kind: 'witnessed' }], [{ ...fault, kind: 'proven' }]])
  })

  test("another signer's commitments in entry 6 are refused; from letters alone nobody can tell who copied", () => {
    const copy = entriesLetter(COUNT).decode(heard('nonces', 1))[5] as Uint8Array
    const { seen, proven } = cheated('nonces', (all) => all.with(5, copy))
    const reason = `nonce commitment is the copy of another (entry 6 of ${COUNT})`
    expect(seen).toEqual([{ party: 3, round: 'nonces', kind: 'witnessed', entry: 6, reason }])
    expect(proven).toEqual([])
  })

  test.each<[string, Change, string]>([
    ['is short', (all) => all.slice(1), `expected ${COUNT} items`],
    ['is long', (all) => [...all, all[0] as Uint8Array], `expected ${COUNT} items`],
    ['is empty', () => [], `expected ${COUNT} items`],
  ])('a list that %s is refused before its items are read', (_, change, problem) => {
    for (const round of ['nonces', 'share']) {
      const { seen, proven } = cheated(round, change)
      const fault = { party: 3, round, reason: `malformed letter: ${problem}` }
      expect([seen, proven]).toEqual([[{ ...fault, kind: 'witnessed' }], [{ ...fault, kind: 'proven' }]])
    }
  })

  test('a letter that is no list is refused', () => {
    const tamper = cheatingIn(COUNT, quorum, {
      4: ({ round, body }) => (round === 'share' ? encode(new Uint8Array(32)) : body),
    })
    expect(blamed(run(tamper).get(1))).toEqual([[4, 'witnessed', 'malformed letter: expected a list']])
  })

  test('two cheats in different entries are both named, each with its first', () => {
    const bad = (...entries: number[]) =>
      changesItems('share', COUNT, (all) =>
        all.map((item, i) => (entries.includes(i + 1) ? plusOne(item) : item)),
      )
    const outcomes = run(cheatingIn(COUNT, quorum, { 3: bad(8, 5), 4: bad(2, 9) }))
    expect(accusations(outcomes.get(1)).map(({ party, entry }) => [party, entry])).toEqual([
      [3, 5],
      [4, 2],
    ])
  })

  test('one entry that is not the same for all splits the view, and nobody answers', () => {
    const rounds = new Set<string>()
    const change = changesItem('nonces', COUNT, 8, () =>
      noncesLetter.encode({ hiding: curve.timesG(5n).toBytes(), binding: curve.timesG(7n).toBytes() }),
    )
    const outcomes = run((letter) => {
      rounds.add(letter.round)
      return letter.from === 3 && letter.to === 4 ? change(letter) : letter.body
    })
    for (const outcome of outcomes.values()) {
      expect(outcome.ended === 'failed' && outcome.error).toBeInstanceOf(SplitView)
    }
    expect([...rounds]).toEqual(['nonces', 'nonces.echo'])
  })

  test('who splits the view can be told by what each shows: the true echoes are those of the letters', () => {
    const letters = new Map(quorum.map((party) => [party, heard('nonces', party)]))
    const outcomes = run((letter) =>
      letter.round === 'nonces' && letter.from === 3 && letter.to === 4
        ? changesItems('nonces', COUNT, swapped(1, 2))(letter)
        : letter.body,
    )
    const failed = outcomes.get(1) as { error: SplitView }
    expect(failed.error.echoOf(letters)).toEqual(heard('nonces.echo', 1))
    const other = new Map(letters).set(3, changesItems('nonces', COUNT, swapped(1, 2))(letterOf(letters)))
    expect(failed.error.echoOf(other)).not.toEqual(heard('nonces.echo', 1))
    expect(failed.error.echoOf(new Map(letters).set(3, new Uint8Array(4)))).toBeNull()
  })
  const letterOf = (letters: ReadonlyMap<PartyId, Uint8Array>) => ({
    round: 'nonces',
    from: 3,
    to: 4,
    kind: 'broadcast' as const,
    body: letters.get(3) as Uint8Array,
  })

  test('an honest run accuses nobody, wherever it is cut and whichever letter is missing', () => {
    const rounds = transcribed(1, run)
    expect([...rounds.keys()]).toEqual(['nonces', 'nonces.echo', 'share'])
    for (let end = 0; end <= rounds.size; end++) {
      expect(verdict(three, quorum, messages, new Map([...rounds].slice(0, end)))).toEqual([])
    }
    for (const [round, letters] of rounds) {
      const without = new Map(letters)
      without.delete(3)
      expect(verdict(three, quorum, messages, new Map([...rounds, [round, without]]))).toEqual([])
    }
  })
})

test('an entry has a session of its own', () => {
  const session = new Session(sid, 2, [1, 2, 5])
  const [one, two] = [entrySession(session, 1), entrySession(session, 2)]
  expect(new Set([session, one, two].map((each) => toHex(each.sid))).size).toBe(3)
  expect([one.self, one.parties]).toEqual([2, [1, 2, 5]])
})

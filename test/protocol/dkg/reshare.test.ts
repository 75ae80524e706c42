import { sign as signEcdsa, verify as verifyEcdsa } from 'tiny-secp256k1'
import { describe, expect, test } from 'vitest'
import { SplitView } from '../../../src/protocol/core/abort.js'
import { CodecError } from '../../../src/protocol/core/codec.js'
import { type KeyShare, parseKeyShare } from '../../../src/protocol/sharing/key-share.js'
import {
  commitmentLetter,
  commitTo,
  dealtLetter,
  type Opening,
  openingLetter,
  planOf,
  type ReshareInput,
} from '../../../src/protocol/dkg/reshare-plan.js'
import { publicReshare } from '../../../src/protocol/dkg/reshare-public.js'
import { reshare, reshareWith } from '../../../src/protocol/dkg/reshare.js'
import { curveOf, publicKeyOf, type Scheme, SCHEMES } from '../../../src/protocol/group/scheme.js'
import { Secret } from '../../../src/protocol/core/secret.js'
import { type PartyId, Session } from '../../../src/protocol/core/session.js'
import { lagrange } from '../../../src/protocol/sharing/polynomial.js'
import { seededRng } from '../../support/rng.js'
import { type Letter, outputs, sid, simulate, type Tamper } from '../../support/simulate.js'
import {
  BAD_POINTS,
  blamed,
  cheating,
  hex,
  overhear,
  runSign,
  toHex,
  upTo,
  verifiesElsewhere,
} from '../frost/party.js'
import {
  type Committees,
  dealtKey,
  inputOf,
  newShares,
  partiesOf,
  runReshare,
  secretOf,
} from '../resharing.js'

const PLAN = 'starts from another epoch, or deals from or to others, than this member'
const COMMITS = 'commits although it does not deal, or deals and does not commit'
const COPY = 'commitment is the copy of another'
const OPENS = 'opens although it does not deal, or deals and does not open'
const NOT_OPENED = 'opening is not what was committed to'
const LENGTH = 'vector does not have as many points as must sign'
const NO_POINT = 'vector holds something that is not a point of the group'
const CONSTANT = 'vector does not begin with its weighted public share'
const DEALS = 'deals a share where none belongs, or none where one does'
const SHARE = "dealt share does not lie on the sender's polynomial"

const flip = (bytes: Uint8Array): Uint8Array => bytes.map((byte, i) => (i === 5 ? byte ^ 1 : byte))
const digest = new Uint8Array(32).fill(3)

/** Whether these shares together sign: by FROST, or for ECDSA with the key that they add up to. */
function theySign(scheme: Scheme, shares: readonly KeyShare[]): boolean {
  const [{ groupPoint }] = shares as [KeyShare]
  if (scheme === 'ecdsa-secp256k1') {
    const key = curveOf(scheme).scalarBytes(secretOf(shares, scheme))
    return verifyEcdsa(digest, groupPoint, signEcdsa(digest, key))
  }
  const quorum = shares.map(({ index }) => index).sort((a, b) => a - b)
  const byIndex = new Map(shares.map((share) => [share.index, share]))
  const [signature] = outputs(runSign(byIndex, quorum, digest)).values()
  return verifiesElsewhere(scheme, publicKeyOf(scheme, groupPoint), digest, signature as Uint8Array)
}

/** All sets of `k` of the items. */
const choose = <T>(items: readonly T[], k: number): T[][] =>
  k === 0
    ? [[]]
    : items.flatMap((item, i) => choose(items.slice(i + 1), k - 1).map((rest) => [item, ...rest]))

const same = (...indices: PartyId[]) => indices.map((i) => [i, i] as const)

const shapes: [string, number, number, Committees][] = [
  ['2 of 3 to 3 of 5', 2, 3, { dealers: same(1, 3), members: same(1, 2, 3, 4, 5), threshold: 3 }],
  ['3 of 5 to 2 of 3', 3, 5, { dealers: same(1, 2, 5), members: same(1, 2, 3), threshold: 2 }],
  [
    'a refresh: same members, same threshold',
    2,
    3,
    { dealers: same(1, 2), members: same(1, 2, 3), threshold: 2 },
  ],
  [
    'one replaced, who does not deal',
    2,
    3,
    { dealers: same(1, 2), members: [...same(1, 2), [4, 3]], threshold: 2 },
  ],
  [
    'one replaced, who deals and leaves',
    2,
    3,
    { dealers: same(2, 3), members: [...same(1, 2), [4, 3]], threshold: 2 },
  ],
  [
    'all replaced',
    2,
    3,
    {
      dealers: same(1, 2),
      members: [
        [3, 1],
        [4, 2],
        [5, 3],
      ],
      threshold: 2,
    },
  ],
  [
    'members in both committees, under other indices',
    2,
    3,
    {
      dealers: [
        [1, 3],
        [2, 1],
      ],
      members: [
        [1, 1],
        [2, 3],
        [3, 2],
      ],
      threshold: 2,
    },
  ],
  ['4 of 4 to 2 of 2', 4, 4, { dealers: same(1, 2, 3, 4), members: same(1, 2), threshold: 2 }],
]

describe.each(SCHEMES)('resharing, %s', (scheme) => {
  const curve = curveOf(scheme)
  const { Fn } = curve

  describe.each(shapes)('%s', (_, t, n, committees) => {
    const key = dealtKey(scheme, t, n)
    const old = [...key.values()]
    const input = inputOf(key, committees)
    const made = outputs(runReshare(key, input))
    const shares = newShares(input, made)
    const fresh = [...shares.values()]

    test('the key stays, all agree, and every share is whole', () => {
      for (const [party, { groupPoint, publicShares, chainCode, share }] of made) {
        expect(groupPoint).toEqual(input.old.groupPoint)
        expect(chainCode).toEqual(input.chainCode)
        expect(publicShares).toEqual(made.values().next().value?.publicShares)
        expect(share !== null).toBe(input.members.has(party))
      }
      expect([...shares.keys()].sort((a, b) => a - b)).toEqual(upTo(committees.members.length))
      for (const share of old) {
        const stale = fresh.filter((other) => toHex(other.share.reveal()) === toHex(share.share.reveal()))
        expect(stale).toEqual([])
      }
    })

    test('every new quorum has the key, fewer do not', () => {
      const whole = secretOf(old.slice(0, t), scheme)
      for (const quorum of choose(fresh, committees.threshold)) expect(secretOf(quorum, scheme)).toBe(whole)
      for (const few of choose(fresh, committees.threshold - 1)) expect(secretOf(few, scheme)).not.toBe(whole)
      expect(theySign(scheme, fresh.slice(-committees.threshold))).toBe(true)
    })

    test('a mix of old and new shares has not', () => {
      const whole = secretOf(old.slice(0, t), scheme)
      for (const size of new Set([t, committees.threshold])) {
        for (const indices of choose(upTo(Math.min(n, fresh.length)), size)) {
          const [first, ...rest] = indices as [PartyId, ...PartyId[]]
          const mixed = [key.get(first) as KeyShare, ...rest.map((i) => shares.get(i) as KeyShare)]
          expect(secretOf(mixed, scheme)).not.toBe(whole)
        }
      }
    })

    test('what is public follows from the broadcasts alone', () => {
      const heard = overhear((tamper) => runReshare(key, input, { tamper }))
      const parties = partiesOf(input)
      const lettersOf = (round: string) => new Map(parties.map((party) => [party, heard(round, party)]))
      const session = new Session(sid, parties[0] as PartyId, parties)
      const seen = publicReshare(session, input, lettersOf('commit'), lettersOf('open'))
      const { share, ...said } = made.values().next().value as NonNullable<ReturnType<typeof made.get>>
      expect(seen).toEqual(said)
      expect(share === null || share instanceof Secret).toBe(true)
    })
  })

  test('an old share is no new one: it does not parse, and its signature share is seen', () => {
    const key = dealtKey(scheme, 2, 3)
    const input = inputOf(key, { dealers: same(1, 2), members: same(1, 2, 3), threshold: 2 })
    const shares = newShares(input, outputs(runReshare(key, input)))
    const { share } = key.get(2) as KeyShare
    const mixed = { ...(shares.get(2) as KeyShare), share }
    expect(() => parseKeyShare(mixed)).toThrow('not the share of its public share')
    if (scheme === 'ecdsa-secp256k1') return
    const outcomes = runSign(new Map([...shares, [2, mixed]]), [1, 2], digest)
    expect(blamed(outcomes.get(1))).toEqual([[2, 'witnessed', 'signature share does not verify']])
  })

  // Party 1 stays under another index, 2 deals and leaves, 3 and 4 join.
  const key = dealtKey(scheme, 2, 3)
  const committees: Committees = {
    dealers: [
      [1, 1],
      [2, 3],
    ],
    members: [
      [1, 2],
      [3, 1],
      [4, 3],
    ],
    threshold: 2,
  }
  const input = inputOf(key, committees)
  const parties = partiesOf(input)
  const sessionOf = (party: PartyId) => new Session(sid, party, parties)
  const plan = (party: PartyId) => planOf(sessionOf(party), input)
  const honest = overhear((tamper) => runReshare(key, input, { tamper }))
  const openingOf = (party: PartyId) => openingLetter.decode(honest('open', party)) as Opening

  /** A cheater that commits to an altered opening, so that what is wrong in it is all that is wrong. */
  const opens =
    (alter: (opening: Opening) => Opening) =>
    ({ round, from, kind, body }: Letter): Uint8Array => {
      const altered = alter(openingOf(from))
      const V = commitTo(sessionOf(from), plan(from), from, altered)
      if (round === 'commit') return commitmentLetter.encode({ plan: plan(from).id, V })
      return round === 'open' && kind === 'broadcast' ? openingLetter.encode(altered) : body
    }
  const blamesOf = (tamper: Tamper, honestParties: readonly PartyId[] = [1, 3, 4]) => {
    const outcomes = runReshare(key, input, { tamper })
    return honestParties.map((party) => blamed(outcomes.get(party)))
  }
  const everybodyBlames2 = (reason: string) => [1, 3, 4].map(() => [[2, 'witnessed', reason]])
  const shifted = (encoded: Uint8Array, delta: bigint) =>
    curve
      .parsePoint(encoded)
      .add(curve.G.multiplyUnsafe(Fn.create(delta)))
      .toBytes()

  test('takes a round to commit, its echo, and a round to open', () => {
    const rounds = new Set<string>()
    runReshare(key, input, {
      tamper: ({ round, body }) => {
        rounds.add(round)
        return body
      },
    })
    expect([...rounds]).toEqual(['commit', 'commit.echo', 'open'])
  })

  test('whoever does not deal says nothing of its own, and whoever leaves is dealt nothing', () => {
    for (const party of [3, 4]) {
      expect(commitmentLetter.decode(honest('commit', party))).toEqual({ plan: plan(1).id, V: null })
      expect(openingLetter.decode(honest('open', party))).toBeNull()
      for (const to of parties)
        if (to !== party) expect(dealtLetter.decode(honest('open', party, to))).toBeNull()
    }
    expect(dealtLetter.decode(honest('open', 1, 2))).toBeNull()
    expect(dealtLetter.decode(honest('open', 1, 3))).not.toBeNull()
  })

  test.each<[string, (opening: Opening, other: Opening) => Opening]>([
    ['the vector (a last mover who adapts)', (opening, other) => ({ ...opening, F: other.F })],
    [
      'one point',
      (opening, other) => ({ ...opening, F: [opening.F[0] as Uint8Array, other.F[1] as Uint8Array] }),
    ],
    ['the blinding', (opening) => ({ ...opening, u: flip(opening.u) })],
  ])('who opens other than it committed is named: %s', (_, alter) => {
    const tamper = cheating(parties, {
      2: ({ round, kind, body }) =>
        round === 'open' && kind === 'broadcast'
          ? openingLetter.encode(alter(openingOf(2), openingOf(1)))
          : body,
    })
    expect(blamesOf(tamper)).toEqual(everybodyBlames2(NOT_OPENED))
  })

  test.each<[string, string, (opening: Opening) => Opening]>([
    ['a vector of t - 1', LENGTH, (o) => ({ ...o, F: o.F.slice(0, -1) })],
    ['a vector of t + 1', LENGTH, (o) => ({ ...o, F: [...o.F, o.F[0] as Uint8Array] })],
    ['no vector', LENGTH, (o) => ({ ...o, F: [] })],
    [
      'another constant',
      CONSTANT,
      (o) => ({ ...o, F: [shifted(o.F[0] as Uint8Array, 1n), ...o.F.slice(1)] }),
    ],
    [
      'its own public share, without its weight',
      CONSTANT,
      (o) => ({ ...o, F: [input.old.publicShares.get(3) as Uint8Array, ...o.F.slice(1)] }),
    ],
    [
      "another dealer's constant",
      CONSTANT,
      (o) => ({ ...o, F: [openingOf(1).F[0] as Uint8Array, ...o.F.slice(1)] }),
    ],
    ["another dealer's vector", CONSTANT, () => openingOf(1)],
  ])('who commits to and opens %s is named', (_, reason, alter) => {
    expect(blamesOf(cheating(parties, { 2: opens(alter) }))).toEqual(everybodyBlames2(reason))
  })

  test('who opens another coefficient is named by each to whom it deals; who only deals sees no more', () => {
    const alter = (o: Opening) => ({ ...o, F: [o.F[0] as Uint8Array, o.F[0] as Uint8Array] })
    expect(blamesOf(cheating(parties, { 2: opens(alter) }))).toEqual(everybodyBlames2(SHARE))
    const outcomes = runReshare(key, input, { tamper: cheating(parties, { 1: opens(alter) }) })
    for (const party of [3, 4]) expect(blamed(outcomes.get(party))).toEqual([[1, 'witnessed', SHARE]])
    expect(outcomes.get(2)).toMatchObject({ ended: 'done' })
  })

  test.each(BAD_POINTS[scheme === 'eddsa-ed25519' ? scheme : 'schnorr-taproot'])(
    'who opens %s as a point is named',
    (_, encoded) => {
      for (const at of [0, 1]) {
        const alter = (o: Opening) => ({ ...o, F: o.F.map((A, k) => (k === at ? hex(encoded) : A)) })
        expect(blamesOf(cheating(parties, { 2: opens(alter) }), [3])).toEqual([[[2, 'witnessed', NO_POINT]]])
      }
    },
  )

  test('two dealers whose errors cancel are both named, though the sum is right', () => {
    const delta = 12345n
    const moves = (by: bigint) => (letter: Letter) => {
      // The whole polynomial is moved, so every dealt share lies on it.
      const moved = opens((o) => ({ ...o, F: [shifted(o.F[0] as Uint8Array, by), ...o.F.slice(1)] }))
      const value = letter.kind === 'direct' ? dealtLetter.decode(letter.body) : null
      if (value === null) return moved(letter)
      return dealtLetter.encode(curve.scalarBytes(Fn.create(curve.parseScalar(value) + by)))
    }
    const reason = [
      [1, 'witnessed', CONSTANT],
      [2, 'witnessed', CONSTANT],
    ]
    const cheaters = cheating(parties, { 1: moves(delta), 2: moves(-delta) })
    expect(blamesOf(cheaters, [3, 4])).toEqual([reason, reason])
    const sum = [1, 2].map((party) => curve.parsePoint(openingOf(party).F[0] as Uint8Array))
    const movedSum = [
      shifted(sum[0]?.toBytes() as Uint8Array, delta),
      shifted(sum[1]?.toBytes() as Uint8Array, -delta),
    ]
    const added = movedSum.map((A) => curve.parsePoint(A)).reduce((a, b) => a.add(b))
    expect(added.toBytes()).toEqual(input.old.groupPoint)
  })

  test('a dealer with the share of an older epoch is named', () => {
    // Party 2 plays its part to the letter, from another sharing of the same key.
    const refresh = inputOf(key, { dealers: same(1, 2), members: same(1, 2, 3), threshold: 2 })
    const current = newShares(refresh, outputs(runReshare(key, refresh)))
    const now = { ...inputOf(current, committees), parent: new Uint8Array(32).fill(0xbb) }
    const stale = (key.get(3) as KeyShare).share
    const x = Fn.mul(lagrange(curve, 3, [1, 3]), curve.parseScalar(stale.reveal()))
    const F0 = curve.timesG(x).toBytes()
    const heard = overhear((tamper) => runReshare(current, now, { tamper }))
    const { F, u } = openingLetter.decode(heard('open', 2)) as Opening
    const opening = { F: [F0, ...F.slice(1)], u }
    const nowPlan = planOf(sessionOf(2), now)
    const tamper = cheating(parties, {
      2: ({ round, kind, body }) => {
        const V = commitTo(sessionOf(2), nowPlan, 2, opening)
        if (round === 'commit') return commitmentLetter.encode({ plan: nowPlan.id, V })
        return kind === 'broadcast' ? openingLetter.encode(opening) : body
      },
    })
    const outcomes = runReshare(current, now, { tamper })
    for (const party of [1, 3, 4]) expect(blamed(outcomes.get(party))).toEqual([[2, 'witnessed', CONSTANT]])
    // An honest program does not even begin with it.
    const begin = reshare(sessionOf(2), now, stale, seededRng('none'))
    expect(() => begin.next(undefined as never)).toThrow("not the one of this dealer's old index")
  })

  const refresh = inputOf(key, { dealers: same(1, 2), members: same(1, 2, 3), threshold: 2 })
  const refreshed = newShares(refresh, outputs(runReshare(key, refresh)))
  const others: [string, (input: ReshareInput) => ReshareInput][] = [
    ['another parent epoch', (i) => ({ ...i, parent: new Uint8Array(32) })],
    ['another key', (i) => withOld(i, 'another', 3)],
    ['other public shares of the same key', (i) => ({ ...i, old: inputOf(refreshed, committees).old })],
    ['another key with one member more', (i) => withOld(i, 'key', 4)],
    ['another threshold', (i) => ({ ...i, threshold: 3 })],
    ['other dealers', (i) => ({ ...i, dealers: new Map([...i.dealers, [2, 2]]) })],
    [
      'other new indices',
      (i) => ({
        ...i,
        members: new Map([
          [1, 1],
          [3, 2],
          [4, 3],
        ]),
      }),
    ],
    ...(scheme === 'eddsa-ed25519'
      ? []
      : [
          ['another chain code', (i) => ({ ...i, chainCode: new Uint8Array(32) })] as [
            string,
            (i: ReshareInput) => ReshareInput,
          ],
        ]),
  ]
  const withOld = (i: ReshareInput, seed: string, n: number): ReshareInput => ({
    ...i,
    old: inputOf(dealtKey(scheme, 2, n, seed), committees).old,
  })

  test.each(others)('a joiner told %s stops, and the others name it alone', (_, alter) => {
    const outcomes = runReshare(key, input, { inputs: new Map([[3, alter(input)]]) })
    for (const party of [1, 2, 4]) expect(blamed(outcomes.get(party))).toEqual([[3, 'witnessed', PLAN]])
    expect(blamed(outcomes.get(3))).toEqual([1, 2, 4].map((party) => [party, 'witnessed', PLAN]))
  })

  test.each<[string, PartyId, string, string, (body: Uint8Array) => Uint8Array]>([
    [
      'a dealer who does not commit',
      2,
      COMMITS,
      'commit',
      () => commitmentLetter.encode({ plan: plan(1).id, V: null }),
    ],
    [
      'a joiner who commits',
      3,
      COMMITS,
      'commit',
      () => commitmentLetter.encode({ plan: plan(1).id, V: digest }),
    ],
    ['a dealer who does not open', 2, OPENS, 'open', () => openingLetter.encode(null)],
    ['a joiner who opens', 3, OPENS, 'open', () => openingLetter.encode(openingOf(2))],
    [
      'a dealer with another plan',
      2,
      PLAN,
      'commit',
      () => commitmentLetter.encode({ plan: digest, V: digest }),
    ],
  ])('%s is named', (_, cheat, reason, at, letter) => {
    const tamper = cheating(parties, {
      [cheat]: ({ round, kind, body }: Letter) =>
        round === at && kind === 'broadcast' ? letter(body) : body,
    })
    const witnesses = parties.filter((party) => party !== cheat)
    expect(blamesOf(tamper, witnesses)).toEqual(witnesses.map(() => [[cheat, 'witnessed', reason]]))
  })

  test.each<[string, string, (value: Uint8Array) => Uint8Array | null]>([
    ['another share', SHARE, (value) => curve.scalarBytes(Fn.add(curve.parseScalar(value), 1n))],
    ['the share of another index', SHARE, () => dealtLetter.decode(honest('open', 2, 4))],
    ['zero', SHARE, (value) => value.map(() => 0)],
    ['no scalar', SHARE, (value) => value.map(() => 255)],
    ['nothing', DEALS, () => null],
  ])('%s dealt to one party only is seen by that party', (_, reason, alter) => {
    const outcomes = runReshare(key, input, {
      tamper: ({ from, to, kind, body }) =>
        kind === 'direct' && from === 2 && to === 3
          ? dealtLetter.encode(alter(dealtLetter.decode(body) as Uint8Array))
          : body,
    })
    expect(blamed(outcomes.get(3))).toEqual([[2, 'witnessed', reason]])
    for (const party of [1, 2, 4]) expect(outcomes.get(party)).toMatchObject({ ended: 'done' })
  })

  test('a share dealt by who does not deal, or to who does not stay, is refused', () => {
    for (const [from, to] of [
      [3, 4],
      [1, 2],
    ]) {
      const outcomes = runReshare(key, input, {
        tamper: (letter) =>
          letter.kind === 'direct' && letter.from === from && letter.to === to
            ? dealtLetter.encode(curve.scalarBytes(5n))
            : letter.body,
      })
      expect(blamed(outcomes.get(to as PartyId))).toEqual([[from, 'witnessed', DEALS]])
    }
  })

  test("another's commitment sent again: its owner knows the copier, others name both", () => {
    const tamper = cheating(parties, {
      2: ({ round, body }) => (round === 'commit' ? honest('commit', 1) : body),
    })
    const both = [
      [1, 'pair', COPY],
      [2, 'pair', COPY],
    ]
    expect(blamesOf(tamper)).toEqual([[[2, 'witnessed', COPY]], both, both])
  })

  test('two cheaters in one round are both named, each for its own', () => {
    const tamper = cheating(parties, {
      1: ({ kind, body }) =>
        kind === 'direct' && dealtLetter.decode(body) !== null
          ? dealtLetter.encode(flip(dealtLetter.decode(body) as Uint8Array))
          : body,
      2: opens((o) => ({ ...o, F: o.F.slice(1) })),
    })
    const both = [
      [1, 'witnessed', SHARE],
      [2, 'witnessed', LENGTH],
    ]
    expect(blamesOf(tamper, [3, 4])).toEqual([both, both])
  })

  test.each([2, 3])('two commitments of party %d split the view and accuse nobody', (cheat) => {
    const outcomes = runReshare(key, input, {
      tamper: ({ round, from, to, body }) =>
        round === 'commit' && from === cheat && to === 4
          ? commitmentLetter.encode({ plan: digest, V: digest })
          : body,
    })
    for (const party of parties) {
      const outcome = outcomes.get(party)
      expect(outcome?.ended === 'failed' && outcome.error).toBeInstanceOf(SplitView)
    }
  })

  test('a missing letter is its sender’s', () => {
    for (const kind of ['broadcast', 'direct']) {
      const outcomes = runReshare(key, input, {
        tamper: (letter) =>
          letter.round === 'open' && letter.from === 3 && letter.kind === kind ? undefined : letter.body,
      })
      expect(blamed(outcomes.get(4))).toEqual([[3, 'witnessed', 'malformed letter: missing']])
    }
  })

  test('nothing of another run or of another place is taken', () => {
    const elsewhere = overhear((tamper) =>
      runReshare(key, input, { tamper, sid: new Uint8Array(32).fill(8) }),
    )
    const replayed = cheating(parties, {
      2: ({ round, kind, body }) =>
        kind === 'broadcast' && !round.endsWith('echo') ? elsewhere(round, 2) : body,
    })
    expect(blamesOf(replayed)).toEqual(everybodyBlames2(PLAN))
    const commitOnly = cheating(parties, {
      2: ({ round, body }) => {
        if (round !== 'commit') return body
        const { V } = commitmentLetter.decode(elsewhere('commit', 2))
        return commitmentLetter.encode({ plan: plan(2).id, V })
      },
    })
    expect(blamesOf(commitOnly)).toEqual(everybodyBlames2(NOT_OPENED))
  })

  test('contributions that cancel make no shares, and no accusation', () => {
    // As if party 2 had known party 1's polynomial before it was opened: it draws the negative of its slope.
    const slope = curve.randomScalar(seededRng('reshare', 1))
    const digits = (Fn.neg(slope) - 1n).toString(16).padStart(96, '0')
    const rigged = scheme === 'eddsa-ed25519' ? hex(digits).reverse() : hex(digits)
    const outcomes = simulate(parties, (session) => {
      const index = input.dealers.get(session.self)
      const rng = seededRng('reshare', session.self)
      const drawn = (length: number) => (session.self === 2 && length === 48 ? rigged.slice() : rng(length))
      const share = index ? (key.get(index) as KeyShare).share : null
      return reshareWith(session, input, planOf(session, input), share, drawn)
    })
    for (const party of parties) {
      const outcome = outcomes.get(party)
      expect(outcome?.ended === 'failed' && outcome.error).toMatchObject({
        name: 'Error',
        message: expect.stringContaining('unusable shares'),
      })
    }
    // Nor do the broadcasts make any.
    const opening = openingOf(2)
    const cancelling = curve
      .parsePoint(openingOf(1).F[1] as Uint8Array)
      .negate()
      .toBytes()
    const altered = { ...opening, F: [opening.F[0] as Uint8Array, cancelling] }
    const lettersOf = (round: string) => new Map(parties.map((party) => [party, honest(round, party)]))
    const V = commitTo(sessionOf(2), plan(2), 2, altered)
    const commitments = lettersOf('commit').set(2, commitmentLetter.encode({ plan: plan(2).id, V }))
    const openings = lettersOf('open').set(2, openingLetter.encode(altered))
    expect(publicReshare(sessionOf(1), input, commitments, openings)).toBeNull()
  })

  test('what is public is not recomputed from anything that a member would refuse', () => {
    const lettersOf = (round: string) => new Map(parties.map((party) => [party, honest(round, party)]))
    const [commitments, openings] = [lettersOf('commit'), lettersOf('open')]
    const recomputed = (round: string, party: PartyId, body: Uint8Array | null) => {
      const changed = new Map(round === 'commit' ? commitments : openings)
      if (body === null) changed.delete(party)
      else changed.set(party, body)
      const both = round === 'commit' ? ([changed, openings] as const) : ([commitments, changed] as const)
      return publicReshare(sessionOf(1), input, ...both)
    }
    expect(recomputed('commit', 1, honest('commit', 1))).not.toBeNull()
    for (const round of ['commit', 'open']) {
      for (const party of parties) {
        expect(recomputed(round, party, null)).toBeNull()
        expect(recomputed(round, party, new Uint8Array())).toBeNull()
        expect(recomputed(round, party, honest(round, party === 2 ? 3 : 2))).toBeNull()
        const letter = honest(round, party)
        for (let at = 0; at < letter.length; at += 7) {
          const flipped = letter.map((byte, i) => (i === at ? byte ^ 4 : byte))
          expect(recomputed(round, party, flipped)).toBeNull()
        }
      }
    }
    const both = (alter: (o: Opening) => Opening) => {
      const altered = alter(openingOf(2))
      const V = commitTo(sessionOf(2), plan(2), 2, altered)
      const said = new Map(commitments).set(2, commitmentLetter.encode({ plan: plan(2).id, V }))
      return publicReshare(sessionOf(1), input, said, new Map(openings).set(2, openingLetter.encode(altered)))
    }
    expect(both((o) => o)).not.toBeNull()
    expect(both((o) => ({ ...o, F: o.F.slice(1) }))).toBeNull()
    expect(both((o) => ({ ...o, F: [...o.F].reverse() }))).toBeNull()
    expect(both(() => openingOf(1))).toBeNull()
    const copied = new Map(commitments).set(2, honest('commit', 1))
    expect(publicReshare(sessionOf(1), input, copied, openings)).toBeNull()
  })

  test('two runs of one resharing make two sharings', () => {
    const [a, b] = ['one', 'two'].map(
      (seed) => outputs(runReshare(key, input, { seed })).get(3)?.publicShares,
    )
    expect(a).not.toEqual(b)
  })

  test.each<[string, (input: ReshareInput) => Partial<ReshareInput>]>([
    ['fewer dealers than must sign', () => ({ dealers: new Map([[1, 1]]) })],
    ['more dealers than must sign', ({ dealers }) => ({ dealers: new Map([...dealers, [3, 2]]) })],
    ['one dealer under two seats', () => ({ dealers: new Map(same(1).concat([[2, 1]])) })],
    ['a dealer with no old share', () => ({ dealers: new Map(same(1).concat([[2, 4]])) })],
    ['a dealer of index 0', () => ({ dealers: new Map(same(1).concat([[2, 0]])) })],
    ['a threshold of 1', () => ({ threshold: 1 })],
    ['a threshold above the members', () => ({ threshold: 4 })],
    ['half a threshold', () => ({ threshold: 2.5 })],
    ['two members of one index', ({ members }) => ({ members: new Map([...members, [4, 2]]) })],
    ['an index of 0', ({ members }) => ({ members: new Map([...members, [4, 0]]) })],
    ['an index left out', ({ members }) => ({ members: new Map([...members, [4, 4]]) })],
    ['half an index', ({ members }) => ({ members: new Map([...members, [4, 2.5]]) })],
    [
      'somebody without a part',
      ({ members }) => ({
        members: new Map([...members].filter(([party]) => party !== 4).map(([p], i) => [p, i + 1])),
      }),
    ],
    ['a member who is not here', ({ members }) => ({ members: new Map([...members, [5, 4]]) })],
    ['a parent of 31 bytes', () => ({ parent: new Uint8Array(31) })],
    ['a chain code of another scheme', ({ chainCode }) => ({ chainCode: chainCode ? null : digest })],
    ['a chain code of 31 bytes', () => ({ chainCode: new Uint8Array(31) })],
    ['public shares that are not on one polynomial', ({ old }) => ({ old: { ...old, threshold: 3 } })],
    [
      'a group point that is not theirs',
      ({ old }) => ({ old: { ...old, groupPoint: old.publicShares.get(1) as Uint8Array } }),
    ],
  ])('nothing is begun with %s', (_, change) => {
    const { share } = key.get(1) as KeyShare
    const run = reshare(sessionOf(1), { ...input, ...change(input) }, share, seededRng('none'))
    let error: unknown
    try {
      run.next(undefined as never)
    } catch (cause) {
      error = cause
    }
    expect(error instanceof RangeError || error instanceof CodecError).toBe(true)
  })

  test.each<[string, PartyId, PartyId | null]>([
    ['a dealer without a share', 1, null],
    ["another's share", 1, 3],
    ['a share of who does not deal', 3, 2],
  ])('nothing is begun with %s', (_, party, index) => {
    const share = index === null ? null : (key.get(index) as KeyShare).share
    const run = reshare(sessionOf(party), input, share, seededRng('none'))
    expect(() => run.next(undefined as never)).toThrow(RangeError)
  })
})

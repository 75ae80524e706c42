import { createHash } from 'node:crypto'
import { xOnlyPointAddTweak } from 'tiny-secp256k1'
import { describe, expect, test } from 'vitest'
import { SplitView } from '../../../src/protocol/core/abort.js'
import { derivePath } from '../../../src/protocol/group/derive.js'
import { noncesLetter, shareLetter, sign } from '../../../src/protocol/frost/sign.js'
import { SUITES } from '../../../src/protocol/frost/suites.js'
import { type KeyShare } from '../../../src/protocol/sharing/key-share.js'
import { publicKeyOf, type Scheme } from '../../../src/protocol/group/scheme.js'
import { type NonceRng, type PartyId, type Rng, Session } from '../../../src/protocol/core/session.js'
import { taprootTweak, tweakPoint } from '../../../src/protocol/group/taproot.js'
import { seededRng } from '../../support/rng.js'
import { child } from '../../support/wallet.js'
import { type Letter, outputs, sid, simulate, type Tamper } from '../../support/simulate.js'
import {
  BAD_POINTS,
  blamed,
  cheating,
  hex,
  keyOf,
  overhear,
  runSign,
  seededNonces,
  verifiesElsewhere,
} from './party.js'

const SHARE = 'signature share does not verify'
const NO_POINT = 'nonce commitment is not a point of the group'
const COPY = 'nonce commitment is the copy of another'

const message = new TextEncoder().encode('pay 1 to the bearer')
type Nonces = { readonly hiding: Uint8Array; readonly binding: Uint8Array }

describe.each(['eddsa-ed25519', 'schnorr-taproot'] as const)('signing, %s', (scheme) => {
  const { curve } = SUITES[scheme]
  const publicKey = (shares: ReadonlyMap<PartyId, KeyShare>) =>
    publicKeyOf(scheme, shares.get(1)?.groupPoint as Uint8Array)

  test.each<[number, number, PartyId[][]]>([
    [2, 2, [[1, 2]]],
    [
      2,
      3,
      [
        [1, 2],
        [1, 3],
        [2, 3],
      ],
    ],
    [
      3,
      5,
      [
        [1, 2, 3],
        [1, 3, 5],
        [2, 4, 5],
      ],
    ],
    [5, 5, [[1, 2, 3, 4, 5]]],
  ])('%d of %d: each quorum signs, and an independent verifier agrees', (threshold, n, quorums) => {
    const shares = keyOf(scheme, threshold, n)
    for (const quorum of quorums) {
      const signatures = [...outputs(runSign(shares, quorum, message)).values()]
      expect(signatures).toHaveLength(threshold)
      for (const signature of signatures) expect(signature).toEqual(signatures[0])
      const signature = signatures[0] as Uint8Array
      expect(verifiesElsewhere(scheme, publicKey(shares), message, signature)).toBe(true)
      expect(verifiesElsewhere(scheme, publicKey(shares), message.slice(1), signature)).toBe(false)
    }
  })

  test.each<[string, Uint8Array]>([
    ['empty', new Uint8Array()],
    ['one zero', new Uint8Array(1)],
    ['zeros first', Uint8Array.of(0, 0, 0, 1, 2)],
    ['32 bytes', new Uint8Array(32).map((_, i) => 255 - i)],
    ['32 zeros', new Uint8Array(32)],
    ['33 bytes, a zero first', new Uint8Array(33).map((_, i) => i)],
    ['100 KB', new Uint8Array(100_000).map((_, i) => i * 7)],
  ])('a message is signed as it is: %s', (_, message) => {
    const shares = keyOf(scheme, 2, 2)
    const signature = outputs(runSign(shares, [1, 2], message)).get(1) as Uint8Array
    expect(verifiesElsewhere(scheme, publicKey(shares), message, signature)).toBe(true)
    const longer = Uint8Array.of(0, ...message)
    expect(verifiesElsewhere(scheme, publicKey(shares), longer, signature)).toBe(false)
  })

  const three = keyOf(scheme, 3, 5)
  const quorum = [1, 3, 4]
  const honest = overhear((tamper) => runSign(three, quorum, message, { tamper }))
  const noncesOf = (party: PartyId): Nonces => noncesLetter.decode(honest('nonces', party))
  const shareOf = (party: PartyId): Uint8Array => shareLetter.decode(honest('share', party))
  const blamesOf = (tamper: Tamper, honestParties: readonly PartyId[]) => {
    const outcomes = runSign(three, quorum, message, { tamper })
    return honestParties.map((party) => blamed(outcomes.get(party)))
  }
  const commits = (alter: (nonces: Nonces) => Nonces) => (letter: Letter) =>
    letter.round === 'nonces' ? noncesLetter.encode(alter(noncesLetter.decode(letter.body))) : letter.body
  const answers = (alter: (z: Uint8Array) => Uint8Array) => (letter: Letter) =>
    letter.round === 'share' ? shareLetter.encode(alter(shareLetter.decode(letter.body))) : letter.body
  const plusOne = (z: Uint8Array) => curve.scalarBytes(curve.Fn.add(curve.parseScalar(z), 1n))

  test.each<[string, (z: Uint8Array) => Uint8Array]>([
    ['one more than it is', plusOne],
    ['zero', (z) => z.map(() => 0)],
    ['beyond the order', (z) => z.map(() => 255)],
    ["another's", () => shareOf(1)],
    [
      'from a run for another message',
      () =>
        shareLetter.decode(
          overhear((tamper) => runSign(three, quorum, message.slice(1), { tamper }))('share', 3),
        ),
    ],
  ])('who sends a share that is %s is named by all', (_, alter) => {
    expect(blamesOf(cheating(quorum, { 3: answers(alter) }), [1, 4])).toEqual([
      [[3, 'witnessed', SHARE]],
      [[3, 'witnessed', SHARE]],
    ])
  })

  test('two bad shares are both named', () => {
    expect(blamesOf(cheating(quorum, { 3: answers(plusOne), 4: answers(plusOne) }), [1])).toEqual([
      [
        [3, 'witnessed', SHARE],
        [4, 'witnessed', SHARE],
      ],
    ])
  })

  test('two bad shares whose errors cancel make the same signature, and nobody is held up', () => {
    const minusOne = (z: Uint8Array) => curve.scalarBytes(curve.Fn.sub(curve.parseScalar(z), 1n))
    const tamper = cheating(quorum, { 3: answers(plusOne), 4: answers(minusOne) })
    const [honest, cheated] = [{}, { tamper }].map((options) =>
      runSign(three, quorum, message, options).get(1),
    )
    expect(honest).toMatchObject({ ended: 'done' })
    expect(cheated).toEqual(honest)
  })

  test.each(BAD_POINTS[scheme])('who commits to %s is named', (_, encoded) => {
    for (const which of ['hiding', 'binding']) {
      const tamper = cheating(quorum, { 3: commits((nonces) => ({ ...nonces, [which]: hex(encoded) })) })
      expect(blamesOf(tamper, [1])).toEqual([[[3, 'witnessed', NO_POINT]]])
    }
  })

  test.each<[string, (nonces: Nonces) => Nonces]>([
    ['both', () => noncesOf(1)],
    ['hiding', (nonces) => ({ ...nonces, hiding: noncesOf(1).hiding })],
    ['binding', (nonces) => ({ ...nonces, binding: noncesOf(1).binding })],
  ])("another's commitments sent again are refused: %s", (_, alter) => {
    expect(blamesOf(cheating(quorum, { 3: commits(alter) }), [1, 4])).toEqual([
      [[3, 'witnessed', COPY]],
      [
        [1, 'pair', COPY],
        [3, 'pair', COPY],
      ],
    ])
  })

  test('who answers under other nonces than it committed to is named', () => {
    const other = curve.timesG(5n).toBytes()
    const tamper = cheating(quorum, { 3: commits((nonces) => ({ ...nonces, hiding: other })) })
    expect(blamesOf(tamper, [1, 4])).toEqual([[[3, 'witnessed', SHARE]], [[3, 'witnessed', SHARE]]])
  })

  test('two commitments of one party split the view, and nobody answers', () => {
    const rounds = new Set<string>()
    const outcomes = runSign(three, quorum, message, {
      tamper: (letter) => {
        rounds.add(letter.round)
        return letter.from === 3 && letter.to === 4
          ? commits((nonces) => ({ ...nonces, hiding: curve.timesG(5n).toBytes() }))(letter)
          : letter.body
      },
    })
    for (const party of quorum) {
      const outcome = outcomes.get(party)
      expect(outcome?.ended === 'failed' && outcome.error).toBeInstanceOf(SplitView)
    }
    expect([...rounds]).toEqual(['nonces', 'nonces.echo'])
  })

  test('a quorum mixed from two keys signs nothing', () => {
    const a = keyOf(scheme, 2, 3)
    const b = keyOf(scheme, 2, 3, 'another')
    const mixed = new Map([
      [1, a.get(1) as KeyShare],
      [2, b.get(2) as KeyShare],
    ])
    const outcomes = runSign(mixed, [1, 2], message)
    expect(blamed(outcomes.get(1))).toEqual([[2, 'witnessed', SHARE]])
    expect(blamed(outcomes.get(2))).toEqual([[1, 'witnessed', SHARE]])
  })

  test('a party that was asked to sign something else does not lend its share', () => {
    const outcomes = simulate([1, 2], (session) =>
      sign(
        session,
        {
          share: keyOf(scheme, 2, 3).get(session.self) as KeyShare,
          message: session.self === 1 ? message : message.slice(1),
          shift: 0n,
        },
        seededNonces('sign', session.self),
      ),
    )
    expect(blamed(outcomes.get(1))).toEqual([[2, 'witnessed', SHARE]])
    expect(blamed(outcomes.get(2))).toEqual([[1, 'witnessed', SHARE]])
  })

  test.each<[string, PartyId[], string]>([
    ['one too few', [1, 2], '3 sign with this key, not 2'],
    ['one too many', [1, 2, 3, 4], '3 sign with this key, not 4'],
    ['a stranger', [1, 2, 6], 'party 6 has no share of this key'],
    ["another's share", [2, 3, 4], "this share is another party's"],
  ])('nothing is sent with %s', (_, parties, problem) => {
    const session = new Session(sid, parties[0] as PartyId, parties)
    const run = sign(session, { share: three.get(1) as KeyShare, message, shift: 0n }, seededNonces('quorum'))
    expect(() => run.next(undefined as never)).toThrow(new RangeError(problem))
  })

  test('a signer cannot stand in a session twice', () => {
    expect(() => new Session(sid, 1, [1, 1, 2])).toThrow(RangeError)
  })

  test('two runs over the same inputs use other nonces', () => {
    const shares = keyOf(scheme, 2, 2)
    const [one, two] = ['one', 'two'].map((seed) => {
      const heard = overhear((tamper) => runSign(shares, [1, 2], message, { seed, tamper }))
      return [1, 2].map((party) => noncesLetter.decode(heard('nonces', party)))
    })
    const all = [...(one ?? []), ...(two ?? [])].flatMap(({ hiding, binding }) => [hiding, binding])
    expect(new Set(all.map((point) => curve.parsePoint(point).toBytes().join())).size).toBe(8)
  })

  test('nonces are mixed with the share: with a generator stuck at one value, signers still differ', () => {
    const stuck: NonceRng = { fresh: (length) => new Uint8Array(length) }
    const shares = keyOf(scheme, 2, 2)
    const outcomes = simulate([1, 2], (session) =>
      sign(session, { share: shares.get(session.self) as KeyShare, message, shift: 0n }, stuck),
    )
    const signature = outputs(outcomes).get(1) as Uint8Array
    expect(verifiesElsewhere(scheme, publicKey(shares), message, signature)).toBe(true)
  })

  test('signing leaves the share as it was', () => {
    const shares = keyOf(scheme, 2, 2)
    const before = shares.get(1)?.share.reveal().slice()
    for (const seed of ['one', 'two']) outputs(runSign(shares, [1, 2], message, { seed }))
    expect(shares.get(1)?.share.reveal()).toEqual(before)
  })
})

test('taproot: every combination of the parities of internal and output key signs', () => {
  const seen = new Map<string, number>()
  for (let seed = 0; seen.size < 4; seed++) {
    expect(seed).toBeLessThan(100)
    const shares = keyOf('schnorr-taproot', 2, 2, `parity ${seed}`)
    const { groupPoint } = shares.get(1) as KeyShare
    const key = publicKeyOf('schnorr-taproot', groupPoint)
    const parities = `${groupPoint[0]} ${outputParity(groupPoint)}`
    if (seen.has(parities)) continue
    seen.set(parities, seed)
    for (const text of [message, message.slice(1)]) {
      const digest = new Uint8Array(32).map((_, i) => text[i] ?? 0)
      for (const signed of [text, digest]) {
        const signature = outputs(runSign(shares, [1, 2], signed)).get(2) as Uint8Array
        expect(verifiesElsewhere('schnorr-taproot', key, signed, signature)).toBe(true)
      }
    }
  }
  expect([...seen.keys()].sort()).toEqual(['2 2', '2 3', '3 2', '3 3'])
})

describe('taproot with a path', () => {
  const shares = keyOf('schnorr-taproot', 2, 3)
  const { groupPoint } = shares.get(1) as KeyShare
  const chainCode = new Uint8Array(32).fill(3)

  /** Independent of ours: BIP-32's addition and BIP-341's tweak by libsecp256k1, hashes by OpenSSL. */
  function outputKeyElsewhere(path: readonly number[]): { key: Uint8Array; parities: string } {
    const { point: K } = path.reduce(child, { point: groupPoint, chainCode })
    const tag = createHash('sha256').update('TapTweak').digest()
    const tweak = createHash('sha256').update(tag).update(tag).update(K.subarray(1)).digest()
    const tweaked = xOnlyPointAddTweak(K.subarray(1), tweak)
    return { key: tweaked?.xOnlyPubkey as Uint8Array, parities: `${K[0]} ${tweaked?.parity}` }
  }

  test('signatures are of the derived output key, whatever the parities', () => {
    const seen = new Set<string>()
    for (let last = 0; seen.size < 4; last++) {
      expect(last).toBeLessThan(100)
      const { key, parities } = outputKeyElsewhere([1, last])
      if (seen.has(parities)) continue
      seen.add(parities)
      const { shift, groupPoint: derived } = derivePath(groupPoint, chainCode, [1, last])
      expect(publicKeyOf('schnorr-taproot', derived)).toEqual(Uint8Array.from(key))
      for (const quorum of [
        [1, 2],
        [2, 3],
      ]) {
        const signature = outputs(runSign(shares, quorum, message, { shift })).get(2) as Uint8Array
        expect(verifiesElsewhere('schnorr-taproot', key, message, signature)).toBe(true)
        const root = publicKeyOf('schnorr-taproot', groupPoint)
        expect(verifiesElsewhere('schnorr-taproot', root, message, signature)).toBe(false)
      }
    }
  })

  test('a bad share is blamed on its sender', () => {
    const { shift } = derivePath(groupPoint, chainCode, [7])
    const { Fn, parseScalar, scalarBytes } = SUITES['schnorr-taproot'].curve
    const tamper = cheating([1, 2], {
      2: ({ round, body }) =>
        round === 'share'
          ? shareLetter.encode(scalarBytes(Fn.add(parseScalar(shareLetter.decode(body)), 1n)))
          : body,
    })
    expect(blamed(runSign(shares, [1, 2], message, { shift, tamper }).get(1))).toEqual([
      [2, 'witnessed', SHARE],
    ])
  })

  test('signers of two paths make no signature', () => {
    const outcomes = simulate([1, 2], (session) => {
      const { shift } = derivePath(groupPoint, chainCode, [session.self])
      const share = shares.get(session.self) as KeyShare
      return sign(session, { share, message, shift }, seededNonces('paths', session.self))
    })
    expect(blamed(outcomes.get(1))).toEqual([[2, 'witnessed', SHARE]])
    expect(blamed(outcomes.get(2))).toEqual([[1, 'witnessed', SHARE]])
  })
})

test('nothing is sent for a path of an Ed25519 key', () => {
  const share = keyOf('eddsa-ed25519', 2, 2).get(1) as KeyShare
  const run = sign(new Session(sid, 1, [1, 2]), { share, message, shift: 1n }, seededNonces('eddsa'))
  expect(() => run.next(undefined as never)).toThrow(
    new RangeError('no keys are derived from one of eddsa-ed25519'),
  )
})

function outputParity(groupPoint: Uint8Array): number {
  const P = SUITES['schnorr-taproot'].curve.parsePoint(groupPoint)
  return tweakPoint(taprootTweak(P), P).toBytes()[0] as number
}

test('FROST makes no ECDSA signature', () => {
  const share = { ...keyOf('schnorr-taproot', 2, 2).get(1), scheme: 'ecdsa-secp256k1' as Scheme } as KeyShare
  const run = sign(new Session(sid, 1, [1, 2]), { share, message, shift: 0n }, seededNonces('ecdsa'))
  expect(() => run.next(undefined as never)).toThrow(RangeError)
})

test('the compiler refuses a replayable generator for nonces, and the reverse', () => {
  // @ts-expect-error an Rng is no NonceRng
  const nonces: NonceRng = seededRng('replayable')
  // @ts-expect-error a NonceRng is no Rng
  const rng: Rng = seededNonces('fresh')
  expect([typeof nonces, typeof rng]).toEqual(['function', 'object'])
})

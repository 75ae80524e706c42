/** ECDSA's key generation beyond `keygen.test.ts`: the proofs for the combined shares. */
import { describe, expect, test } from 'vitest'
import { SplitView } from '../../../src/protocol/core/abort.js'
import { type Ahead, proofLetter, provesShare } from '../../../src/protocol/cggmp24/keygen.js'
import { PRODUCTION } from '../../../src/protocol/cggmp24/integers/level.js'
import { proveSch } from '../../../src/protocol/cggmp24/zk/sch.js'
import { decode, encode, type Value, xorAll } from '../../../src/protocol/core/codec.js'
import { type Point, secp256k1 } from '../../../src/protocol/group/curve.js'
import {
  aheadOf,
  commitmentLetter,
  commitTo,
  type KeygenInput,
  openingLetter,
} from '../../../src/protocol/dkg/keygen-public.js'
import { type PartyId, Session } from '../../../src/protocol/core/session.js'
import { seededRng } from '../../support/rng.js'
import { type Letter, outputs, sid, type Tamper } from '../../support/simulate.js'
import { BAD_POINTS, blamed, cheating, hex, overhear, runKeygen, upTo } from '../frost/party.js'

const input: KeygenInput = { scheme: 'ecdsa-secp256k1', threshold: 2 }
const letter = openingLetter(input.scheme)
const { Fn, order } = secp256k1
const NO_PROOF = 'proof of knowledge of the combined share does not verify'

const honest = overhear((tamper) => runKeygen(input, 3, { tamper }))
const made = outputs(runKeygen(input, 3))
const shareOf = (party: PartyId): bigint =>
  secp256k1.parseScalar(made.get(party)?.share.reveal() as Uint8Array)
const openings = new Map(upTo(3).map((party) => [party, letter.decode(honest('open', party))]))
const ahead = aheadOf(openings)
const publicShares = new Map<PartyId, Point>(
  upTo(3).map((party) => [party, secp256k1.timesG(shareOf(party))]),
)
const proofOf = (party: PartyId) => proofLetter.decode(honest('prove', party))
const holds = (
  proof: { readonly z: bigint },
  { party = 2, said = ahead, shares = publicShares, session = new Session(sid, 1, upTo(3)) } = {},
) => provesShare(session, said, shares, party, proof)

const blamesOf = (tamper: Tamper, honestParties: readonly PartyId[] = [1, 3]) => {
  const outcomes = runKeygen(input, 3, { tamper })
  return honestParties.map((party) => blamed(outcomes.get(party)))
}
const proves =
  (alter: (z: bigint) => bigint) =>
  ({ round, body }: Letter) =>
    round === 'prove' ? proofLetter.encode({ z: alter(proofLetter.decode(body).z) }) : body

describe('the proof for a combined share', () => {
  test('is for one party, one run, one rid, one share and one commitment', () => {
    const proof = proofOf(2)
    const other = ahead.get(1) as Ahead
    const own = ahead.get(2) as Ahead
    const changed = (party: PartyId, change: Partial<Ahead>) =>
      new Map([...ahead, [party, { ...(ahead.get(party) as Ahead), ...change }]])
    expect(holds(proof)).toBe(true)
    expect(holds(proof, { party: 1 })).toBe(false)
    expect(holds(proof, { session: new Session(new Uint8Array(32).fill(8), 1, upTo(3)) })).toBe(false)
    expect(holds(proof, { said: changed(2, { A: other.A }) })).toBe(false)
    expect(holds(proof, { said: changed(3, { rid: own.rid }) })).toBe(false)
    expect(holds(proof, { shares: new Map([...publicShares, [2, secp256k1.G]]) })).toBe(false)
    expect(holds({ z: Fn.add(proof.z, 1n) })).toBe(false)
    expect(holds({ z: Fn.neg(proof.z) })).toBe(false)
  })

  test('who proves under another commitment than the one it opened is named', () => {
    const tau = secp256k1.randomScalar(seededRng('fresh'))
    const context = {
      level: PRODUCTION,
      ssid: sid,
      epoch: xorAll([...ahead.values()].map(({ rid }) => rid)),
      prover: 2,
      verifier: null,
      role: 'keygen',
    }
    const statement = (A: Point) => ({ X: publicShares.get(2) as Point, A })
    const fresh = proveSch(context, statement(secp256k1.timesG(tau)), { x: shareOf(2), tau })
    // It is a proof for the fresh commitment, and for no other.
    const said = new Map([...ahead, [2, { ...(ahead.get(2) as Ahead), A: secp256k1.timesG(tau) }]])
    expect(holds(fresh, { said })).toBe(true)
    const mixed = proveSch(context, statement((ahead.get(2) as Ahead).A), { x: shareOf(2), tau })
    for (const { z } of [fresh, mixed]) {
      expect(blamesOf(cheating(upTo(3), { 2: proves(() => z) }))).toEqual([
        [[2, 'witnessed', NO_PROOF]],
        [[2, 'witnessed', NO_PROOF]],
      ])
    }
  })

  test.each<[string, (z: bigint) => bigint]>([
    ['one more than it is', (z) => Fn.add(z, 1n)],
    ['zero', () => 0n],
    ["another's", () => proofOf(1).z],
    [
      'from another run',
      () =>
        proofLetter.decode(overhear((tamper) => runKeygen(input, 3, { seed: 'two', tamper }))('prove', 2)).z,
    ],
  ])('who answers with one that is %s is named by all', (_, alter) => {
    expect(blamesOf(cheating(upTo(3), { 2: proves(alter) }))).toEqual([
      [[2, 'witnessed', NO_PROOF]],
      [[2, 'witnessed', NO_PROOF]],
    ])
  })

  test('two bad answers are both named, also when their errors cancel', () => {
    const tamper = cheating(upTo(3), { 2: proves((z) => Fn.add(z, 1n)), 3: proves((z) => Fn.sub(z, 1n)) })
    expect(blamesOf(tamper, [1])).toEqual([
      [
        [2, 'witnessed', NO_PROOF],
        [3, 'witnessed', NO_PROOF],
      ],
    ])
  })

  test('an answer beyond the order, or none, is malformed', () => {
    for (const z of [secp256k1.scalarBytes(order - 1n).map(() => 255), new Uint8Array(31), null]) {
      const tamper = cheating(upTo(3), {
        2: ({ round, body }) => (round === 'prove' ? encode(z ? { z } : {}) : body),
      })
      expect(blamesOf(tamper, [1])).toEqual([
        [[2, 'witnessed', expect.stringMatching(/^malformed letter: /)]],
      ])
    }
  })
})

describe('what is said ahead', () => {
  const NOT_OPENED = 'opening is not what was committed to'

  test.each<[string, (said: Ahead) => Ahead]>([
    ['the commitment', (said) => ({ ...said, A: (ahead.get(1) as Ahead).A })],
    ['what it adds to rid', (said) => ({ ...said, rid: (ahead.get(1) as Ahead).rid })],
  ])('who opens other than it committed is named: %s', (_, alter) => {
    const tamper = cheating(upTo(3), {
      2: ({ round, kind, body }) => {
        if (round !== 'open' || kind !== 'broadcast') return body
        const opening = letter.decode(body)
        return letter.encode({ ...opening, ahead: alter(opening.ahead as Ahead) })
      },
    })
    expect(blamesOf(tamper)).toEqual([[[2, 'witnessed', NOT_OPENED]], [[2, 'witnessed', NOT_OPENED]]])
  })

  test.each([...BAD_POINTS['ecdsa-secp256k1']])('%s is no commitment', (_, encoded) => {
    const tamper = cheating(upTo(3), { 2: opensRaw((said) => said.set('A', hex(encoded))) })
    expect(blamesOf(tamper, [1])).toEqual([
      [[2, 'witnessed', expect.stringMatching(/^malformed letter: ahead\.A: /)]],
    ])
  })

  test('is there, and has 48 random bytes', () => {
    for (const alter of [
      (said: Map<string, Value>) => said.set('rid', new Uint8Array(32)),
      (said: Map<string, Value>) => said.delete('rid'),
      (said: Map<string, Value>) => said.clear(),
    ]) {
      const tamper = cheating(upTo(3), { 2: opensRaw(alter) })
      expect(blamesOf(tamper, [1])).toEqual([
        [[2, 'witnessed', expect.stringMatching(/^malformed letter: ahead\./)]],
      ])
    }
  })

  test('a FROST opening is none for ECDSA, nor the reverse', () => {
    const { ahead: _, ...common } = openings.get(1) as NonNullable<ReturnType<typeof openings.get>>
    const frost = openingLetter('schnorr-taproot').encode({ ...common, u: common.u.slice(0, 32) })
    expect(() => letter.decode(frost)).toThrow()
    expect(() => openingLetter('schnorr-taproot').decode(honest('open', 1))).toThrow()
  })

  test('with another rid for one peer nobody goes on, and the liar alone is named', () => {
    // Two openings of one commitment cannot be; two commitments are seen in the echo.
    const other = (body: Uint8Array) => {
      const opening = letter.decode(body)
      return { ...opening, ahead: { ...(opening.ahead as Ahead), rid: new Uint8Array(48) } }
    }
    const lies = { from: 2, to: 3 }
    const isLie = ({ from, to, kind }: Letter) => from === lies.from && to === lies.to && kind === 'broadcast'
    const opened = runKeygen(input, 3, {
      tamper: (l) => (l.round === 'open' && isLie(l) ? letter.encode(other(l.body)) : l.body),
    })
    expect(blamed(opened.get(3))).toEqual([[2, 'witnessed', NOT_OPENED]])
    expect(opened.get(1)).toMatchObject({ ended: 'waiting', round: 'prove' })

    const V = commitTo(new Session(sid, 2, upTo(3)), input, 2, other(honest('open', 2)))
    const committed = runKeygen(input, 3, {
      tamper: (l) => (l.round === 'commit' && isLie(l) ? commitmentLetter.encode(V) : l.body),
    })
    for (const party of upTo(3)) {
      const outcome = committed.get(party)
      expect(outcome?.ended === 'failed' && outcome.error).toBeInstanceOf(SplitView)
    }
  })

  /** A cheater that opens something malformed, and commits to what it cannot say in a well-formed way. */
  function opensRaw(alter: (said: Map<string, Value>) => unknown) {
    return ({ round, kind, body }: Letter): Uint8Array => {
      if (round !== 'open' || kind !== 'broadcast') return body
      const opening = decode(body) as Map<string, Value>
      alter(opening.get('ahead') as Map<string, Value>)
      return encode(opening)
    }
  }
})

test('a generator that repeats itself in two runs repeats no polynomial, no part of rid and no commitment', () => {
  const heard = [7, 8].map((fill) =>
    overhear((tamper) => runKeygen(input, 2, { tamper, sid: new Uint8Array(32).fill(fill) })),
  )
  const [one, two] = heard.map((letters) => letter.decode(letters('open', 1)))
  expect(one?.F).not.toEqual(two?.F)
  expect(one?.ahead?.rid).not.toEqual(two?.ahead?.rid)
  expect(one?.ahead?.A.equals(two?.ahead?.A as Point)).toBe(false)
})

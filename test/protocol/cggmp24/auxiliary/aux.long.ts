import { describe, expect, test } from 'vitest'
import { SplitView } from '../../../../src/protocol/core/abort.js'
import { encode } from '../../../../src/protocol/core/codec.js'
import {
  auxContext,
  type AuxOpening,
  commitToAux,
  commonString,
  generateAux,
} from '../../../../src/protocol/cggmp24/auxiliary/generate.js'
import { auxDataCodec, checkAuxSecret } from '../../../../src/protocol/cggmp24/auxiliary/data.js'
import { publicAux } from '../../../../src/protocol/cggmp24/auxiliary/public.js'
import { jacobi, tape, toBytes } from '../../../../src/protocol/cggmp24/integers/integers.js'
import { TEST_ONLY } from '../../../../src/protocol/cggmp24/integers/level.js'
import { makePedersen, pedersen, pedersenTape } from '../../../../src/protocol/cggmp24/integers/pedersen.js'
import { type FacProof, proveFac, verifyFac } from '../../../../src/protocol/cggmp24/zk/fac.js'
import { type ModProof, verifyMod } from '../../../../src/protocol/cggmp24/zk/mod.js'
import { verifyPrm } from '../../../../src/protocol/cggmp24/zk/prm.js'
import type { Job } from '../../../../src/protocol/core/round.js'
import { type PartyId, Session } from '../../../../src/protocol/core/session.js'
import { primesOf } from '../../../support/primes.js'
import { seededRng } from '../../../support/rng.js'
import { type Letter, outputs, sid, type Tamper } from '../../../support/simulate.js'
import { blamed, cheating, overhear, toHex, upTo } from '../../frost/party.js'
import { input, letter, opensAux, remembering, runAux } from './aux.party.js'
import { forgeMod, primeOf, sixteenSmallPrimes } from '../zk/forge.js'

const NOT_OPENED = 'opening is not what was committed to'
const PRM = 'proof that s is a power of t does not verify'
const MOD = 'proof that N has two prime factors does not verify'
const FAC = 'proof that N has no small factor does not verify'
const COMMON = "a modulus has a factor in common with another party's"

const flip = (bytes: Uint8Array): Uint8Array => bytes.map((byte, i) => (i === 5 ? byte ^ 1 : byte))
const sessionOf = (party: PartyId, n = 3) => new Session(sid, party, upTo(n))

const honest = overhear((tamper) => runAux(3, { tamper }))
const openingOf = (party: PartyId): AuxOpening => letter.opening.decode(honest('aux-open', party))
const modOf = (party: PartyId): ModProof => letter.mod.decode(honest('aux-prove', party))
const facOf = (party: PartyId, to: PartyId): FacProof => letter.fac.decode(honest('aux-prove', party, to))
const [one, two] = [openingOf(1), openingOf(2)]

/** The same parties with the same primes in another run. */
const other = new Uint8Array(32).fill(8)
const elsewhere = overhear((tamper) => runAux(3, { tamper, sid: other }))

const blamesOf = (tamper: Tamper, honestParties = [1, 3]) => {
  const outcomes = runAux(3, { tamper })
  return honestParties.map((party) => blamed(outcomes.get(party)))
}
const everybodyBlames2 = (reason: string) => [[[2, 'witnessed', reason]], [[2, 'witnessed', reason]]]
const party2 = (cheat: (letter: Letter) => Uint8Array) => cheating([1, 2, 3], { 2: cheat })
const opens = (alter: (opening: AuxOpening) => AuxOpening) => party2(opensAux(3, openingOf, alter))

describe('auxiliary generation', () => {
  test.each([2, 3])('%d parties', (n) => {
    const outcomes = outputs(runAux(n))
    const first = outcomes.get(1)
    expect(outcomes.size).toBe(n)
    for (const [party, output] of outcomes) {
      expect(output.parties).toEqual(first?.parties)
      expect([...output.parties.keys()]).toEqual(upTo(n))
      expect(output.level).toBe(TEST_ONLY)
      const own = output.parties.get(party)
      const { p, q, pHat, qHat } = primesOf(party)
      expect([own?.N, own?.Nhat]).toEqual([p * q, pHat * qHat])
      checkAuxSecret(TEST_ONLY, own as NonNullable<typeof own>, output.secret)
      expect(auxDataCodec.decode(auxDataCodec.encode(output)).parties).toEqual(output.parties)
    }
  })

  test('takes four rounds, whose names key generation has not', () => {
    const rounds = new Set<string>()
    runAux(2, {
      tamper: ({ round, body }) => {
        rounds.add(round)
        return body
      },
    })
    expect([...rounds]).toEqual(['aux-commit', 'aux-commit.echo', 'aux-open', 'aux-prove'])
  })

  test('nothing that is said holds a prime or λ', () => {
    const secrets = [1, 2, 3].flatMap((party) => {
      const { p, q, pHat, qHat } = primesOf(party)
      const { lambda, phi } = makePedersen(pHat, qHat, tape(seededRng('aux', party)(pedersenTape(TEST_ONLY))))
      return [p, q, pHat, qHat, lambda, phi].map((secret) => toHex(toBytes(secret)))
    })
    const said = [1, 2, 3].flatMap((party) => [
      ...['aux-commit', 'aux-open', 'aux-prove'].map((round) => toHex(honest(round, party))),
      ...[1, 2, 3].filter((to) => to !== party).map((to) => toHex(honest('aux-prove', party, to))),
    ])
    expect(said).toHaveLength(15)
    for (const secret of secrets) expect(said.some((words) => words.includes(secret))).toBe(false)
  })

  test('two runs of the same primes make other parameters of every proof', () => {
    const rounds = ['aux-commit', 'aux-prove'] as const
    for (const round of rounds) expect(elsewhere(round, 1)).not.toEqual(honest(round, 1))
  })

  test.each<[string, PartyId[]]>([
    ['indices with a gap', [1, 3]],
    ['indices from 2', [2, 3]],
  ])('there is none among parties with %s', (_, parties) => {
    const self = parties[0] as PartyId
    const run = generateAux(
      new Session(sid, self, parties),
      { ...input, primes: primesOf(1) },
      seededRng('none'),
    )
    expect(() => run.next(undefined as never)).toThrow(RangeError)
  })

  test('primes that are no safe ones are not begun with', () => {
    const primes = { ...primesOf(1), q: primeOf(1024) }
    const run = generateAux(sessionOf(1), { ...input, primes }, seededRng('none'))
    expect(() => run.next(undefined as never)).toThrow('not a safe prime')
  })
})

describe('who opens other than it committed to is named', () => {
  test.each<[string, (opening: AuxOpening) => AuxOpening]>([
    ['N', (o) => ({ ...o, aux: { ...o.aux, N: one.aux.N } })],
    ['N̂, s and t, with their proof', (o) => ({ ...o, aux: { ...one.aux, N: o.aux.N }, prm: one.prm })],
    ['s', (o) => ({ ...o, aux: { ...o.aux, s: o.aux.t } })],
    ['t', (o) => ({ ...o, aux: { ...o.aux, t: o.aux.s } })],
    ['the proof', (o) => ({ ...o, prm: one.prm })],
    ['ρ', (o) => ({ ...o, rho: flip(o.rho) })],
    ['u', (o) => ({ ...o, u: flip(o.u) })],
  ])('%s', (_, alter) => {
    const tamper = party2(({ round, body }) =>
      round === 'aux-open' ? letter.opening.encode(alter(letter.opening.decode(body))) : body,
    )
    expect(blamesOf(tamper)).toEqual(everybodyBlames2(NOT_OPENED))
  })
})

describe('who commits to and opens data that everybody can see to be wrong is named', () => {
  const { N, Nhat, s, t } = two.aux
  const { p, pHat, qHat } = primesOf(2)
  test.each<[string, string, Partial<AuxOpening['aux']>]>([
    ['N even', 'N: even', { N: N + 1n }],
    ['N a square', 'N: a perfect power', { N: p * p }],
    ['N too short', 'N: a modulus has 2047 or 2048 bits', { N: N >> 2n }],
    ['N one prime', 'N: a modulus has 2047 or 2048 bits', { N: p }],
    ['N with a factor of 3', 'N: has a prime factor below 2^16', { N: 3n * ((N / 3n) | 1n) }],
    ['N = 0', 'N: a modulus has 2047 or 2048 bits', { N: 0n }],
    ['N = N̂', 'Nhat: has a factor in common with N', { N: Nhat }],
    ['N and N̂ with one prime in common', 'Nhat: has a factor in common with N', { N: p * pHat }],
    ['N̂ even', 'Nhat: even', { Nhat: Nhat + 1n }],
    ['N̂ = 0', 'Nhat: a modulus has 2047 or 2048 bits', { Nhat: 0n }],
    ['s = 1', 's: of order 1 or 2', { s: 1n }],
    ['t = 1', 't: of order 1 or 2', { t: 1n }],
    ['s = N̂ - 1', 's: of order 1 or 2', { s: Nhat - 1n }],
    ['s = 0', 's: not a unit modulo N̂', { s: 0n }],
    ['t with a factor of N̂', 't: not a unit modulo N̂', { t: qHat }],
    ['s = t', 's: the same as t', { s: t }],
    ['s that is no power of t', PRM, { s: Nhat - s }],
    ['s and t exchanged', PRM, { s: t, t: s }],
    ["another's N̂, s and t without their proof", PRM, { ...one.aux, N }],
  ])('%s', (_, reason, changed) => {
    const tamper = opens((o) => ({ ...o, aux: { ...o.aux, ...changed } }))
    expect(blamesOf(tamper)).toEqual(everybodyBlames2(reason))
  })

  test('N of a bit too many does not fit its letter', () => {
    const tamper = opens((o) => ({ ...o, aux: { ...o.aux, N: 2n * N + 1n } }))
    expect(blamesOf(tamper)).toEqual(everybodyBlames2('malformed letter: aux.N: expected 0 to 256 bytes'))
  })
})

describe('proofs of Πprm', () => {
  test.each<[string, (prm: AuxOpening['prm']) => AuxOpening['prm']]>([
    ['one bit changed', ({ e, z }) => ({ e: e.map((bit, k) => (k === 77 ? 1 - bit : bit)), z })],
    ['one answer changed', ({ e, z }) => ({ e, z: z.map((z_k, k) => (k === 127 ? z_k ^ 1n : z_k)) })],
    ["another's", () => one.prm],
  ])('%s', (_, alter) => {
    expect(blamesOf(opens((o) => ({ ...o, prm: alter(o.prm) })))).toEqual(everybodyBlames2(PRM))
  })

  test.each([0, 127, 129])('%d answers', (count) => {
    const alter = (o: AuxOpening) => ({
      ...o,
      prm: { ...o.prm, z: Array.from({ length: count }, (_, k) => o.prm.z[k] ?? 1n) },
    })
    expect(blamesOf(opens(alter))).toEqual(everybodyBlames2('malformed letter: prm.z: expected 128 items'))
  })

  test('one from another session, of the same primes', () => {
    const { aux, prm } = letter.opening.decode(elsewhere('aux-open', 2))
    const rp = pedersen(aux.Nhat, aux.s, aux.t, TEST_ONLY)
    expect(verifyPrm(auxContext(new Session(other, 2, upTo(3)), input, 2), rp, prm)).toBe(true)
    expect(aux).toEqual(two.aux)
    expect(blamesOf(opens((o) => ({ ...o, prm })))).toEqual(everybodyBlames2(PRM))
  })
})

describe('factors in common', () => {
  test("a modulus that is another's: its owner knows, others name both", () => {
    const tamper = opens((o) => ({ ...o, aux: { ...o.aux, N: one.aux.N } }))
    expect(blamesOf(tamper)).toEqual([
      [[2, 'witnessed', COMMON]],
      [
        [1, 'pair', COMMON],
        [2, 'pair', COMMON],
      ],
    ])
  })

  test("one prime that is another's, in N̂ there and in N here, every proof honest", () => {
    const shared = (party: PartyId) =>
      party === 2 ? { ...primesOf(2), q: primesOf(1).pHat } : primesOf(party)
    const outcomes = runAux(3, { primes: shared })
    expect(blamed(outcomes.get(1))).toEqual([[2, 'witnessed', COMMON]])
    expect(blamed(outcomes.get(3))).toEqual([
      [1, 'pair', COMMON],
      [2, 'pair', COMMON],
    ])
  })

  test('who shows something else wrong as well draws nobody into it', () => {
    const tamper = opens((o) => ({ ...o, aux: { ...o.aux, N: 0n } }))
    expect(blamesOf(tamper, [3])).toEqual([[[2, 'witnessed', 'N: a modulus has 2047 or 2048 bits']]])
    const both = opens((o) => ({ ...o, aux: { ...o.aux, N: one.aux.N, s: 1n } }))
    expect(blamesOf(both, [3])).toEqual([[[2, 'witnessed', 's: of order 1 or 2']]])
  })
})

describe('the proofs of round aux-prove', () => {
  /** Party 2 sends another Πmod, or to party 1 another Πfac. */
  const proves = (change: { mod?: ModProof; fac?: FacProof }): Tamper =>
    party2(({ round, kind, to, body }) => {
      if (round !== 'aux-prove') return body
      if (kind === 'broadcast') return change.mod ? letter.mod.encode(change.mod) : body
      return change.fac && to === 1 ? letter.fac.encode(change.fac) : body
    })
  const mod = modOf(2)
  const fac = facOf(2, 1)

  test.each<[string, ModProof]>([
    [
      'one root changed',
      { ...mod, roots: mod.roots.map((root, k) => (k === 127 ? { ...root, x: root.x ^ 1n } : root)) },
    ],
    [
      'one sign changed',
      { ...mod, roots: mod.roots.map((root, k) => (k === 0 ? { ...root, a: !root.a } : root)) },
    ],
    ['another w', { ...mod, w: mod.w + 1n }],
    ["another's", modOf(1)],
    [
      'its first answer 128 times',
      { ...mod, roots: mod.roots.map(() => mod.roots[0] as ModProof['roots'][number]) },
    ],
  ])('Πmod with %s: everybody names who sent it', (_, changed) => {
    expect(blamesOf(proves({ mod: changed }))).toEqual(everybodyBlames2(MOD))
  })

  test.each<[string, FacProof]>([
    ['one answer changed', { ...fac, v: fac.v + 1n }],
    ['an answer out of range', { ...fac, z1: 2n ** 1791n }],
    ["what is another verifier's", facOf(2, 3)],
    ["another's", facOf(3, 1)],
    ['zeros', { P: 0n, Q: 0n, A: 0n, B: 0n, T: 0n, z1: 0n, z2: 0n, w1: 0n, w2: 0n, v: 0n }],
  ])('Πfac with %s: its verifier names who sent it, others have one that holds', (_, changed) => {
    const outcomes = runAux(3, { tamper: proves({ fac: changed }) })
    expect(blamed(outcomes.get(1))).toEqual([[2, 'witnessed', FAC]])
    expect(outcomes.get(3)).toMatchObject({ ended: 'done' })
  })

  test('ones of another run of the same primes', () => {
    const there = new Session(other, 2, upTo(3))
    const rho = commonString([1, 2, 3].map((party) => letter.opening.decode(elsewhere('aux-open', party))))
    const replayed = letter.mod.decode(elsewhere('aux-prove', 2))
    const dealt = letter.fac.decode(elsewhere('aux-prove', 2, 1))
    const rp = pedersen(one.aux.Nhat, one.aux.s, one.aux.t, TEST_ONLY)
    expect(verifyMod(auxContext(there, input, 2, rho), two.aux, replayed)).toBe(true)
    expect(verifyFac(auxContext(there, input, 2, rho, 1), rp, { N0: two.aux.N }, dealt)).toBe(true)
    expect(blamesOf(proves({ mod: replayed }))).toEqual(everybodyBlames2(MOD))
    expect(blamesOf(proves({ fac: dealt }), [1])).toEqual([[[2, 'witnessed', FAC]]])
  })

  test('ones of an earlier epoch, or of other contributions to ρ, do not hold', () => {
    const rho = commonString([1, 2, 3].map(openingOf))
    const ctx = auxContext(sessionOf(2), input, 2, rho)
    expect(verifyMod(ctx, two.aux, mod)).toBe(true)
    expect(verifyMod({ ...ctx, epoch: new Uint8Array(32) }, two.aux, mod)).toBe(false)
    expect(verifyMod(auxContext(sessionOf(2), input, 2, flip(rho)), two.aux, mod)).toBe(false)
    expect(verifyMod(auxContext(sessionOf(2), input, 2), two.aux, mod)).toBe(false)
  })

  test.each([0, 127, 129])('Πmod with %d roots', (count) => {
    const roots = Array.from(
      { length: count },
      (_, k) => mod.roots[k] ?? (mod.roots[0] as ModProof['roots'][number]),
    )
    expect(blamesOf(proves({ mod: { ...mod, roots } }))).toEqual(
      everybodyBlames2('malformed letter: roots: expected 128 items'),
    )
  })

  test('two cheaters are both named, each for its own; nothing is skipped after the first', () => {
    const tamper = cheating([1, 2, 3], {
      2: ({ round, kind, body }) =>
        round === 'aux-prove' && kind === 'broadcast' ? letter.mod.encode(modOf(1)) : body,
      3: ({ round, kind, body }) =>
        round === 'aux-prove' && kind === 'direct' ? letter.fac.encode({ ...facOf(3, 1), T: 1n }) : body,
    })
    expect(blamesOf(tamper, [1])).toEqual([
      [
        [2, 'witnessed', MOD],
        [3, 'witnessed', FAC],
      ],
    ])
  })
})

describe('moduli made to read shares by', () => {
  /** Party 2 with N of these factors, and the best proofs there are for it. */
  function withFactors(factors: readonly bigint[]): Tamper {
    const N = factors.reduce((product, factor) => product * factor, 1n)
    const alter = (o: AuxOpening) => ({ ...o, aux: { ...o.aux, N } })
    const rho = commonString([1, 2, 3].map(openingOf))
    let w = 2n
    while (jacobi(w, N) !== -1) w++
    const mod = forgeMod(auxContext(sessionOf(2), input, 2, rho), factors, w)
    const split = { p: N / (factors.at(-1) as bigint), q: factors.at(-1) as bigint }
    const open = opensAux(3, openingOf, alter)
    return party2((each) => {
      if (each.round !== 'aux-prove') return open(each)
      if (each.kind === 'broadcast') return letter.mod.encode(mod)
      const { Nhat, s, t } = openingOf(each.to).aux
      const ctx = auxContext(sessionOf(2), input, 2, rho, each.to)
      const fac = proveFac(ctx, pedersen(Nhat, s, t, TEST_ONLY), { N0: N }, split, seededRng('forged'))
      // Answers that are too large would not fit the letter.
      const [z1, z2] = [fac.z1, fac.z2].map((z) => z % 2n ** 1790n) as [bigint, bigint]
      return letter.fac.encode({ ...fac, z1, z2 })
    })
  }
  const holds = (job: Job) => (job.name === 'aux/verify-modulus' ? encode(true) : remembering(job))

  test('sixteen small primes and a large one: Πmod fails, and if it held, Πfac would', () => {
    const tamper = withFactors(sixteenSmallPrimes())
    expect(blamesOf(tamper)).toEqual(everybodyBlames2(MOD))
    const outcomes = runAux(3, { tamper, jobs: holds })
    expect([1, 3].map((party) => blamed(outcomes.get(party)))).toEqual(everybodyBlames2(FAC))
  })

  test('everybody verifies all three proofs of everybody else, and nothing can be said to leave one out', () => {
    const asked: string[] = []
    runAux(3, {
      jobs: (job) => {
        asked.push(job.name)
        return remembering(job)
      },
    })
    for (const proof of ['parameters', 'modulus', 'factors']) {
      expect(asked.filter((name) => name === `aux/verify-${proof}`)).toHaveLength(3 * 2)
    }
    expect(Object.keys(input)).toEqual(['level', 'epoch'])
  })

  test('a factor of 200 bits: Πmod holds, Πfac fails', () => {
    const tamper = withFactors([primeOf(200), primeOf(1848, 15_715n)])
    expect(blamesOf(tamper)).toEqual(everybodyBlames2(FAC))
  })
})

describe('who says what', () => {
  test('two commitments of one party split the view and accuse nobody', () => {
    const outcomes = runAux(3, {
      tamper: ({ round, from, to, body }) =>
        round === 'aux-commit' && from === 2 && to === 3
          ? letter.commitment.encode(new Uint8Array(32))
          : body,
    })
    for (const party of [1, 2, 3]) {
      const outcome = outcomes.get(party)
      expect(outcome?.ended === 'failed' && outcome.error).toBeInstanceOf(SplitView)
    }
  })

  test("another's commitment sent again: its owner knows the copier, others name both", () => {
    const tamper = party2(({ round, body }) => (round === 'aux-commit' ? honest('aux-commit', 1) : body))
    const reason = 'commitment is the copy of another'
    expect(blamesOf(tamper)).toEqual([
      [[2, 'witnessed', reason]],
      [
        [1, 'pair', reason],
        [2, 'pair', reason],
      ],
    ])
  })

  test('the commitment is to the party, the run, the epoch and the level', () => {
    const V = commitToAux(sessionOf(1), input, 1, one)
    const others = [
      commitToAux(sessionOf(1), input, 2, one),
      commitToAux(new Session(new Uint8Array(32), 1, upTo(3)), input, 1, one),
      commitToAux(sessionOf(1), { ...input, epoch: new Uint8Array(32) }, 1, one),
      commitToAux(sessionOf(1), { ...input, level: { ...TEST_ONLY, name: 'cggmp24-3072' } }, 1, one),
    ]
    expect(V).toHaveLength(32)
    for (const other of others) expect(other).not.toEqual(V)
  })

  test.each(['aux-commit', 'aux-open', 'aux-prove'])('garbage in %s is named', (round) => {
    const tamper = party2((each) =>
      each.round === round && each.kind === 'broadcast' ? encode(['no', 'letter']) : each.body,
    )
    for (const blames of blamesOf(tamper)) {
      expect(blames).toEqual([[2, 'witnessed', expect.stringMatching(/^malformed letter: /)]])
    }
  })
})

describe('what was made, from the broadcasts alone', () => {
  const rounds = (changed: Record<string, Uint8Array> = {}) =>
    new Map(
      ['aux-commit', 'aux-open', 'aux-prove'].map((round) => [
        round,
        new Map([1, 2, 3].map((party) => [party, changed[`${round} ${party}`] ?? honest(round, party)])),
      ]),
    )
  const open = (opening: AuxOpening) => letter.opening.encode(opening)
  const commit = (opening: AuxOpening) =>
    letter.commitment.encode(commitToAux(sessionOf(1), input, 1, opening))
  /** Party 1's letters if it had committed to and opened this. */
  const opened = (opening: AuxOpening) =>
    rounds({ 'aux-commit 1': commit(opening), 'aux-open 1': open(opening) })

  test('it is what the parties hold', () => {
    const { level, parties } = outputs(runAux(3)).get(3) as { level: unknown; parties: unknown }
    expect(publicAux(sessionOf(1), input, rounds())).toEqual({ level, parties })
  })

  test.each<[string, () => ReturnType<typeof rounds>]>([
    ['an opening of something else', () => rounds({ 'aux-open 1': open({ ...one, u: flip(one.u) }) })],
    ["another's commitment", () => rounds({ 'aux-commit 1': honest('aux-commit', 2) })],
    ['a modulus that is even', () => opened({ ...one, aux: { ...one.aux, N: one.aux.N + 1n } })],
    ['a factor in common', () => opened({ ...one, aux: { ...one.aux, N: two.aux.N } })],
    ['Πprm that does not hold', () => opened({ ...one, prm: two.prm })],
    ['ρ that the other proofs do not know of', () => opened({ ...one, rho: flip(one.rho) })],
    ['Πmod that does not hold', () => rounds({ 'aux-prove 1': honest('aux-prove', 2) })],
    ['a letter that is none', () => rounds({ 'aux-prove 1': new Uint8Array(9) })],
    ['no round of proofs', () => new Map([...rounds()].slice(0, 2))],
    ['no round of openings', () => new Map([...rounds()].filter(([round]) => round !== 'aux-open'))],
    [
      'no letter of a party',
      () => new Map([...rounds()].map(([round, letters]) => [round, new Map([...letters].slice(1))])),
    ],
  ])('%s makes nothing', (_, altered) => {
    expect(publicAux(sessionOf(1), input, altered())).toBe(null)
  })

  test('nor does another run or epoch', () => {
    expect(publicAux(new Session(new Uint8Array(32), 1, upTo(3)), input, rounds())).toBe(null)
    expect(publicAux(sessionOf(1), { ...input, epoch: new Uint8Array(32) }, rounds())).toBe(null)
  })
})

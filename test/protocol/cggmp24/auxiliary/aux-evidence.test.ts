/** The verdict on auxiliary data, from the letters: it is that of whoever took part, where everybody could see the fault. */
import { describe, expect, test } from 'vitest'
import { encode } from '../../../../src/protocol/core/codec.js'
import type { AuxOpening } from '../../../../src/protocol/cggmp24/auxiliary/generate.js'
import { judgeAux } from '../../../../src/protocol/cggmp24/auxiliary/evidence.js'
import { type Dispute, verdictOf } from '../../../../src/protocol/core/evidence.js'
import { echoOf } from '../../../../src/protocol/core/round.js'
import { type PartyId, Session } from '../../../../src/protocol/core/session.js'
import { type Letter, sid, type Tamper } from '../../../support/simulate.js'
import { cheating, overhear, upTo } from '../../frost/party.js'
import { input, letter, opensAux, remembering, runAux } from './aux.party.js'

const parties = upTo(3)
const session = new Session(sid, 1, parties)
const honest = overhear((tamper) => runAux(3, { tamper }))
const openingOf = (party: PartyId): AuxOpening => letter.opening.decode(honest('aux-open', party))

/** The guilty by what was said aloud in a run, and by these disputes. */
function verdict(tamper: Tamper, disputes: readonly Dispute[] = []): unknown {
  const rounds = new Map<string, Map<PartyId, Uint8Array>>()
  runAux(3, {
    tamper: (said) => {
      const body = tamper(said)
      const { round, from, kind } = said
      if (kind === 'broadcast' && body && !round.endsWith('.echo'))
        rounds.set(round, (rounds.get(round) ?? new Map<PartyId, Uint8Array>()).set(from, body))
      return body
    },
  })
  const seen = encode(echoOf(session, 'aux-commit', rounds.get('aux-commit') ?? new Map()))
  rounds.set('aux-commit.echo', new Map(parties.map((party) => [party, seen])))
  const judging = verdictOf(() => judgeAux(session, input, rounds, disputes))
  let step = judging.next()
  while (!step.done) step = judging.next(step.value.map(remembering))
  return step.value.map(({ party, round, kind, reason }) => [party, round, kind, reason])
}

const party2 = (cheat: (letter: Letter) => Uint8Array) => cheating(parties, { 2: cheat })
const opens = (alter: (opening: AuxOpening) => AuxOpening) => party2(opensAux(3, openingOf, alter))
const untouched: Tamper = ({ body }) => body
const fac = (from: PartyId, to: PartyId, body = honest('aux-prove', from, to)): Dispute => ({
  round: 'aux-prove',
  from,
  to,
  letter: body,
  entry: null,
})

test('of an honest run nobody is guilty', () => {
  expect(verdict(untouched)).toEqual([])
})

test.each<[string, string, string, Tamper]>([
  [
    'an opening of another commitment',
    'aux-open',
    'opening is not what was committed to',
    party2(({ round, body }) => {
      if (round !== 'aux-open') return body
      const opening = letter.opening.decode(body)
      return letter.opening.encode({ ...opening, rho: opening.rho.map((byte) => byte ^ 1) })
    }),
  ],
  [
    'a modulus that anybody sees through',
    'aux-open',
    'N: even',
    opens((o) => ({ ...o, aux: { ...o.aux, N: o.aux.N + 1n } })),
  ],
  [
    'a bad Πprm',
    'aux-open',
    'proof that s is a power of t does not verify',
    opens((o) => ({ ...o, prm: openingOf(1).prm })),
  ],
  [
    'a bad Πmod',
    'aux-prove',
    'proof that N has two prime factors does not verify',
    party2(({ round, kind, body }) =>
      round === 'aux-prove' && kind === 'broadcast' ? honest('aux-prove', 1) : body,
    ),
  ],
])('%s convicts its sender', (_, round, reason, tamper) => {
  expect(verdict(tamper)).toEqual([[2, round, 'proven', reason]])
})

describe('Πfac, which one party alone got', () => {
  test("convicts its sender where it does not verify: another's, or none", () => {
    const reason = 'proof that N has no small factor does not verify'
    for (const body of [honest('aux-prove', 1, 2), new Uint8Array(3)])
      expect(verdict(untouched, [fac(2, 3, body)])).toEqual([[2, 'aux-prove', 'proven', reason]])
  })

  test('convicts whoever says that it does not verify where it does', () => {
    const reason = 'says that a letter does not hold, which does'
    expect(verdict(untouched, [fac(2, 3)])).toEqual([[3, 'aux-prove', 'proven', reason]])
  })
})

test('a common factor convicts nobody: of two, nobody can say who took it', () => {
  expect(verdict(opens((o) => ({ ...o, aux: { ...o.aux, N: openingOf(1).aux.N } })))).toEqual([])
})

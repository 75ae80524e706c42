/** The protocols that the matrix and the fuzz tests cheat in, between two parties, or three in the failure phase. */
import { auxLetters, commitToAux } from '../../../src/protocol/cggmp24/auxiliary/generate.js'
import { blameRound } from '../../../src/protocol/cggmp24/presign/blame.js'
import { TEST_ONLY } from '../../../src/protocol/cggmp24/integers/level.js'
import { ROUND } from '../../../src/protocol/cggmp24/presign/letters.js'
import type { EcdsaKey } from '../../../src/protocol/cggmp24/presign/signers.js'
import { attempt, encode } from '../../../src/protocol/core/codec.js'
import { makeKey } from '../../../src/protocol/engines/engine.js'
import { commitTo, type KeygenInput, openingLetter } from '../../../src/protocol/dkg/keygen-public.js'
import { echoRound } from '../../../src/protocol/core/round.js'
import { type PartyId, Session } from '../../../src/protocol/core/session.js'
import { primesOf } from '../../support/primes.js'
import { seededRng } from '../../support/rng.js'
import { type Letter, type Outcome, sid, simulate, type Tamper } from '../../support/simulate.js'
import { wrongSum } from './cheats.js'
import { dealt, onceEach, runSign } from './signing.js'

/** The cheated one and the cheat. */
export const [honest, cheat] = [1, 2] as const

/** A protocol to cheat in. */
export type Play = {
  readonly name: string
  readonly parties: readonly PartyId[]
  readonly letters: readonly (readonly [string, Letter['kind']])[]
  readonly run: (options: {
    tamper: Tamper
    seed?: string
    sid?: Uint8Array
  }) => Map<PartyId, Outcome<unknown>>
  /** In which rounds a letter of a round may be found out, if in others than its own. */
  readonly later?: Readonly<Record<string, readonly string[]>>
  /** Others who are named, in whatever round. */
  readonly others?: readonly PartyId[]
  /** The changes to the letters, if not all, and only before the last of many repetitions. */
  readonly mutations?: readonly string[]
  /** The commitment of an earlier round, so that what is wrong with an opening is all that is wrong. */
  readonly commitment?: (round: string, opening: Uint8Array) => { round: string; body: Uint8Array } | null
}

const keys = dealt(2, 2)
export const key = (party: PartyId) => keys.get(party) as EcdsaKey

const { first, second, third, sign } = ROUND
export const signing: Play = {
  name: 'sign',
  parties: [honest, cheat],
  letters: [
    [first, 'broadcast'],
    [first, 'direct'],
    [echoRound(first), 'broadcast'],
    [second, 'broadcast'],
    [second, 'direct'],
    [echoRound(second), 'broadcast'],
    [third, 'broadcast'],
    [echoRound(third), 'broadcast'],
    [sign, 'broadcast'],
  ],
  run: (options) => runSign(keys, [honest, cheat], options),
}

const input: KeygenInput = { scheme: 'ecdsa-secp256k1', threshold: 2 }
const auxInput = { level: TEST_ONLY, epoch: new Uint8Array(32).fill(5) }
const keygenLetter = openingLetter(input.scheme)
const auxLetter = auxLetters(TEST_ONLY).opening
const cheatSession = new Session(sid, cheat, [honest, cheat])

export const generating: Play = {
  name: 'keygen',
  parties: [honest, cheat],
  letters: [
    ['commit', 'broadcast'],
    [echoRound('commit'), 'broadcast'],
    ['open', 'broadcast'],
    ['open', 'direct'],
    ['prove', 'broadcast'],
    ['aux-commit', 'broadcast'],
    [echoRound('aux-commit'), 'broadcast'],
    ['aux-open', 'broadcast'],
    ['aux-prove', 'broadcast'],
    ['aux-prove', 'direct'],
  ],
  run: ({ seed = 'matrix', ...options }) =>
    simulate(
      [honest, cheat],
      (session) =>
        makeKey(
          session,
          input,
          { ...auxInput, primes: primesOf(session.self) },
          seededRng(seed, session.self),
        ),
      { jobs: onceEach, ...options },
    ),
  later: {
    commit: ['commit', 'open'],
    open: ['open', 'prove'],
    'aux-commit': ['aux-commit', 'aux-open'],
    'aux-open': ['aux-open', 'aux-prove'],
  },
  commitment: (round, opening) => {
    if (round === 'open') {
      const said = attempt(() => keygenLetter.decode(opening))
      return said && { round: 'commit', body: encode(commitTo(cheatSession, input, cheat, said)) }
    }
    const said = round === 'aux-open' ? attempt(() => auxLetter.decode(opening)) : null
    return said && { round: 'aux-commit', body: encode(commitToAux(cheatSession, auxInput, cheat, said)) }
  },
}

const three = dealt(3, 3)
/** The third lies of its share; the second alters its defence. Every case takes seconds. */
export const defending: Play = {
  name: 'blame',
  parties: [honest, cheat, 3],
  letters: [
    [blameRound('gamma', honest), 'broadcast'],
    [blameRound('gamma', cheat), 'broadcast'],
  ],
  run: (options) => runSign(three, [honest, cheat, 3], { ...options, meddle: { 3: wrongSum('share') } }),
  others: [3],
  mutations: ['flip', 'null', 'no bytes', 'one field less', 'one element less', 'other'],
}

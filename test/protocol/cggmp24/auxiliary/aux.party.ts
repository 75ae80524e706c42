/** Support of the tests of auxiliary generation: runs of it in the simulator, and cheaters. */
import { sha256 } from '@noble/hashes/sha2.js'
import { encode } from '../../../../src/protocol/core/codec.js'
import {
  type AuxInput,
  type AuxOpening,
  auxLetters,
  type AuxOutput,
  commitToAux,
  generateAuxWith,
} from '../../../../src/protocol/cggmp24/auxiliary/generate.js'
import { runJob } from '../../../../src/protocol/cggmp24/jobs.js'
import { TEST_ONLY } from '../../../../src/protocol/cggmp24/integers/level.js'
import type { Job } from '../../../../src/protocol/core/round.js'
import { type PartyId, Session } from '../../../../src/protocol/core/session.js'
import { primesOf } from '../../../support/primes.js'
import { seededRng } from '../../../support/rng.js'
import { type Letter, type Outcome, sid, simulate, type Tamper } from '../../../support/simulate.js'
import { toHex, upTo } from '../../frost/party.js'

export const input: AuxInput = { level: TEST_ONLY, epoch: new Uint8Array(32).fill(5) }
export const letter = auxLetters(TEST_ONLY)

const answers = new Map<string, Uint8Array>()

/** A job is a pure function, so one that was done for an earlier run needs not be done again. */
export function remembering(job: Job): Uint8Array {
  const key = toHex(sha256(encode([job.name, ...job.input])))
  const answer = answers.get(key) ?? runJob(job)
  answers.set(key, answer)
  return answer.slice()
}

/** Runs it among `n` parties. @param primes whose primes a party has, if not its own */
export function runAux(
  n: number,
  options: {
    readonly tamper?: Tamper
    readonly sid?: Uint8Array
    readonly jobs?: (job: Job) => Uint8Array
    readonly primes?: (party: PartyId) => ReturnType<typeof primesOf>
  } = {},
): Map<PartyId, Outcome<AuxOutput>> {
  const { primes = primesOf } = options
  return simulate(
    upTo(n),
    // Not hedged, so that parties have the same parameters in every run, and only what binds proofs to a run differs.
    (session) =>
      generateAuxWith(session, { ...input, primes: primes(session.self) }, seededRng('aux', session.self)),
    { jobs: remembering, ...options },
  )
}

/** A cheater that commits to an altered opening, so that what is wrong in it is all that is wrong. */
export const opensAux =
  (n: number, openingOf: (party: PartyId) => AuxOpening, alter: (opening: AuxOpening) => AuxOpening) =>
  ({ round, from, body }: Letter): Uint8Array => {
    if (round !== 'aux-commit' && round !== 'aux-open') return body
    const altered = alter(openingOf(from))
    return round === 'aux-open'
      ? letter.opening.encode(altered)
      : letter.commitment.encode(commitToAux(new Session(sid, from, upTo(n)), input, from, altered))
  }

/** Parties whose letters are all well-formed, and whose work behind them is not what it should be; and what was heard. */
import type { Accusation } from '../../../src/protocol/core/abort.js'
import { judgeFailure } from '../../../src/protocol/cggmp24/evidence.js'
import { fromBytes, q, toBytes } from '../../../src/protocol/cggmp24/integers/integers.js'
import { decode, encode, type Value } from '../../../src/protocol/core/codec.js'
import { secp256k1 } from '../../../src/protocol/group/curve.js'
import { runJob } from '../../../src/protocol/cggmp24/jobs.js'
import type { Rounds } from '../../../src/protocol/core/rounds.js'
import type { Job } from '../../../src/protocol/core/round.js'
import type { EcdsaKey } from '../../../src/protocol/cggmp24/presign/signers.js'
import type { Dispute } from '../../../src/protocol/core/evidence.js'
import type { PartyId, Session } from '../../../src/protocol/core/session.js'
import { honest, type Tamper } from '../../support/simulate.js'
import type { Meddle } from './signing.js'

type Fields = ReadonlyMap<string, Value>

export const fieldsOf = (bytes: Uint8Array): Fields => decode(bytes) as Fields
export const inputOf = ({ input }: Job): Fields => fieldsOf(input[0] as Uint8Array)
export const withFields = (bytes: Uint8Array, changed: Readonly<Record<string, Value>>): Uint8Array =>
  encode(new Map([...fieldsOf(bytes), ...Object.entries(changed)]))

const bytesOf = (fields: Fields, name: string): Uint8Array => fields.get(name) as Uint8Array
const plusOne = (scalar: Uint8Array): Uint8Array => secp256k1.scalarBytes((fromBytes(scalar) + 1n) % q)
const verifierOf = (job: Job): PartyId => (inputOf(job).get('context') as Fields).get('verifier') as PartyId
const proverOf = (job: Job): PartyId => (inputOf(job).get('context') as Fields).get('prover') as PartyId
const withInput = (job: Job, changed: Readonly<Record<string, Value>>): Job => ({
  name: job.name,
  input: [withFields(job.input[0] as Uint8Array, changed)],
})

/** Its own share of kγ (`share`) or of kx (`shareHat`) is one more than it is, once for each peer. */
export const wrongSum =
  (which: 'share' | 'shareHat'): Meddle =>
  (job, run) => {
    const result = run(job)
    if (job.name !== 'presign/open-answer') return result
    return withFields(result, { [which]: plusOne(bytesOf(fieldsOf(result), which)) })
  }

/** It multiplies with another γ or x than it committed to, in its answer to one party. */
export const wrongFactor =
  (which: 'gamma' | 'x', to: PartyId): Meddle =>
  (job, run) => {
    if (job.name !== 'presign/answer-ciphertext' || verifierOf(job) !== to) return run(job)
    return run(withInput(job, { [which]: plusOne(bytesOf(inputOf(job), which)) }))
  }

/** It hides its answer to one party with another β than it keeps: what that one decrypts is one more. */
export const wrongMask =
  (to: PartyId): Meddle =>
  (job, run) => {
    const result = run(job)
    if (job.name !== 'presign/answer-ciphertext' || verifierOf(job) !== to) return result
    const N = fromBytes(bytesOf(inputOf(job).get('verifier') as Fields, 'N'))
    const answer = fieldsOf(result).get('answer') as Fields
    const D = (fromBytes(bytesOf(answer, 'D')) * (1n + N)) % N ** 2n
    return withFields(result, { answer: new Map([...answer, ['D', toBytes(D)] as const]) })
  }

/** It finds nothing wrong with anything that one party proves to it. */
export const accompliceOf =
  (party: PartyId): Meddle =>
  (job, run) => {
    const result = run(job)
    if (job.name !== 'presign/verify-answer' || proverOf(job) !== party) return result
    return withFields(result, { psi: true, psiHat: true })
  }

/** In the failure phase it proves of another answer than its own, or for its sum what nobody asked. */
export const wrongDefence: Meddle = (job, run) => {
  if (job.name !== 'blame/prove-sum' && job.name !== 'blame/prove-answer') return run(job)
  return run(withInput(job, { x: plusOne(bytesOf(inputOf(job), 'x')) }))
}

/** Both ways of working, one after the other. */
export const both =
  (a: Meddle, b: Meddle): Meddle =>
  (job, run) =>
    a(job, (inner) => b(inner, run))

/** The words that one party hears and says in a run, as its transcript would have them. */
export function transcribed(
  listener: PartyId,
  run: (tamper: Tamper) => unknown,
  tamper: Tamper = honest,
): Rounds {
  const rounds = new Map<string, Map<PartyId, Uint8Array>>()
  run((letter) => {
    const body = tamper(letter)
    const isHeard = letter.kind === 'broadcast' && (letter.to === listener || letter.from === listener)
    // The listener's own words are as it said them, whatever a cheat makes of them on the way.
    const heard = letter.from === listener ? letter.body : body
    if (isHeard && heard !== undefined) {
      const letters = rounds.get(letter.round) ?? new Map<PartyId, Uint8Array>()
      rounds.set(letter.round, letters.set(letter.from, heard))
    }
    return body
  })
  return rounds
}

/** The verdict on a signing, with its jobs done here; who has done some of them before brings its own `run`. */
export function verifyFailure(
  session: Session,
  key: EcdsaKey,
  digest: Uint8Array,
  rounds: Rounds,
  run: (job: Job) => Uint8Array = runJob,
  disputes: readonly Dispute[] = [],
): readonly Accusation[] {
  const judging = judgeFailure(session, key, digest, rounds, disputes)
  let step = judging.next()
  while (!step.done) step = judging.next(step.value.map((job) => run(job)))
  return step.value
}

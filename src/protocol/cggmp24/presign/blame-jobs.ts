/**
 * The work of identifying who broke a signature, as jobs: proofs without ring-Pedersen parameters, 128
 * repetitions each, which anybody can verify. Each takes seconds, and runs only after a signature has failed.
 */
import { flag, record } from '../../core/codec.js'
import { centred, fromBytes, point, q as order, tape } from '../integers/integers.js'
import { type Level, PRODUCTION } from '../integers/level.js'
import { add, decryptTape, nonceTape, paillier, PaillierSecret, times } from '../integers/paillier.js'
import { jobShapes, masksCodec } from './jobs.js'
import { task } from '../../core/task.js'
import { affGStarShape, proveAffGStar, verifyAffGStar } from '../zk/aff-g-star.js'
import { contextShape } from '../zk/context.js'
import { decShape, decTape, proveDec, verifyDec } from '../zk/dec.js'

const { prime, element, ciphertext, secretScalar, secretRecord, aux, random } = jobShapes
const dec = decShape(PRODUCTION)
const affGStar = affGStarShape(PRODUCTION)

/** The statement of Πdec: x⊙K ⊕ D, X and S. */
const sumStatement = { K: ciphertext, D: ciphertext, X: point, S: point, base: point }
/** The statement of Πaff-g*: the answer D, Y to C under the accused's X. */
const answerStatement = { C: ciphertext, D: ciphertext, Y: ciphertext, X: point }

/** How many random bytes `proveSum` reads. */
export const proveSumTape = (level: Level): number =>
  decryptTape(level, 1) + nonceTape(level) + decTape(level)

/**
 * Πdec for x⊙K ⊕ D under this party's N = pq: its plaintext is the logarithm of S to `base`. The job decrypts
 * to get the plaintext and the nonce.
 */
export const proveSum = task(
  'blame/prove-sum',
  {
    input: record({ context: contextShape, ...sumStatement, p: prime, q: prime, x: secretScalar, random }),
    output: dec,
  },
  ({ context, K, D, X, S, base, p, q, x: encoded, random }) => {
    const secret = new PaillierSecret(fromBytes(p), fromBytes(q))
    const N = secret.key
    const x = centred(fromBytes(encoded), order)
    const C = add(N, times(N, K, x), D)
    const rng = tape(random)
    const [y] = secret.decrypt([C], rng) as [bigint]
    const witness = { x, y, rho: secret.nonceOf(C, rng) }
    return proveDec(context, { N, K, D, X, S, base }, witness, rng)
  },
)

/** Whether Πdec holds for the owner of N: yes or no, for any values of the shape. */
export const verifySum = task(
  'blame/verify-sum',
  { input: record({ context: contextShape, N: element, ...sumStatement, proof: dec }), output: flag },
  ({ context, N, proof, ...statement }) =>
    verifyDec(context, { N: paillier(N, context.level), ...statement }, proof),
)

/**
 * Πaff-g* for an answer to the verifier, under this party's N = pq: for D and F in the role of Πaff-g's first
 * proof, `gamma`, otherwise for D̂ and F̂. It reads `affGStarTape` bytes.
 */
export const proveAnswer = task(
  'blame/prove-answer',
  {
    input: record({
      context: contextShape,
      verifier: aux,
      ...answerStatement,
      p: prime,
      q: prime,
      x: secretScalar,
      masks: secretRecord,
      random,
    }),
    output: affGStar,
  },
  ({ context, verifier, C, D, Y, X, p, q, x, masks, random }) => {
    const N_i = new PaillierSecret(fromBytes(p), fromBytes(q)).key
    const statement = { N_j: paillier(verifier.N, context.level), N_i, C, D, Y, X }
    const { beta, s, r, betaHat, sHat, rHat } = masksCodec.decode(masks)
    const hidden =
      context.role === 'gamma' ? { y: -beta, rho: s, rho_y: r } : { y: -betaHat, rho: sHat, rho_y: rHat }
    return proveAffGStar(context, statement, { x: centred(fromBytes(x), order), ...hidden }, tape(random))
  },
)

/** Whether Πaff-g* holds for an answer of the owner of N_i to the owner of N_j; never throws. */
export const verifyProvenAnswer = task(
  'blame/verify-answer',
  {
    input: record({
      context: contextShape,
      N_j: element,
      N_i: element,
      ...answerStatement,
      proof: affGStar,
    }),
    output: flag,
  },
  ({ context, N_j, N_i, proof, ...statement }) => {
    const { level } = context
    const keys = { N_j: paillier(N_j, level), N_i: paillier(N_i, level) }
    return verifyAffGStar(context, { ...keys, ...statement }, proof)
  },
)

export const BLAME_TASKS = [proveSum, verifySum, proveAnswer, verifyProvenAnswer] as const

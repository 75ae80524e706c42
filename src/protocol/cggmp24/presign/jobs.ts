/**
 * The heavy work of presigning, as jobs for one peer each: prove to it, verify it, answer it, open its
 * answer. Secrets come as bytes and are wiped with the input; the BigInts parsed from them cannot be wiped. A
 * context comes without a role, because each proof of a job has its own. A verifying job answers yes or no to
 * any values of the right shape.
 */
import { bytes, bytesUpTo, codec, flag, record } from '../../core/codec.js'
import { secp256k1 } from '../../group/curve.js'
import { auxPublicShape, type AuxPublic } from '../auxiliary/data.js'
import {
  centred,
  fromBytes,
  integer,
  natural,
  point,
  q as order,
  scalar,
  tape,
} from '../integers/integers.js'
import { PRODUCTION } from '../integers/level.js'
import { add, encrypt, type Paillier, paillier, PaillierSecret, times } from '../integers/paillier.js'
import { ownPedersen, type Pedersen, pedersen } from '../integers/pedersen.js'
import { type Answer, type First, type FirstProofs, presignShapes, type SecondProofs } from './letters.js'
import { task } from '../../core/task.js'
import { type AffGStatement, proveAffG, verifyAffG } from '../zk/aff-g.js'
import { contextShape, type ProofContext } from '../zk/context.js'
import { type EncElgStatement, proveEncElg, verifyEncElg } from '../zk/enc-elg.js'

/** The shapes of the signing jobs, at the largest level. Letters are checked at their own level before. */
export const jobShapes = {
  prime: bytesUpTo(PRODUCTION.primeBits / 8),
  /** N, or a nonce modulo N. */
  element: natural(PRODUCTION.modulusBits),
  ciphertext: natural(2 * PRODUCTION.modulusBits),
  secretScalar: bytes(32),
  /** Encoded by `committedCodec` or `masksCodec`. */
  secretRecord: bytesUpTo(1 << 12),
  aux: auxPublicShape(PRODUCTION),
  random: bytesUpTo(1 << 19),
} as const
const { prime, element, ciphertext, secretScalar, secretRecord, aux, random } = jobShapes

const first = presignShapes.first(PRODUCTION)
const firstProofs = presignShapes.firstProofs(PRODUCTION)
const answer = presignShapes.answer(PRODUCTION)
const secondProofs = presignShapes.secondProofs(PRODUCTION)

/** k or γ with what hides it: Enc(x; ρ) and the ElGamal pair of b. Kept as bytes until the run ends. */
export const committedCodec = codec(record({ x: scalar, rho: element, b: scalar }))

/** The masks of an answer: β with the nonces s of D and r of F, and the same with hats. Kept as bytes. */
export const masksCodec = codec(
  record({
    beta: integer(PRODUCTION.ellPrime),
    s: element,
    r: element,
    betaHat: integer(PRODUCTION.ellPrime),
    sHat: element,
    rHat: element,
  }),
)

const ownKey = (p: Uint8Array, q: Uint8Array): PaillierSecret =>
  new PaillierSecret(fromBytes(p), fromBytes(q))

const integerOf = (scalar: Uint8Array): bigint => centred(fromBytes(scalar), order)

/** The statements of ψ0 and ψ1 under the sender's N0. */
const statements = (N0: EncElgStatement['N0'], { K, encGamma, Y, A1, A2, B1, B2 }: First) => ({
  psi0: { N0, C: K, A: Y, B: A1, X: A2 },
  psi1: { N0, C: encGamma, A: Y, B: B1, X: B2 },
})

export const pedersenOf = ({ Nhat, s, t }: AuxPublic, { level }: Pick<ProofContext, 'level'>) =>
  pedersen(Nhat, s, t, level)

/** K = Enc(k; ρ) and Enc(γ; ν). */
export const encryptNonces = task(
  'presign/encrypt-nonces',
  {
    input: record({ p: prime, q: prime, k: secretRecord, gamma: secretRecord }),
    output: record({ K: ciphertext, encGamma: ciphertext }),
  },
  ({ p, q, k, gamma }) => {
    const { key } = ownKey(p, q)
    const encrypted = (committed: Uint8Array) => {
      const { x, rho } = committedCodec.decode(committed)
      return encrypt(key, centred(x, order), rho)
    }
    return { K: encrypted(k), encGamma: encrypted(gamma) }
  },
)

/** ψ0 and ψ1 towards one verifier, whose data are given. Reads twice `encElgTape` bytes. */
export const proveNonces = task(
  'presign/prove-nonces',
  {
    input: record({
      context: contextShape,
      verifier: aux,
      first,
      p: prime,
      q: prime,
      k: secretRecord,
      gamma: secretRecord,
      random,
    }),
    output: firstProofs,
  },
  ({ context, verifier, first, p, q, k, gamma, random }) => {
    const rp = pedersenOf(verifier, context)
    const { psi0, psi1 } = statements(ownKey(p, q).key, first)
    const rng = tape(random)
    const prove = (statement: EncElgStatement, committed: Uint8Array, role: string) => {
      const { x, ...blinds } = committedCodec.decode(committed)
      return proveEncElg({ ...context, role }, rp, statement, { x: centred(x, order), ...blinds }, rng)
    }
    return { psi0: prove(psi0, k, 'K'), psi1: prove(psi1, gamma, 'encGamma') }
  },
)

/** Verifies ψ0 and ψ1 of the owner of N, by this party's p̂ and q̂. */
export const verifyNonces = task(
  'presign/verify-nonces',
  {
    input: record({
      context: contextShape,
      N: element,
      own: aux,
      pHat: prime,
      qHat: prime,
      first,
      proofs: firstProofs,
    }),
    output: record({ psi0: flag, psi1: flag }),
  },
  ({ context, N, own, pHat, qHat, first, proofs }) => {
    const rp = ownPedersen(fromBytes(pHat), fromBytes(qHat), own.s, own.t)
    return nonceProofsHold(context, rp, paillier(N, context.level), first, proofs)
  },
)

/** Whether ψ0 and ψ1 hold by the verifier's parameters. */
export function nonceProofsHold(
  context: ProofContext,
  rp: Pedersen,
  N0: Paillier,
  first: First,
  proofs: FirstProofs,
) {
  const { psi0, psi1 } = statements(N0, first)
  return {
    psi0: verifyEncElg({ ...context, role: 'K' }, rp, psi0, proofs.psi0),
    psi1: verifyEncElg({ ...context, role: 'encGamma' }, rp, psi1, proofs.psi1),
  }
}

/**
 * This party's answer to the ciphertext K of a verifier whose data are given, with ψ and ψ̂. Both D and F
 * contain -β, so that it is the y of Πaff-g; the paper has -β in D and β in F, and adjusts the proof. Reads
 * twice `affGTape` bytes.
 */
export const answerCiphertext = task(
  'presign/answer-ciphertext',
  {
    input: record({
      context: contextShape,
      verifier: aux,
      K: ciphertext,
      Gamma: point,
      X: point,
      p: prime,
      q: prime,
      gamma: secretScalar,
      x: secretScalar,
      masks: secretRecord,
      random,
    }),
    output: record({ answer, proofs: secondProofs }),
  },
  ({ context, verifier, K, Gamma, X, p, q, gamma, x, masks, random }) => {
    const N_j = paillier(verifier.N, context.level)
    const N_i = ownKey(p, q).key
    const rp = pedersenOf(verifier, context)
    const rng = tape(random)
    const { beta, s, r, betaHat, sHat, rHat } = masksCodec.decode(masks)
    const multiplied = (
      role: string,
      X: AffGStatement['X'],
      x: bigint,
      y: bigint,
      rho: bigint,
      rho_y: bigint,
    ) => {
      const D = add(N_j, times(N_j, K, x), encrypt(N_j, y, rho))
      const Y = encrypt(N_i, y, rho_y)
      const statement = { N_j, N_i, C: K, D, Y, X }
      return { D, Y, proof: proveAffG({ ...context, role }, rp, statement, { x, y, rho, rho_y }, rng) }
    }
    const plain = multiplied('gamma', Gamma, integerOf(gamma), -beta, s, r)
    const hat = multiplied('x', X, integerOf(x), -betaHat, sHat, rHat)
    return {
      answer: { D: plain.D, F: plain.Y, DHat: hat.D, FHat: hat.Y },
      proofs: { psi: plain.proof, psiHat: hat.proof },
    }
  },
)

/** The statements of ψ and ψ̂ about an answer to K. */
const answerStatements = (
  N_j: AffGStatement['N_j'],
  N_i: AffGStatement['N_i'],
  said: { readonly K: bigint; readonly answer: Answer } & Record<'Gamma' | 'X', AffGStatement['X']>,
): Record<'gamma' | 'x', AffGStatement> => ({
  gamma: { N_j, N_i, C: said.K, D: said.answer.D, Y: said.answer.F, X: said.Gamma },
  x: { N_j, N_i, C: said.K, D: said.answer.DHat, Y: said.answer.FHat, X: said.X },
})

/** Verifies ψ and ψ̂ of the owner of N for its answer to this party's K. */
export const verifyAnswer = task(
  'presign/verify-answer',
  {
    input: record({
      context: contextShape,
      N: element,
      own: aux,
      p: prime,
      q: prime,
      pHat: prime,
      qHat: prime,
      K: ciphertext,
      Gamma: point,
      X: point,
      answer,
      proofs: secondProofs,
    }),
    output: record({ psi: flag, psiHat: flag }),
  },
  ({ context, N, own, p, q, pHat, qHat, proofs, ...said }) => {
    const rp = ownPedersen(fromBytes(pHat), fromBytes(qHat), own.s, own.t)
    return answerProofsHold(context, rp, ownKey(p, q).key, paillier(N, context.level), said, proofs)
  },
)

/** Whether ψ and ψ̂ hold for an answer to the owner of N_j, by its parameters. */
export function answerProofsHold(
  context: ProofContext,
  rp: Pedersen,
  N_j: Paillier,
  N_i: Paillier,
  said: Parameters<typeof answerStatements>[2],
  proofs: SecondProofs,
) {
  const { gamma, x } = answerStatements(N_j, N_i, said)
  return {
    psi: verifyAffG({ ...context, role: 'gamma' }, rp, gamma, proofs.psi),
    psiHat: verifyAffG({ ...context, role: 'x' }, rp, x, proofs.psiHat),
  }
}

/**
 * α + β and α̂ + β̂ modulo q, with α and α̂ from the peer's answer, β and β̂ from this party's answer to the
 * peer. The output is as secret as the input. Reads `decryptTape` bytes for two.
 */
export const openAnswer = task(
  'presign/open-answer',
  {
    input: record({ answer, p: prime, q: prime, masks: secretRecord, random }),
    output: record({ share: secretScalar, shareHat: secretScalar }),
  },
  ({ answer, p, q, masks, random }) => {
    const key = ownKey(p, q)
    const { beta, betaHat } = masksCodec.decode(masks)
    const [alpha, alphaHat] = key.decrypt([answer.D, answer.DHat], tape(random)) as [bigint, bigint]
    // The plaintext is centred, and reduced only here.
    const reduced = (share: bigint) => secp256k1.scalarBytes(secp256k1.Fn.create(share))
    return { share: reduced(alpha + beta), shareHat: reduced(alphaHat + betaHat) }
  },
)

export const PRESIGN_TASKS = [
  encryptNonces,
  proveNonces,
  verifyNonces,
  answerCiphertext,
  verifyAnswer,
  openAnswer,
] as const

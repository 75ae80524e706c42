/**
 * The heavy work of generating auxiliary data, as jobs. λ never leaves the job that makes it. A verifying job
 * answers yes or no to any values of the right shape. Shapes have the size of the production level; the level
 * in use stands in the context.
 */
import { attempt, bytesUpTo, flag, record } from '../../core/codec.js'
import { auxPublicShape } from './data.js'
import { natural, tape } from '../integers/integers.js'
import { PRODUCTION } from '../integers/level.js'
import { PaillierSecret } from '../integers/paillier.js'
import { makePedersen, ownPedersen, pedersen } from '../integers/pedersen.js'
import { task } from '../../core/task.js'
import { contextShape } from '../zk/context.js'
import { facShape, proveFac, verifyFac } from '../zk/fac.js'
import { modShape, proveMod, verifyMod } from '../zk/mod.js'
import { prmShape, provePrm, verifyPrm } from '../zk/prm.js'

const prime = natural(PRODUCTION.primeBits)
const element = natural(PRODUCTION.modulusBits)
const proof = { prm: prmShape(PRODUCTION), mod: modShape(PRODUCTION), fac: facShape(PRODUCTION) }
const random = bytesUpTo(1 << 17)

/** Ring-Pedersen parameters over p̂ q̂, with Πprm. Reads `pedersenTape` and `prmTape` bytes. */
export const makeParameters = task(
  'aux/make-parameters',
  {
    input: record({ context: contextShape, pHat: prime, qHat: prime, random }),
    output: record({ Nhat: element, s: element, t: element, prm: proof.prm }),
  },
  ({ context, pHat, qHat, random }) => {
    const rng = tape(random)
    const secret = makePedersen(pHat, qHat, rng)
    const { ring, s, t } = secret.public
    return { Nhat: ring.modulus, s, t, prm: provePrm(context, secret, rng) }
  },
)

/** Whether these are well-formed parameters and Πprm holds for them. */
export const verifyParameters = task(
  'aux/verify-parameters',
  { input: record({ context: contextShape, aux: auxPublicShape(PRODUCTION), prm: proof.prm }), output: flag },
  ({ context, aux, prm }) => {
    const rp = attempt(() => pedersen(aux.Nhat, aux.s, aux.t, context.level))
    return rp !== null && verifyPrm(context, rp, prm)
  },
)

/** Πmod for N = pq. Reads `modTape` bytes. */
export const proveModulus = task(
  'aux/prove-modulus',
  { input: record({ context: contextShape, p: prime, q: prime, random }), output: proof.mod },
  ({ context, p, q, random }) => proveMod(context, new PaillierSecret(p, q), tape(random)),
)

export const verifyModulus = task(
  'aux/verify-modulus',
  { input: record({ context: contextShape, N: element, mod: proof.mod }), output: flag },
  ({ context, N, mod }) => verifyMod(context, { N }, mod),
)

/** Πfac for N0 = pq, towards the verifier whose data are given. Reads `facTape` bytes. */
export const proveFactors = task(
  'aux/prove-factors',
  {
    input: record({
      context: contextShape,
      verifier: auxPublicShape(PRODUCTION),
      p: prime,
      q: prime,
      random,
    }),
    output: proof.fac,
  },
  ({ context, verifier, p, q, random }) => {
    const rp = pedersen(verifier.Nhat, verifier.s, verifier.t, context.level)
    return proveFac(context, rp, { N0: p * q }, { p, q }, tape(random))
  },
)

/** Whether Πfac holds for N0. Verified by the owner of p̂ and q̂, who is faster with them. */
export const verifyFactors = task(
  'aux/verify-factors',
  {
    input: record({
      context: contextShape,
      pHat: prime,
      qHat: prime,
      s: element,
      t: element,
      N0: element,
      fac: proof.fac,
    }),
    output: flag,
  },
  ({ context, pHat, qHat, s, t, N0, fac }) => verifyFac(context, ownPedersen(pHat, qHat, s, t), { N0 }, fac),
)

export const AUX_TASKS = [
  makeParameters,
  verifyParameters,
  proveModulus,
  verifyModulus,
  proveFactors,
  verifyFactors,
] as const

/**
 * The checks of the signers' broadcasts. Signers run them on one another in the rounds, and a transcript's
 * verifier runs the same functions later. Proofs to one party alone are not checked here.
 */
import { type Point, secp256k1 } from '../../group/curve.js'
import type { Checks } from '../../core/round.js'
import type { PartyId } from '../../core/session.js'
import type { Paillier } from '../integers/paillier.js'
import { answerTo, type First, type Second, type Third } from './letters.js'
import { contextOf, othersThan, type Signers, sum } from './signers.js'
import { inPaillierGroups } from '../zk/common.js'
import { type ElogStatement, verifyElog } from '../zk/elog.js'

type By<T> = ReadonlyMap<PartyId, T>

/** All broadcasts of the signers, and Γ. */
export type Said = {
  readonly first: By<First>
  readonly second: By<Second>
  readonly third: By<Third>
  readonly Gamma: Point
}

export const keyOf = ({ keys }: Signers, party: PartyId): Paillier => keys.get(party) as Paillier

/** The checks of ψ0 and ψ1, which only their receiver can verify. */
export const firstProofChecks = <T>(
  holds: (from: PartyId) => { psi0: boolean; psi1: boolean } | undefined,
): Checks<T> => ({
  'proof that k is small (ψ0) does not verify': (_, from) => holds(from)?.psi0 === true,
  'proof that γ is small (ψ1) does not verify': (_, from) => holds(from)?.psi1 === true,
})

export const secondProofChecks = <T>(
  holds: (from: PartyId) => { psi: boolean; psiHat: boolean } | undefined,
): Checks<T> => ({
  'proof for its answer with γ (ψ) does not verify': (_, from) => holds(from)?.psi === true,
  'proof for its answer with x (ψ̂) does not verify': (_, from) => holds(from)?.psiHat === true,
})

/** Public checks of round `presign-1`: both ciphertexts are in the group of their sender's key. */
export const firstChecks = (signers: Signers): Checks<First> => ({
  'Enc(k) or Enc(γ) is no ciphertext': ({ K, encGamma }, from) =>
    inPaillierGroups(keyOf(signers, from), [K, encGamma], []),
})

/** Checks round `presign-2` publicly: answers are ciphertexts, ψ̃ holds. @param first letters of round 1 */
export const secondChecks = (signers: Signers, first: By<First>): Checks<Second> => ({
  'an answer is no ciphertext': (said, from) => {
    const others = othersThan(from, signers)
    const toOthers = others.every((to) => {
      const { D, DHat } = answerTo(signers, said, from, to)
      return inPaillierGroups(keyOf(signers, to), [D, DHat], [])
    })
    const own = said.answers.flatMap(({ F, FHat }) => [F, FHat])
    return toOthers && inPaillierGroups(keyOf(signers, from), own, [])
  },
  'proof for its share of Γ (ψ̃) does not verify': ({ Gamma, psiTilde }, from) =>
    verifyElog(contextOf(signers, 'Gamma', from), gammaStatement(first.get(from) as First, Gamma), psiTilde),
})

/** Checks round `presign-3` publicly: δ_j is not zero, ψ' holds. @param Gamma the sum of all Γ_j */
export const thirdChecks = (signers: Signers, first: By<First>, Gamma: Point): Checks<Third> => ({
  'share of δ is zero': ({ delta }) => delta !== 0n,
  "proof for its Δ (ψ') does not verify": ({ Delta, psiPrime }, from) =>
    verifyElog(
      contextOf(signers, 'Delta', from),
      deltaStatement(first.get(from) as First, Delta, Gamma),
      psiPrime,
    ),
})

/** The statement of ψ̃: Πelog(L=B1, M=B2, X=Y, Y=Γ_i, h=G). */
export const gammaStatement = ({ B1, B2, Y }: First, Gamma_i: Point): ElogStatement => ({
  L: B1,
  M: B2,
  X: Y,
  Y: Gamma_i,
  h: secp256k1.G,
})

/** The statement of ψ': Πelog(L=A1, M=A2, X=Y, Y=Δ_i, h=Γ). */
export const deltaStatement = ({ A1, A2, Y }: First, Delta_i: Point, Gamma: Point): ElogStatement => ({
  L: A1,
  M: A2,
  X: Y,
  Y: Delta_i,
  h: Gamma,
})

/** Γ. */
export const sumOfGammas = (second: By<Second>): Point => sum([...second.values()].map(({ Gamma }) => Gamma))

/** δ. */
export const sumOfDeltas = (third: By<Third>): bigint =>
  [...third.values()].reduce((all, { delta }) => secp256k1.Fn.add(all, delta), 0n)

/** The product whose shares do not add up: kγ if δG ≠ ΣΔ_j, else kx if δ pk ≠ ΣS_j, else null. */
export function wrongSum({ publicKey }: Signers, third: By<Third>): 'gamma' | 'x' | null {
  const delta = sumOfDeltas(third)
  const said = [...third.values()]
  if (!secp256k1.G.multiplyUnsafe(delta).equals(sum(said.map(({ Delta }) => Delta)))) return 'gamma'
  if (!publicKey.multiplyUnsafe(delta).equals(sum(said.map(({ S }) => S)))) return 'x'
  return null
}

export const byChance = (what: string): Error =>
  new Error(`${what}, which happens by chance alone: run it again`)

/**
 * Recomputes the public output of an auxiliary generation from the broadcasts alone. No secret is needed to
 * check the moduli in a record against the broadcasts that they came from. Πfac is dealt to each verifier, so
 * it is not checked here.
 */
import { attempt, equalBytes } from '../../core/codec.js'
import { decoded, type Rounds } from '../../core/rounds.js'
import type { Session } from '../../core/session.js'
import { auxContext, type AuxInput, auxLetters, commitToAux, commonString } from './generate.js'
import { type AuxData, checkAuxPublic } from './data.js'
import { pedersen } from '../integers/pedersen.js'
import { verifyMod } from '../zk/mod.js'
import { verifyPrm } from '../zk/prm.js'

/**
 * The public part of the output, from the letters of rounds `aux-commit`, `aux-open` and `aux-prove`. Takes
 * seconds per party.
 * @returns null unless every opening opens its commitment, the data pass the ceremony's checks, and Πprm and
 * Πmod hold
 */
export function publicAux(session: Session, input: AuxInput, rounds: Rounds): AuxData | null {
  const { level } = input
  const { commitment, opening, mod } = auxLetters(level)
  const V = decoded(session, rounds, 'aux-commit', commitment.decode)
  const openings = decoded(session, rounds, 'aux-open', opening.decode)
  const proofs = decoded(session, rounds, 'aux-prove', mod.decode)
  if (V === null || openings === null || proofs === null) return null
  const opens = [...openings].every(([party, said]) =>
    equalBytes(commitToAux(session, input, party, said), V.get(party) ?? new Uint8Array()),
  )
  const data = { level, parties: new Map([...openings].map(([party, { aux }]) => [party, aux])) }
  const isSound = attempt(() => {
    checkAuxPublic(data)
    return true
  })
  if (!opens || !isSound) return null
  const rho = commonString(openings.values())
  const proven = [...openings].every(([party, { aux, prm }]) => {
    const rp = pedersen(aux.Nhat, aux.s, aux.t, level)
    const psi = proofs.get(party)
    return (
      verifyPrm(auxContext(session, input, party), rp, prm) &&
      psi !== undefined &&
      verifyMod(auxContext(session, input, party, rho), aux, psi)
    )
  })
  return proven ? data : null
}

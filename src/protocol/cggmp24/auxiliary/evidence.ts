/**
 * The verdict on a failed generation of auxiliary data, as part of the verdict on its run. A common factor
 * convicts nobody: an outsider cannot tell which of the two parties took it from the other.
 */
import type { Accusation } from '../../core/abort.js'
import { attempt, equalBytes } from '../../core/codec.js'
import { agreed, type Dispute, type Judging, settle, wholeRound } from '../../core/evidence.js'
import type { Rounds } from '../../core/rounds.js'
import { accuse } from '../../core/round.js'
import type { PartyId, Session } from '../../core/session.js'
import {
  auxContext,
  type AuxInput,
  auxLetters,
  type AuxOpening,
  commitToAux,
  commonString,
  REASON,
  visibleFlaw,
} from './generate.js'
import { verifyModulus, verifyParameters } from './jobs.js'
import { pedersen } from '../integers/pedersen.js'
import { verifyFac } from '../zk/fac.js'

/** Takes seconds per party. @throws ProtocolAbort naming everybody whose fault the letters show */
export function* judgeAux(
  session: Session,
  input: AuxInput,
  rounds: Rounds,
  disputes: readonly Dispute[],
): Judging<void> {
  const { level } = input
  const letter = auxLetters(level)
  const { parties } = session
  const V = agreed(session, rounds, 'aux-commit', letter.commitment)
  const openings = V && wholeRound(session, rounds, 'aux-open', letter.opening)
  if (V === null || openings === null) return
  const opened = (party: PartyId) => openings.get(party) as AuxOpening

  const proven = yield parties.map((party) =>
    verifyParameters.job({ context: auxContext(session, input, party), ...partsOf(opened(party)) }),
  )
  const flawOf = (party: PartyId, i: number): string | null => {
    const isCommitted = equalBytes(
      commitToAux(session, input, party, opened(party)),
      V.get(party) as Uint8Array,
    )
    if (!isCommitted) return REASON.opening
    return (
      visibleFlaw(level, opened(party).aux) ??
      (verifyParameters.result(proven[i] as Uint8Array) ? null : REASON.prm)
    )
  }
  accuse('aux-open', accusations('aux-open', parties, flawOf))

  const moduli = wholeRound(session, rounds, 'aux-prove', letter.mod)
  if (moduli === null) return
  const rho = commonString(openings.values())
  const held = yield parties.map((party) =>
    verifyModulus.job({
      context: auxContext(session, input, party, rho),
      N: opened(party).aux.N,
      mod: moduli.get(party) as NonNullable<ReturnType<typeof moduli.get>>,
    }),
  )
  const faults = accusations('aux-prove', parties, (_, i) =>
    verifyModulus.result(held[i] as Uint8Array) ? null : REASON.mod,
  )
  settle('aux-prove', faults, disputes, ({ from, to, letter: sent }) => {
    const fac = attempt(() => letter.fac.decode(sent))
    const { Nhat, s, t } = opened(to).aux
    const context = auxContext(session, input, from, rho, to)
    const holds = fac && verifyFac(context, pedersen(Nhat, s, t, level), { N0: opened(from).aux.N }, fac)
    return holds ? null : REASON.fac
  })
}

const partsOf = ({ aux, prm }: AuxOpening) => ({ aux, prm })

const accusations = (
  round: string,
  parties: readonly PartyId[],
  flawOf: (party: PartyId, i: number) => string | null,
): Accusation[] =>
  parties.flatMap((party, i) => {
    const reason = flawOf(party, i)
    return reason === null ? [] : [{ party, round, kind: 'proven' as const, reason }]
  })

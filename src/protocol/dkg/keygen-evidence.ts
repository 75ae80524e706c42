/**
 * The verdicts on failed key generations and reshares, for anybody who has their letters. They apply the
 * protocols' own checks to the broadcasts, and to the dealt letters that receivers disclose.
 */
import { judgeAux } from '../cggmp24/auxiliary/evidence.js'
import * as cggmp24 from '../cggmp24/keygen.js'
import type { Accusation } from '../core/abort.js'
import { attempt } from '../core/codec.js'
import type { AuxiliaryInput } from '../cggmp24/auxiliary/data.js'
import { agreed, type Dispute, type Judging, settle, verdictOf, wholeRound } from '../core/evidence.js'
import {
  aheadOf,
  combine,
  commitmentLetter,
  dealtLetter,
  dealtReason,
  type KeygenInput,
  liesOn,
  MANNERS,
  openingChecks,
  openingLetter,
  parseOpening,
} from './keygen-public.js'
import type { Rounds } from '../core/rounds.js'
import * as resharing from './reshare-plan.js'
import type { ReshareInput } from './reshare-plan.js'
import { demand, faults } from '../core/round.js'
import { curveOf } from '../group/scheme.js'
import type { PartyId, Session } from '../core/session.js'

/**
 * Names the parties that provably broke a key generation.
 * @param session the run's sid and parties; any party may be `self`
 * @param auxiliary null exactly if the scheme needs none
 * @param disputes letters of rounds `open` and `aux-prove` that their receivers claim are invalid
 */
export const judgeKeyMaking = (
  session: Session,
  input: KeygenInput,
  auxiliary: AuxiliaryInput | null,
  rounds: Rounds,
  disputes: readonly Dispute[],
): Judging<readonly Accusation[]> => verdictOf(() => judgeKeygen(session, input, auxiliary, rounds, disputes))

function* judgeKeygen(
  session: Session,
  input: KeygenInput,
  auxiliary: AuxiliaryInput | null,
  rounds: Rounds,
  disputes: readonly Dispute[],
): Judging<void> {
  const curve = curveOf(input.scheme)
  const V = agreed(session, rounds, 'commit', commitmentLetter)
  if (V === null) return
  const openings = wholeRound(session, rounds, 'open', openingLetter(input.scheme))
  if (openings === null) return
  const opened = new Map([...openings].map(([party, opening]) => [party, parseOpening(curve, opening)]))
  settle(
    'open',
    faults('open', opened, openingChecks(session, input, V)),
    disputes,
    ({ from, to, letter }) => {
      const share = attempt(() => curve.parseScalar(dealtLetter.decode(letter)))
      return liesOn(curve, opened.get(from)?.F ?? null, to, share) ? null : dealtReason
    },
  )
  const made = combine(curve, session.parties, [...opened.values()])
  if (made === null) return
  if (MANNERS[input.scheme].proves) {
    const proofs = wholeRound(session, rounds, 'prove', cggmp24.proofLetter)
    if (proofs === null) return
    demand('prove', proofs, cggmp24.proofChecks(session, aheadOf(openings), made.shares))
  }
  if (auxiliary) yield* judgeAux(session, auxiliary, rounds, disputes)
}

/** Names the parties that provably broke a reshare. @throws RangeError, CodecError for invalid input */
export const judgeResharing = (
  session: Session,
  input: ReshareInput,
  auxiliary: AuxiliaryInput | null,
  rounds: Rounds,
  disputes: readonly Dispute[],
): Judging<readonly Accusation[]> =>
  verdictOf(() => judgeReshare(session, input, auxiliary, rounds, disputes))

function* judgeReshare(
  session: Session,
  input: ReshareInput,
  auxiliary: AuxiliaryInput | null,
  rounds: Rounds,
  disputes: readonly Dispute[],
): Judging<void> {
  const plan = resharing.planOf(session, input)
  const said = agreed(session, rounds, 'commit', resharing.commitmentLetter)
  if (said === null) return
  demand('commit', said, resharing.commitmentChecks(plan))
  const openings = wholeRound(session, rounds, 'open', resharing.openingLetter)
  if (openings === null) return
  const opened = new Map([...openings].map(([party, each]) => [party, resharing.opened(plan, each)]))
  settle('open', faults('open', opened, resharing.openingChecks(session, plan, said)), disputes, (dispute) =>
    dealtFlaw(plan, opened, dispute),
  )
  if (auxiliary) yield* judgeAux(session, auxiliary, rounds, disputes)
}

/** The flaw in a dealt letter of a reshare; null if it holds. */
function dealtFlaw(
  plan: resharing.Plan,
  opened: ReadonlyMap<PartyId, resharing.Opened>,
  { from, to, letter }: Dispute,
): string | null {
  // A letter that cannot be decoded is guilty by itself; no polynomial is needed to judge it.
  const sent = attempt(() => ({ share: resharing.dealtLetter.decode(letter) }))
  if (sent === null) return 'malformed letter'
  const contribution = {
    ...(opened.get(from) as resharing.Opened),
    ...resharing.parseDealt(plan, sent.share),
  }
  const checks = Object.entries(resharing.dealtChecks(plan, plan.members.get(to)))
  return checks.find(([, holds]) => !holds(contribution, from))?.[0] ?? null
}

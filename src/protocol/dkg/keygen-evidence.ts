/**
 * The verdicts on key generations and resharings that failed, for whoever has their letters: the checks are those of the
 * protocols themselves, over what everybody heard and over what a receiver shows of what it alone was dealt.
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
 * Who provably broke a key generation.
 * @param session of all parties, as anybody; its sid is the run's
 * @param auxiliary null exactly where the scheme needs none
 * @param disputes letters of rounds `open` and `aux-prove` of which their receivers say that they do not hold
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

/**
 * Who provably broke a resharing.
 * @throws RangeError or CodecError for an input that makes no resharing
 */
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

/** What is wrong with a dealt letter of a resharing; null where it holds. */
function dealtFlaw(
  plan: resharing.Plan,
  opened: ReadonlyMap<PartyId, resharing.Opened>,
  { from, to, letter }: Dispute,
): string | null {
  // A letter that cannot be read is no share: it does not lie on any polynomial.
  const sent = attempt(() => ({ share: resharing.dealtLetter.decode(letter) }))
  if (sent === null) return 'malformed letter'
  const contribution = {
    ...(opened.get(from) as resharing.Opened),
    ...resharing.parseDealt(plan, sent.share),
  }
  const checks = Object.entries(resharing.dealtChecks(plan, plan.members.get(to)))
  return checks.find(([, holds]) => !holds(contribution, from))?.[0] ?? null
}

/**
 * Recomputes the public result of a reshare from the broadcasts. Checking the new public shares against the
 * old ones and the broadcasts takes no secret.
 */
import { attempt } from '../core/codec.js'
import type { Point } from '../group/curve.js'
import {
  commitmentChecks,
  commitmentLetter,
  opened,
  openingChecks,
  openingLetter,
  planOf,
  type ReshareInput,
  sumOf,
} from './reshare-plan.js'
import type { ReshareOutput } from './reshare.js'
import type { PartyId, Session } from '../core/session.js'

type Letters = ReadonlyMap<PartyId, Uint8Array>

/**
 * The public part of a reshare's output, from the letters of rounds `commit` and `open`.
 * @returns null unless every party committed to this plan, every opening matches its commitment and passes
 *   its checks, and together they make usable shares; dealt shares are not visible here
 * @throws RangeError or CodecError for an input that makes no reshare
 */
export function publicReshare(
  session: Session,
  input: ReshareInput,
  commitments: Letters,
  openings: Letters,
): Omit<ReshareOutput, 'share'> | null {
  const plan = planOf(session, input)
  const letterOf = (letters: Letters, party: PartyId) => letters.get(party) ?? new Uint8Array()
  const heard = attempt(() => ({
    said: new Map(session.parties.map((p) => [p, commitmentLetter.decode(letterOf(commitments, p))])),
    opened: new Map(
      session.parties.map((p) => [p, opened(plan, openingLetter.decode(letterOf(openings, p)))]),
    ),
  }))
  if (heard === null) return null
  const ofCommitments = Object.values(commitmentChecks(plan))
  const ofOpenings = Object.values(openingChecks(session, plan, heard.said))
  if (![...heard.said].every(([party, said]) => ofCommitments.every((holds) => holds(said, party))))
    return null
  if (![...heard.opened].every(([party, o]) => ofOpenings.every((holds) => holds(o, party)))) return null
  const X = sumOf(
    plan,
    [...heard.opened.values()].flatMap(({ F }): (readonly Point[])[] => (F === null ? [] : [F])),
  )
  return (
    X && {
      groupPoint: plan.group.toBytes(),
      publicShares: new Map([...X].map(([index, point]) => [index, point.toBytes()])),
      chainCode: input.chainCode,
    }
  )
}

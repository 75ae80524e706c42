/**
 * Verifiable secret resharing (Desmedt and Jajodia; Wong, Wang and Wing) on either curve: as many old members as must sign
 * deal their shares anew, to new members, who may be others, more or fewer; the key stays. As in key generation everybody
 * first commits to what they will say: `commit` (reliably broadcast) and `open` (broadcast, with each dealt share). A
 * refresh is the same with the same members.
 *
 * Old shares still sign after it: what becomes of them, and when the new ones count, is left to the
 * ceremony's ending. So is the proof that each new member holds its share, which is in its receipt.
 */
import type { Point } from '../group/curve.js'
import { hedged } from '../core/hedged.js'
import {
  type Commitment,
  commitmentChecks,
  commitmentLetter,
  commitTo,
  dealtChecks,
  dealtLetter,
  opened,
  type Opening,
  openingChecks,
  openingLetter,
  parseDealt,
  type Plan,
  planOf,
  type ReshareInput,
  sumOf,
} from './reshare-plan.js'
import { broadcastAndDeal, broadcastReliably, demand, demandDistinct, type Protocol } from '../core/round.js'
import { Secret } from '../core/secret.js'
import type { PartyId, Rng, Session } from '../core/session.js'
import { evaluate, feldman, type Polynomial, randomPolynomial } from '../sharing/polynomial.js'

export type { ReshareInput } from './reshare-plan.js'

export type ReshareOutput = {
  /** The old one. */
  readonly groupPoint: Uint8Array
  /** X'_l of every new index l. */
  readonly publicShares: ReadonlyMap<PartyId, Uint8Array>
  /** The old one. */
  readonly chainCode: Uint8Array | null
  /** x'_j, of a new member, which the caller wipes; null for who only deals. */
  readonly share: Secret | null
}

/**
 * Reshares a key. The parties' ids are seats in this run; the indices of their shares stand in the input.
 * @param share x_i of the old epoch for who deals, null for who does not; it stays the caller's
 * @throws RangeError or CodecError for an input that makes no resharing, or a share that is not this dealer's
 * @throws ProtocolAbort naming everybody who broke the protocol; SplitView when commitments were not the same
 */
export function* reshare(
  session: Session,
  input: ReshareInput,
  share: Secret | null,
  rng: Rng,
): Protocol<ReshareOutput> {
  const plan = planOf(session, input)
  // With the share and the plan, which covers the run and who deals: the same coefficients under two constants, λ x_i and
  // λ' x_i, give x_i to one who is dealt a share of both.
  using randomness = hedged(rng, 'reshare', share, plan.id, session.self)
  return yield* reshareWith(session, input, plan, share, randomness.rng)
}

/** `reshare` by its plan, with a polynomial from these very bytes. */
export function* reshareWith(
  session: Session,
  input: ReshareInput,
  plan: Plan,
  share: Secret | null,
  rng: Rng,
): Protocol<ReshareOutput> {
  const { curve, members } = plan
  const { self, peers } = session
  const index = members.get(self)

  // Round 1. Dealer i of the set D: w_i = λ_i^D x_i; a polynomial f_i of degree t'-1 with f_i(0) = w_i; its vector F_i; V_i.
  // With it everybody, dealing or not, says which epoch and which people it means: a joiner believes only
  // agreement.
  const f = weightedPolynomial(session, plan, share, rng)
  const mine: Opening | null = f && { F: feldman(curve, f).map((A) => A.toBytes()), u: rng(32) }
  const said = yield* broadcastReliably(session, 'commit', commitmentLetter, {
    plan: plan.id,
    V: mine && commitTo(session, plan, self, mine),
  })
  demand('commit', said, commitmentChecks(plan))
  // Whoever sends another's V_i again hopes to open it with the other's words.
  demandDistinct(session, 'commit', commitmentsIn(said), 'commitment is the copy of another')

  // Round 2. F_i to all, and to each new member j its f_i(I'_j) alone. V_i, which was echoed,
  // binds it.
  const dealTo = (to: PartyId): Uint8Array | null => {
    const l = members.get(to)
    return f === null || l === undefined ? null : curve.scalarBytes(evaluate(curve, f, l))
  }
  const { letters, dealt } = yield* broadcastAndDeal(
    session,
    'open',
    { codec: openingLetter, mine },
    { codec: dealtLetter, mine: dealTo },
  )
  try {
    const contributions = new Map(
      peers.map((from) => {
        const contribution = opened(plan, letters.get(from) ?? null)
        return [from, { ...contribution, ...parseDealt(plan, dealt.get(from) ?? null) }] as const
      }),
    )
    // Each new member checks every dealer, and so does who only deals, as far as it sees.
    demand('open', contributions, openingChecks(session, plan, said), dealtChecks(plan, index))

    const received = [...contributions.values()].filter(({ opening }) => opening !== null)
    const vectors = received.map(({ F }) => F as readonly Point[])
    const X = sumOf(plan, f === null ? vectors : [...vectors, feldman(curve, f)])
    // Every part was fixed before any was seen, so this cannot be brought about; no one of them is to blame.
    if (X === null) {
      throw new Error(
        'the contributions add up to unusable shares, which happens by chance alone: run it again',
      )
    }
    const publicParts = {
      groupPoint: plan.group.toBytes(),
      publicShares: new Map([...X].map(([l, point]) => [l, point.toBytes()])),
      chainCode: input.chainCode,
    }
    if (index === undefined) return { ...publicParts, share: null }

    // x'_j=Σ f_i(I'_j).
    const own = f === null ? 0n : evaluate(curve, f, index)
    const x = received.reduce((sum, { value }) => curve.Fn.add(sum, value as bigint), own)
    if (!curve.timesG(x).equals(X.get(index) as Point)) {
      throw new Error('every dealt share verifies, their sum does not: this is a defect of this program')
    }
    return { ...publicParts, share: new Secret(curve.scalarBytes(x)) }
  } finally {
    for (const value of dealt.values()) value?.fill(0)
  }
}

/** f_i of this party, null if it does not deal. @throws RangeError unless the share is its old index's */
function weightedPolynomial(
  { self }: Session,
  { curve, threshold, weights, dealersShares }: Plan,
  share: Secret | null,
  rng: Rng,
): Polynomial | null {
  const X = dealersShares.get(self)
  if ((share === null) !== (X === undefined))
    throw new RangeError('who deals has an old share, others have none')
  if (share === null || X === undefined) return null
  const x = curve.parseScalar(share.reveal())
  if (!curve.timesG(x).equals(X)) throw new RangeError("this share is not the one of this dealer's old index")
  return randomPolynomial(curve, threshold, rng, curve.Fn.mul(weights.get(self) as bigint, x))
}

/** V_i of each dealer. */
function commitmentsIn(said: ReadonlyMap<PartyId, Commitment>): Map<PartyId, Uint8Array> {
  return new Map([...said].flatMap(([party, { V }]) => (V === null ? [] : [[party, V] as const])))
}

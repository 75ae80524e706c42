/**
 * Verifiable secret resharing (Desmedt and Jajodia; Wong, Wang and Wing) on either curve. As many old
 * custodians as must sign deal their shares anew to the new custodians, who may be others, more or fewer; the
 * key stays. As in key generation, dealers first commit to their openings: `commit` (reliably broadcast),
 * then `open` (broadcast, with each dealt share). A refresh is a reshare to the same custodians.
 *
 * Old shares still sign afterwards. The ceremony's ending decides what becomes of them, and when the new ones
 * count. Each new custodian's receipt proves that it holds its share.
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
  /** Unchanged. */
  readonly groupPoint: Uint8Array
  /** X'_l of every new index l. */
  readonly publicShares: ReadonlyMap<PartyId, Uint8Array>
  /** Unchanged. */
  readonly chainCode: Uint8Array | null
  /** x'_j of a new custodian, which the caller wipes; null for a party that only deals. */
  readonly share: Secret | null
}

/**
 * Reshares a key. The parties' ids are numbers in this run; the input maps them to the indices of their
 * shares.
 * @param share x_i of the old epoch for a dealer, else null; the caller still owns it
 * @throws RangeError or CodecError for an input that makes no reshare, or a share that is not this dealer's
 * @throws ProtocolAbort naming everybody who broke the protocol; SplitView if the commitments were not the
 *   same
 */
export function* reshare(
  session: Session,
  input: ReshareInput,
  share: Secret | null,
  rng: Rng,
): Protocol<ReshareOutput> {
  const plan = planOf(session, input)
  // Hedged with the share and the plan, which covers the run and the dealers: the same coefficients under two
  // constants, λ x_i and λ' x_i, would reveal x_i to a party that is dealt a share of both.
  using randomness = hedged(rng, 'reshare', share, plan.id, session.self)
  return yield* reshareWith(session, input, plan, share, randomness.rng)
}

/** `reshare` by its plan, with exactly these random bytes. */
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

  // Round 1. Dealer i of the set D: w_i = λ_i^D x_i; a polynomial f_i of degree t'-1 with f_i(0) = w_i; its
  // vector F_i; V_i. Every party, dealer or not, also sends its plan, which fixes the epoch and the people: a
  // joiner trusts only a plan on which all agree.
  const f = weightedPolynomial(session, plan, share, rng)
  const mine: Opening | null = f && { F: feldman(curve, f).map((A) => A.toBytes()), u: rng(32) }
  const said = yield* broadcastReliably(session, 'commit', commitmentLetter, {
    plan: plan.id,
    V: mine && commitTo(session, plan, self, mine),
  })
  demand('commit', said, commitmentChecks(plan))
  // A dealer that copies another's V_i hopes to open it with the other's opening.
  demandDistinct(session, 'commit', commitmentsIn(said), 'commitment is the copy of another')

  // Round 2. F_i goes to all, and f_i(I'_j) only to new custodian j. The echoed V_i binds F_i.
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
    // Every party checks every dealer; one that receives no share checks the broadcasts, and that it was
    // dealt none.
    demand('open', contributions, openingChecks(session, plan, said), dealtChecks(plan, index))

    const received = [...contributions.values()].filter(({ opening }) => opening !== null)
    const vectors = received.map(({ F }) => F as readonly Point[])
    const X = sumOf(plan, f === null ? vectors : [...vectors, feldman(curve, f)])
    // Every contribution was fixed before any was seen, so nobody can cause this, and nobody is accused.
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

/** f_i of this party; null if it does not deal. @throws RangeError unless the share is its old index's */
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

/**
 * The plan of a reshare: which old shares are dealt, by which dealers, and to whom. Here are the letters,
 * their binding, and every check of them, of broadcasts and dealt shares. The rounds are in `reshare.ts`. The
 * ceremony checks the identities, and that the old record has the digest that the definition names.
 */
import {
  attempt,
  bytes,
  bytesUpTo,
  type Codec,
  codec,
  equalBytes,
  list,
  nullable,
  type Of,
  record,
} from '../core/codec.js'
import type { Curve, Point } from '../group/curve.js'
import { checkPublicShares, type PublicShares } from '../sharing/key-share.js'
import { curveOf } from '../group/scheme.js'
import type { PartyId, Session } from '../core/session.js'
import { addCommitments, evaluateCommitment, lagrange } from '../sharing/polynomial.js'

export type ReshareInput = {
  /** Digest of the old epoch's record, 32 bytes, as named by the definition. */
  readonly parent: Uint8Array
  /** The public shares in that record. */
  readonly old: PublicShares
  /** The key's chain code, which stays: 32 bytes, or null for eddsa. */
  readonly chainCode: Uint8Array | null
  /** Old index of each dealer: exactly as many as must sign in the old epoch. */
  readonly dealers: ReadonlyMap<PartyId, PartyId>
  /** How many custodians must sign in the new epoch: 2 to n'. */
  readonly threshold: number
  /** New index, 1 to n', of each party that receives a new share. */
  readonly members: ReadonlyMap<PartyId, PartyId>
}

/** A checked input, and the values that follow from it. */
export type Plan = Pick<ReshareInput, 'dealers' | 'threshold' | 'members'> & {
  readonly curve: Curve
  /** Digest of everything that the parties must agree on, in this run. */
  readonly id: Uint8Array
  readonly group: Point
  /** lambda_i^D of each dealer i. */
  readonly weights: ReadonlyMap<PartyId, bigint>
  /** X_i, each dealer's old public share. */
  readonly dealersShares: ReadonlyMap<PartyId, Point>
}

const openingShape = record({
  /** Feldman's commitment to the dealer's polynomial, encoded points. */
  F: list(bytesUpTo(33), 0, 100),
  /** Hides the rest in the commitment. */
  u: bytes(32),
})
/** A dealer's letter in round `open`; it commits to it in round `commit`. */
export type Opening = Of<typeof openingShape>

const commitmentShape = record({
  /** The sender's `Plan.id`. */
  plan: bytes(32),
  /** A dealer's commitment to its opening; null for the others. */
  V: nullable(bytes(32)),
})
export type Commitment = Of<typeof commitmentShape>

// Every party sends every letter in every round, so the rounds work as in every other protocol. A party with
// nothing to send sends null.
export const commitmentLetter: Codec<Commitment> = codec(commitmentShape, 128)
export const openingLetter: Codec<Opening | null> = codec(nullable(openingShape), 8192)
export const dealtLetter: Codec<Uint8Array | null> = codec(nullable(bytes(32)), 64)

/**
 * The plan of a reshare among the session's parties.
 * @throws RangeError for an invalid input; CodecError if the old public shares are not consistent
 */
export function planOf(session: Session, input: ReshareInput): Plan {
  const { old, dealers, threshold, members } = input
  const curve = curveOf(old.scheme)
  const X = checkPublicShares(old)
  requireParts(session, input)
  const indices = [...dealers.values()]
  const byParty = (seats: ReadonlyMap<PartyId, PartyId>) => [...seats].sort(([a], [b]) => a - b)
  return {
    curve,
    dealers,
    threshold,
    members,
    id: session.digest(
      'mpc/reshare/plan/v1',
      input.parent,
      [old.scheme, old.threshold, old.groupPoint, byIndex(old.publicShares), input.chainCode],
      byParty(dealers),
      threshold,
      byParty(members),
    ),
    group: curve.parsePoint(old.groupPoint),
    weights: new Map([...dealers].map(([party, index]) => [party, lagrange(curve, index, indices)])),
    dealersShares: new Map([...dealers].map(([party, index]) => [party, X.get(index) as Point])),
  }
}

const byIndex = (shares: ReadonlyMap<PartyId, Uint8Array>) => [...shares].sort(([a], [b]) => a - b)

function requireParts({ parties }: Session, input: ReshareInput): void {
  const { parent, old, chainCode, dealers, threshold, members } = input
  const distinct = (indices: readonly PartyId[]) => new Set(indices).size === indices.length
  const [from, to] = [[...dealers.values()], [...members.values()]]
  if (parent.length !== 32) throw new RangeError('an epoch is named by 32 bytes')
  if ((chainCode === null) !== (old.scheme === 'eddsa-ed25519') || (chainCode?.length ?? 32) !== 32) {
    throw new RangeError('a chain code is 32 bytes, and null for eddsa')
  }
  if (from.length !== old.threshold) throw new RangeError(`${old.threshold} deal, not ${from.length}`)
  if (!distinct(from) || from.some((index) => !old.publicShares.has(index))) {
    throw new RangeError('the dealers are distinct members of the old epoch')
  }
  if (!distinct(to) || to.some((index) => !Number.isSafeInteger(index) || index < 1 || index > to.length)) {
    throw new RangeError("the new members' indices are 1 to n")
  }
  if (!Number.isSafeInteger(threshold) || threshold < 2 || threshold > to.length) {
    throw new RangeError(`a threshold is an integer from 2 to ${to.length}`)
  }
  const involved = new Set([...dealers.keys(), ...members.keys()])
  if (involved.size !== parties.length || !parties.every((party) => involved.has(party))) {
    throw new RangeError('the parties are those who deal and those who receive')
  }
}

/** V_i: the commitment that dealer i broadcasts before anybody opens. 32 bytes. */
export const commitTo = (session: Session, plan: Plan, dealer: PartyId, opening: Opening): Uint8Array =>
  session.digest('mpc/reshare/commit/v1', plan.id, dealer, openingShape.form(opening))

/** The checks of every party's commitment. */
export const commitmentChecks = (plan: Plan) => ({
  'starts from another epoch, or deals from or to others, than this member': (said: Commitment) =>
    equalBytes(said.plan, plan.id),
  'commits although it does not deal, or deals and does not commit': (said: Commitment, from: PartyId) =>
    (said.V !== null) === plan.dealers.has(from),
})

/** An opening, parsed as far as possible: `F` is null if it is not a vector of points. */
export type Opened = { readonly opening: Opening | null; readonly F: readonly Point[] | null }

export const opened = ({ curve }: Plan, opening: Opening | null): Opened => ({
  opening,
  F: opening && attempt(() => opening.F.map((A) => curve.parsePoint(A))),
})

/** The checks of every party's opening, without the dealt share. */
export const openingChecks = (session: Session, plan: Plan, said: ReadonlyMap<PartyId, Commitment>) => ({
  'opens although it does not deal, or deals and does not open': ({ opening }: Opened, from: PartyId) =>
    (opening !== null) === plan.dealers.has(from),
  'opening is not what was committed to': ({ opening }: Opened, from: PartyId) =>
    opening === null ||
    equalBytes(commitTo(session, plan, from, opening), said.get(from)?.V ?? new Uint8Array()),
  // A longer vector would raise the threshold, a shorter one lower it.
  'vector does not have as many points as must sign': ({ opening }: Opened) =>
    opening === null || opening.F.length === plan.threshold,
  'vector holds something that is not a point of the group': ({ opening, F }: Opened) =>
    opening === null || F !== null,
  // F_i[0] = λ_i^D X_i for each dealer. A check of the sum alone would let two dealers shift their constants
  // and cancel each other. The check ties each dealer to its own old share, so no proof of knowledge of the
  // constant is needed. Each receipt proves that the new share is held.
  'vector does not begin with its weighted public share': ({ F }: Opened, from: PartyId) =>
    F === null || F[0] === undefined || F[0].equals(weighted(plan, from)),
})

/** A dealt share, parsed as far as possible: `value` is null if `sent` is not a scalar. */
export type Dealt = { readonly sent: Uint8Array | null; readonly value: bigint | null }

export const parseDealt = ({ curve }: Plan, sent: Uint8Array | null): Dealt => ({
  sent,
  value: sent && attempt(() => curve.parseScalar(sent)),
})

/**
 * The checks of a dealt share. They assume a valid opening.
 * @param index the receiver's new index; undefined if it receives no share
 */
export const dealtChecks = ({ curve, dealers }: Plan, index: PartyId | undefined) => ({
  'deals a share where none belongs, or none where one does': ({ sent }: Opened & Dealt, from: PartyId) =>
    (sent !== null) === (index !== undefined && dealers.has(from)),
  // "f_i(I'_j)G == Σ I'_j^k F_i[k]".
  "dealt share does not lie on the sender's polynomial": ({ sent, F, value }: Opened & Dealt) =>
    sent === null ||
    index === undefined ||
    (value !== null && F !== null && curve.timesG(value).equals(evaluateCommitment(curve, F, index))),
})

/** lambda_i^D * X_i; the identity for a party that is not a dealer. */
function weighted({ curve, weights, dealersShares }: Plan, dealer: PartyId): Point {
  return dealersShares.get(dealer)?.multiplyUnsafe(weights.get(dealer) as bigint) ?? curve.O
}

/**
 * The new epoch's public shares, by new index, from the dealers' vectors, which have passed all checks.
 * @returns null if the sum is an unusable sharing
 */
export function sumOf(
  { curve, group, members }: Plan,
  vectors: readonly (readonly Point[])[],
): ReadonlyMap<PartyId, Point> | null {
  // F = ΣF_i; F[0] must be the group point, and no X'_l the identity.
  const sum = addCommitments(vectors)
  if (!sum[0]?.equals(group)) {
    throw new Error("every dealer's constant holds, their sum does not: this is a defect of this program")
  }
  const shares = [...members.values()].sort((a, b) => a - b)
  const X = new Map(shares.map((index) => [index, evaluateCommitment(curve, sum, index)]))
  return [...sum, ...X.values()].some((A) => A.is0()) ? null : X
}

/**
 * The public side of a key generation (`keygen.ts`): its broadcasts, their checks, and the key they add up
 * to. There is no secret here. The protocol checks its letters with this code, and anybody with a transcript
 * recomputes the public key with it.
 */
import { decoded, type Rounds } from '../core/rounds.js'
import * as cggmp24 from '../cggmp24/keygen.js'
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
  type Shape,
  xorAll,
} from '../core/codec.js'
import type { Curve, Point } from '../group/curve.js'
import { type FrostScheme, knowledgeChallenge, SUITES } from '../frost/suites.js'
import { type Challenge, verifyKnowledge } from '../group/schnorr.js'
import { curveOf, isDerivable, type Scheme } from '../group/scheme.js'
import type { PartyId, Session } from '../core/session.js'
import { addCommitments, evaluateCommitment } from '../sharing/polynomial.js'

export type KeygenInput = { readonly scheme: Scheme; readonly threshold: number }

/** The public part of a new key. */
export type PublicOutput = {
  /** f(0)*G: 32 bytes on ed25519; 33 on secp256k1, for taproot the internal point, untweaked. */
  readonly groupPoint: Uint8Array
  /** f(j)*G for every party j. */
  readonly publicShares: ReadonlyMap<PartyId, Uint8Array>
  /** 32 bytes if keys can be derived from this one, else null. */
  readonly chainCode: Uint8Array | null
}

/** The fields of every scheme's opening. @param blinding length of u, in bytes */
const commonFields = (blinding: number) => ({
  /** Feldman's commitment phi_i0 .. phi_i(t-1) to this party's polynomial f_i, encoded points. */
  F: list(bytesUpTo(33), 0, 100),
  /** Proof of knowledge of f_i(0). */
  proof: record({ R: bytesUpTo(33), z: bytes(32) }),
  /** This party's contribution to the chain code. */
  chainCode: nullable(bytes(32)),
  /** Hides the rest in the commitment. */
  u: bytes(blinding),
})
const frostOpening = record(commonFields(32))
const cggmp24Opening = record({ ...commonFields(48), ahead: cggmp24.aheadShape })

/** A party's letter in round `open`; it commits to it in round `commit`. */
export type Opening = Of<typeof frostOpening> & {
  /** For ECDSA always, else never. */
  readonly ahead?: cggmp24.Ahead
}

/** The differences between the engines. */
export type Manner = {
  readonly tag: string
  readonly opening: Shape<Opening>
  /** Length of an opening's u, in bytes. */
  readonly blinding: number
  /** The challenge of the proof of knowledge of f_i(0). */
  readonly challenge: (prover: PartyId) => Challenge
  /** Whether a round `prove` follows; the openings then hold `ahead`. */
  readonly proves: boolean
}

const frost = (scheme: FrostScheme): Manner => ({
  tag: 'mpc/frost-keygen',
  opening: frostOpening,
  blinding: 32,
  challenge: (prover) => knowledgeChallenge(SUITES[scheme], prover),
  proves: false,
})

export const MANNERS: Readonly<Record<Scheme, Manner>> = {
  'ecdsa-secp256k1': {
    tag: 'mpc/cggmp24-keygen',
    opening: cggmp24Opening,
    blinding: 48,
    challenge: cggmp24.knowledgeChallenge,
    proves: true,
  },
  'eddsa-ed25519': frost('eddsa-ed25519'),
  'schnorr-taproot': frost('schnorr-taproot'),
}

export const commitmentLetter: Codec<Uint8Array> = codec(bytes(32), 64)
export const openingLetter = (scheme: Scheme): Codec<Opening> => codec(MANNERS[scheme].opening, 8192)
export const dealtLetter: Codec<Uint8Array> = codec(bytes(32), 64)

/** V_i: the commitment that party i broadcasts before anybody opens. 32 bytes. */
export function commitTo(session: Session, input: KeygenInput, party: PartyId, opening: Opening): Uint8Array {
  const { tag, opening: shape } = MANNERS[input.scheme]
  return session.digest(`${tag}/commit/v1`, input.scheme, input.threshold, party, shape.form(opening))
}

/** Binds a proof of knowledge to run, scheme and threshold; the challenge adds the index. 32 bytes. */
export function proofContext(session: Session, input: KeygenInput): Uint8Array {
  return session.digest(`${MANNERS[input.scheme].tag}/proof/v1`, input.scheme, input.threshold)
}

/** An opening, parsed as far as possible: `F` is null if it is not a vector of points. */
export type Opened = { readonly opening: Opening; readonly F: readonly Point[] | null }

export const parseOpening = (curve: Curve, opening: Opening): Opened => ({
  opening,
  F: attempt(() => opening.F.map((phi) => curve.parsePoint(phi))),
})

/**
 * The checks of an opening, the same for every reader, each under the reason given for a sender that fails
 * it.
 * @param V the commitments of all parties
 */
export function openingChecks(
  session: Session,
  input: KeygenInput,
  V: ReadonlyMap<PartyId, Uint8Array>,
): Readonly<Record<string, (opened: Opened, from: PartyId) => boolean>> {
  const curve = curveOf(input.scheme)
  const { challenge } = MANNERS[input.scheme]
  const context = proofContext(session, input)
  return {
    'opening is not what was committed to': ({ opening }, from) =>
      equalBytes(commitTo(session, input, from, opening), V.get(from) as Uint8Array),
    // A longer vector would raise the threshold, a shorter one lower it.
    'vector does not have as many points as the threshold': ({ opening }) =>
      opening.F.length === input.threshold,
    'vector holds something that is not a point of the group': ({ F }) => F !== null,
    // Round 1, step 5. "P_i verifies sigma_l = (R_l, mu_l), aborting on failure, by checking
    // R_l = g^mu_l * phi_l0^-c_l".
    'proof of knowledge does not verify': ({ opening }, from) => {
      const first = opening.F[0] ?? new Uint8Array()
      return verifyKnowledge(curve, context, first, opening.proof, challenge(from))
    },
    'chain code is missing, or there although the scheme has none': ({ opening }) =>
      (opening.chainCode !== null) === isDerivable(input.scheme),
  }
}

/** The reason given if `liesOn` fails. */
export const dealtReason = "dealt share does not lie on the sender's polynomial"

/**
 * Round 2, step 2. "Each P_i verifies their shares by calculating g^f_l(i) = prod phi_lk^(i^k mod q),
 * aborting if the check fails." F and share are null if they could not be parsed.
 */
export const liesOn = (
  curve: Curve,
  F: readonly Point[] | null,
  to: PartyId,
  share: bigint | null,
): boolean => F !== null && share !== null && curve.timesG(share).equals(evaluateCommitment(curve, F, to))

/** A new key's public part, parsed: f(0)*G, and f(j)*G for every party j. */
export type Made = {
  readonly group: Point
  readonly shares: ReadonlyMap<PartyId, Point>
  readonly chainCode: Uint8Array | null
}

/**
 * Adds up valid openings, one of each party; null if the sum is no usable key. Round 2, step 4.
 * "Each P_i calculates their public verification share Y_i = g^s_i, and the group's public key Y = prod
 * phi_j0. Any participant can compute the public verification share of any other participant."
 */
export function combine(curve: Curve, parties: readonly PartyId[], opened: readonly Opened[]): Made | null {
  const sum = addCommitments(opened.map(({ F }) => F as readonly Point[]))
  const shares = new Map(parties.map((party) => [party, evaluateCommitment(curve, sum, party)]))
  if ([...sum, ...shares.values()].some((A) => A.is0())) return null
  const chainCodes = opened.map(({ opening }) => opening.chainCode).filter((each) => each !== null)
  return { group: sum[0] as Point, shares, chainCode: chainCodes.length > 0 ? xorAll(chainCodes) : null }
}

export const encoded = ({ group, shares, chainCode }: Made): PublicOutput => ({
  groupPoint: group.toBytes(),
  publicShares: new Map([...shares].map(([party, X]) => [party, X.toBytes()])),
  chainCode,
})

/** Each party's values for round `prove`, fixed ahead. For ECDSA the shape of the letters requires them. */
export const aheadOf = (openings: ReadonlyMap<PartyId, Opening>): ReadonlyMap<PartyId, cggmp24.Ahead> =>
  new Map([...openings].map(([party, { ahead }]) => [party, ahead as cggmp24.Ahead]))

/**
 * The public part of a key generation's output, from the letters of rounds `commit` and `open`, and for ECDSA
 * `prove`.
 * @returns null unless every opening matches its commitment and passes its checks, together they make a
 *   usable key, and every proof for a share of it verifies; dealt shares are not visible here
 */
export function publicResult(session: Session, input: KeygenInput, rounds: Rounds): PublicOutput | null {
  const curve = curveOf(input.scheme)
  const V = decoded(session, rounds, 'commit', commitmentLetter.decode)
  const openings = decoded(session, rounds, 'open', openingLetter(input.scheme).decode)
  if (V === null || openings === null) return null
  const checks = Object.values(openingChecks(session, input, V))
  const opened = new Map([...openings].map(([party, opening]) => [party, parseOpening(curve, opening)]))
  for (const [party, each] of opened) if (!checks.every((holds) => holds(each, party))) return null
  // Valid openings can still add up to an unusable key; no honest party continues with one.
  const made = combine(curve, session.parties, [...opened.values()])
  if (made === null) return null
  const { proves } = MANNERS[input.scheme]
  if (proves && !sharesProven(session, rounds, aheadOf(openings), made)) return null
  return encoded(made)
}

function sharesProven(
  session: Session,
  rounds: Rounds,
  ahead: ReadonlyMap<PartyId, cggmp24.Ahead>,
  { shares }: Made,
): boolean {
  const proofs = decoded(session, rounds, 'prove', cggmp24.proofLetter.decode)
  if (proofs === null) return false
  return [...proofs].every(([party, proof]) => cggmp24.provesShare(session, ahead, shares, party, proof))
}

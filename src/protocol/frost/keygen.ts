/**
 * FROST's distributed key generation (Komlo and Goldberg, ePrint 2020/852, figure 1), in which everybody
 * first commits to what they will say: `commit` (reliably broadcast) and `open` (broadcast, with each dealt
 * share). That costs no round, since the plain protocol must echo its first broadcast too, and takes away
 * what the plain one leaves: its last mover sees all others' contributions before it chooses its own, and can
 * so choose among many public keys (L-3). Here it can only refuse to open, which everybody sees.
 *
 * The steps quoted are the figure's; V_i and the chain code are after cggmp24.md 1a.
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
} from '../codec.js'
import type { Curve, Point } from '../curve.js'
import { broadcastAndDeal, broadcastReliably, demand, demandDistinct, type Protocol } from '../round.js'
import { proveKnowledge, verifyKnowledge } from '../schnorr.js'
import { Secret } from '../secret.js'
import type { PartyId, Rng, Session } from '../session.js'
import { addCommitments, evaluate, evaluateCommitment, feldman, randomPolynomial } from '../sharing.js'
import { type FrostScheme, knowledgeChallenge, suiteOf } from './suites.js'

export type KeygenInput = { readonly scheme: FrostScheme; readonly threshold: number }

export type KeygenOutput = {
  /** f(0)*G: 32 bytes on ed25519; 33 for taproot, the internal point, untweaked, with its true parity. */
  readonly groupPoint: Uint8Array
  /** f(j)*G for every party j. */
  readonly publicShares: ReadonlyMap<PartyId, Uint8Array>
  /** 32 bytes for taproot, which can be derived from; null for eddsa. */
  readonly chainCode: Uint8Array | null
  /** f(i), this party's; the caller wipes it. */
  readonly share: Secret
}

const openingShape = record({
  /** Feldman's commitment phi_i0 .. phi_i(t-1) to this party's polynomial f_i, encoded points. */
  F: list(bytesUpTo(33), 0, 100),
  /** Proof of knowledge of f_i(0). */
  proof: record({ R: bytesUpTo(33), z: bytes(32) }),
  /** What this party adds to the chain code. */
  chainCode: nullable(bytes(32)),
  /** Hides the rest in the commitment. */
  u: bytes(32),
})

/** What a party says in round `open`, and commits to in round `commit`. */
export type Opening = Of<typeof openingShape>

export const commitmentLetter: Codec<Uint8Array> = codec(bytes(32), 64)
export const openingLetter: Codec<Opening> = codec(openingShape, 8192)
export const dealtLetter: Codec<Uint8Array> = codec(bytes(32), 64)

/** V_i: what party i broadcasts before anybody opens. 32 bytes. */
export function commitTo(session: Session, input: KeygenInput, party: PartyId, opening: Opening): Uint8Array {
  return session.digest(
    'mpc/frost-keygen/commit/v1',
    input.scheme,
    input.threshold,
    party,
    openingShape.form(opening),
  )
}

/**
 * What a party's proof of knowledge is bound to beside its index: the run, and what is made in it. 32 bytes.
 */
export function proofContext(session: Session, input: KeygenInput): Uint8Array {
  return session.digest('mpc/frost-keygen/proof/v1', input.scheme, input.threshold)
}

/**
 * Makes a key among the session's parties, whose ids 1..n are the indices of their shares.
 * @throws RangeError for parties or a threshold that make no key
 * @throws ProtocolAbort naming everybody who broke the protocol
 */
export function* keygen(session: Session, input: KeygenInput, rng: Rng): Protocol<KeygenOutput> {
  const suite = suiteOf(input.scheme)
  const { curve } = suite
  const { self, parties, peers } = session
  requireParties(parties, input.threshold)
  const context = proofContext(session, input)

  // Round 1, step 1. "Every participant P_i samples t random values (a_i0, ..., a_i(t-1)) and uses these
  // values as coefficients to define a degree t-1 polynomial f_i(x)."
  const f = randomPolynomial(curve, input.threshold, rng)
  // Step 2. "Every P_i computes a proof of knowledge to the corresponding secret a_i0", here bound to the
  // run.
  using constant = new Secret(curve.scalarBytes(f[0] as bigint))
  const proof = proveKnowledge(curve, context, constant, rng, knowledgeChallenge(suite, self))
  // Step 3. "Every participant P_i computes a public commitment C_i = <phi_i0, ..., phi_i(t-1)>."
  const F = feldman(curve, f)
  const mine: Opening = {
    F: F.map((phi) => phi.toBytes()),
    proof,
    chainCode: input.scheme === 'schnorr-taproot' ? rng(32) : null,
    u: rng(32),
  }

  // Step 4. "Every P_i broadcasts C_i, sigma_i to all other participants": first V_i, reliably, so that what
  // is opened is the same for all. Whoever sends another's V_i again hopes to open it with the other's words
  // (T-31).
  const V = yield* broadcastReliably(
    session,
    'commit',
    commitmentLetter,
    commitTo(session, input, self, mine),
  )
  demandDistinct(session, 'commit', V, 'commitment is the copy of another')

  // Then the opening itself, together with round 2, step 1: "Each P_i securely sends to each other
  // participant P_l a secret share (l, f_i(l))."
  const { letters, dealt } = yield* broadcastAndDeal(
    session,
    'open',
    { codec: openingLetter, mine },
    { codec: dealtLetter, mine: (to) => curve.scalarBytes(evaluate(curve, f, to)) },
  )
  try {
    const contributions = new Map(
      peers.map((from) => {
        const opening = letters.get(from) as Opening
        const share = dealt.get(from) as Uint8Array
        return [from, contribution(curve, opening, share)] as const
      }),
    )
    demand('open', contributions, {
      'opening is not what was committed to': ({ opening }, from) =>
        equalBytes(commitTo(session, input, from, opening), V.get(from) as Uint8Array),
      // A longer vector would raise the threshold, a shorter one lower it (T-41).
      'vector does not have as many points as the threshold': ({ opening }) =>
        opening.F.length === input.threshold,
      'vector holds something that is not a point of the group': ({ F }) => F !== null,
      // Round 1, step 5. "P_i verifies sigma_l = (R_l, mu_l), aborting on failure, by checking
      // R_l = g^mu_l * phi_l0^-c_l".
      'proof of knowledge does not verify': ({ opening }, from) =>
        verifyKnowledge(
          curve,
          context,
          opening.F[0] ?? new Uint8Array(),
          opening.proof,
          knowledgeChallenge(suite, from),
        ),
      'chain code is missing, or there although the scheme has none': ({ opening }) =>
        (opening.chainCode !== null) === (mine.chainCode !== null),
      // Round 2, step 2. "Each P_i verifies their shares by calculating g^f_l(i) = prod phi_lk^(i^k mod q),
      // aborting if the check fails."
      "dealt share does not lie on the sender's polynomial": ({ F, share }) =>
        F !== null && share !== null && curve.timesG(share).equals(evaluateCommitment(curve, F, self)),
    })

    // Step 3. "Each P_i calculates their long-lived private signing share by computing s_i = sum f_l(i)."
    const { Fn } = curve
    const received = [...contributions.values()]
    const x = received.reduce((sum, { share }) => Fn.add(sum, share as bigint), evaluate(curve, f, self))
    // Step 4. "Each P_i calculates their public verification share Y_i = g^s_i, and the group's public key Y
    // = prod phi_j0. Any participant can compute the public verification share of any other participant."
    const sum = addCommitments([F, ...received.map(({ F }) => F as readonly Point[])])
    const group = sum[0] as Point
    const shares = new Map(parties.map((party) => [party, evaluateCommitment(curve, sum, party)]))
    // Every part was fixed before any was seen, so this cannot be brought about; no one of them is to blame.
    if ([...sum, ...shares.values()].some((A) => A.is0())) {
      throw new Error(
        'the contributions add up to an unusable key, which happens by chance alone: run it again',
      )
    }
    if (!curve.timesG(x).equals(shares.get(self) as Point)) {
      throw new Error('every dealt share verifies, their sum does not: this is a defect of this program')
    }

    return {
      groupPoint: group.toBytes(),
      publicShares: new Map([...shares].map(([party, X]) => [party, X.toBytes()])),
      chainCode:
        mine.chainCode && xorAll([...letters.values()].map(({ chainCode }) => chainCode as Uint8Array)),
      share: new Secret(curve.scalarBytes(x)),
    }
  } finally {
    for (const share of dealt.values()) share.fill(0)
  }
}

/**
 * What a peer sent, parsed as far as it can be: `F` or `share` is null where it is no vector of points or no
 * scalar.
 */
function contribution(curve: Curve, opening: Opening, dealt: Uint8Array) {
  return {
    opening,
    F: attempt((): readonly Point[] => opening.F.map((phi) => curve.parsePoint(phi))),
    share: attempt(() => curve.parseScalar(dealt)),
  }
}

function requireParties(parties: readonly PartyId[], threshold: number): void {
  if (parties.some((party, i) => party !== i + 1)) throw new RangeError('the parties of a new key are 1 to n')
  if (!Number.isSafeInteger(threshold) || threshold < 2 || threshold > parties.length) {
    throw new RangeError(`a threshold is an integer from 2 to ${parties.length}`)
  }
}

function xorAll(values: readonly Uint8Array[]): Uint8Array {
  return values.reduce((a, b) => a.map((byte, k) => byte ^ (b[k] as number)))
}

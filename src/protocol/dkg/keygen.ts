/**
 * The distributed key generation of every scheme: Feldman's sharing with proofs of knowledge. Every party
 * commits to its opening in `commit` (reliably broadcast), then opens it and deals the shares in `open`. The
 * commitment costs no extra round, since the first broadcast must be echoed anyway. It removes a weakness of
 * plain Feldman sharing: there the last mover sees all other contributions before it chooses its own, and so
 * can choose among many public keys. Here it can only refuse to open, which everybody sees.
 *
 * The steps quoted are FROST's (Komlo and Goldberg, ePrint 2020/852, figure 1); V_i and the chain code are
 * ours. Letters and their checks are in `keygen-public.ts`, CGGMP24's third round in `cggmp24/keygen.ts`.
 */
import * as cggmp24 from '../cggmp24/keygen.js'
import { attempt } from '../core/codec.js'
import type { Point } from '../group/curve.js'
import { hedged } from '../core/hedged.js'
import {
  aheadOf,
  combine,
  commitmentLetter,
  commitTo,
  dealtLetter,
  dealtReason,
  encoded,
  type KeygenInput,
  liesOn,
  MANNERS,
  type Opening,
  openingChecks,
  openingLetter,
  parseOpening,
  proofContext,
  type PublicOutput,
} from './keygen-public.js'
import { broadcastAndDeal, broadcastReliably, demand, demandDistinct, type Protocol } from '../core/round.js'
import { proveKnowledge } from '../group/schnorr.js'
import { curveOf, isDerivable } from '../group/scheme.js'
import { Secret } from '../core/secret.js'
import type { PartyId, Rng, Session } from '../core/session.js'
import { evaluate, feldman, randomPolynomial } from '../sharing/polynomial.js'

export type KeygenOutput = PublicOutput & {
  /** f(i), this party's; the caller wipes it. */
  readonly share: Secret
}

/**
 * Makes a key among the session's parties, whose ids 1..n are the indices of their shares.
 * @throws RangeError for parties or a threshold that make no key
 * @throws ProtocolAbort naming everybody who broke the protocol; SplitView if the commitments were not the
 *   same
 */
export function* keygen(session: Session, input: KeygenInput, rng: Rng): Protocol<KeygenOutput> {
  requireParties(session.parties, input.threshold)
  // There is no secret yet to hedge with. The run alone gives two runs two polynomials if the generator
  // repeats itself: one polynomial dealt to different indices would have a lower threshold than either run.
  using randomness = hedged(rng, 'keygen', null, proofContext(session, input), session.self)
  return yield* keygenWith(session, input, randomness.rng)
}

/** `keygen` with exactly these random bytes. */
export function* keygenWith(session: Session, input: KeygenInput, rng: Rng): Protocol<KeygenOutput> {
  const curve = curveOf(input.scheme)
  const manner = MANNERS[input.scheme]
  const { self, parties, peers } = session

  // Round 1, step 1. "Every participant P_i samples t random values (a_i0, ..., a_i(t-1)) and uses these
  // values as coefficients to define a degree t-1 polynomial f_i(x)."
  const f = randomPolynomial(curve, input.threshold, rng)
  // Step 2. "Every P_i computes a proof of knowledge to the corresponding secret a_i0", here bound to the
  // run.
  using constant = new Secret(curve.scalarBytes(f[0] as bigint))
  const proof = proveKnowledge(curve, proofContext(session, input), constant, rng, manner.challenge(self))
  // Step 3. "Every participant P_i computes a public commitment C_i = <phi_i0, ..., phi_i(t-1)>."
  const F = feldman(curve, f)
  const common = {
    F: F.map((phi) => phi.toBytes()),
    proof,
    chainCode: isDerivable(input.scheme) ? rng(32) : null,
    u: rng(manner.blinding),
  }
  using tau = manner.proves ? cggmp24.proofNonce(session, constant, F[0] as Point, rng) : null
  const mine: Opening = tau ? { ...common, ahead: cggmp24.sayAhead(tau, rng) } : common

  // Step 4. "Every P_i broadcasts C_i, sigma_i to all other participants": first V_i, reliably, so that all
  // see the same openings. A party that copies another's V_i hopes to open it with the other's opening.
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
    { codec: openingLetter(input.scheme), mine },
    { codec: dealtLetter, mine: (to) => curve.scalarBytes(evaluate(curve, f, to)) },
  )
  try {
    const contributions = new Map(
      peers.map((from) => {
        const share = attempt(() => curve.parseScalar(dealt.get(from) as Uint8Array))
        return [from, { ...parseOpening(curve, letters.get(from) as Opening), share }] as const
      }),
    )
    demand('open', contributions, openingChecks(session, input, V), {
      [dealtReason]: ({ F, share }) => liesOn(curve, F, self, share),
    })

    // Step 3. "Each P_i calculates their long-lived private signing share by computing s_i = sum f_l(i)."
    const { Fn } = curve
    const received = [...contributions.values()]
    const x = received.reduce((sum, { share }) => Fn.add(sum, share as bigint), evaluate(curve, f, self))
    const made = combine(curve, parties, [{ opening: mine, F }, ...received])
    // Every contribution was fixed before any was seen, so nobody can cause this, and nobody is accused.
    if (made === null) {
      throw new Error(
        'the contributions add up to an unusable key, which happens by chance alone: run it again',
      )
    }
    if (!curve.timesG(x).equals(made.shares.get(self) as Point)) {
      throw new Error('every dealt share verifies, their sum does not: this is a defect of this program')
    }
    using share = new Secret(curve.scalarBytes(x))
    if (tau) yield* cggmp24.proveShare(session, aheadOf(letters), tau, share, made.shares)
    return { ...encoded(made), share: share.clone() }
  } finally {
    for (const share of dealt.values()) share.fill(0)
  }
}

function requireParties(parties: readonly PartyId[], threshold: number): void {
  if (parties.some((party, i) => party !== i + 1)) throw new RangeError('the parties of a new key are 1 to n')
  if (!Number.isSafeInteger(threshold) || threshold < 2 || threshold > parties.length) {
    throw new RangeError(`a threshold is an integer from 2 to ${parties.length}`)
  }
}

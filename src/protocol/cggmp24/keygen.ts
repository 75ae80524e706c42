/**
 * CGGMP24's addition to the common key generation (`../dkg/keygen.ts`, which commits, opens and deals): a
 * third round, in which each party proves that it knows its combined share x_i. The proof uses a commitment
 * A_i that the party fixed before it saw anything, and randomness rid to which all parties contributed.
 */
import { sha512 } from '@noble/hashes/sha2.js'
import { bytes, type Codec, codec, encode, type Of, record, xorAll } from '../core/codec.js'
import { type Point, secp256k1 } from '../group/curve.js'
import { broadcast, demand, ofPeers, type Protocol } from '../core/round.js'
import { type Challenge, hedgedNonce } from '../group/schnorr.js'
import { Secret } from '../core/secret.js'
import type { PartyId, Rng, Session } from '../core/session.js'
import { PRODUCTION } from './integers/level.js'
import type { ProofContext } from './zk/context.js'
import { proveSch, type SchProof, schShape, verifySch } from './zk/sch.js'

/** The part of an opening that serves round `prove`. */
export const aheadShape = record({
  /** This party's contribution to rid. */
  rid: bytes(PRODUCTION.kappaBytes),
  /** A_i = τ_i G: its commitment in the proof. */
  A: secp256k1.point,
})
export type Ahead = Of<typeof aheadShape>

/** Round `prove`: the answer z_i. Without a commitment in it, only the opened A_i can be used. */
export const proofLetter: Codec<SchProof> = codec(schShape, 64)

/** The challenge of party `prover`'s proof of knowledge of f_i(0). */
export function knowledgeChallenge(prover: PartyId): Challenge {
  return (curve, context, X, R) =>
    curve.reduce(sha512(encode(['mpc/cggmp24-keygen/knowledge/v1', curve.name, prover, context, X, R])))
}

/**
 * The nonce τ_i of round `commit`. The share x_i that it will prove is not known yet, so it is hedged with
 * f_i(0) and the run: a τ_i repeated in another run, where the share is another one, would give the shares
 * away.
 * @param constant f_i(0), an encoded scalar
 * @param F0 f_i(0)*G
 * @returns an encoded scalar; the caller wipes it
 */
export function proofNonce(session: Session, constant: Secret, F0: Point, rng: Rng): Secret {
  const run = session.digest('mpc/cggmp24-keygen/nonce/v1')
  return new Secret(secp256k1.scalarBytes(hedgedNonce(secp256k1, run, constant, F0.toBytes(), rng)))
}

/** The values that round `commit` fixes ahead: a random rid_i, and A_i = τ_i G. */
export const sayAhead = (tau: Secret, rng: Rng): Ahead => ({
  rid: rng(PRODUCTION.kappaBytes),
  A: secp256k1.timesG(secp256k1.parseScalar(tau.reveal())),
})

/**
 * Round `prove`: every party proves its combined share, and checks the others' proofs.
 * @param ahead what each party opened
 * @param tau the nonce of this party's A_i, encoded
 * @param share x_i, encoded
 * @param publicShares X_j of every party
 * @throws ProtocolAbort naming everybody whose proof does not verify
 */
export function* proveShare(
  session: Session,
  ahead: ReadonlyMap<PartyId, Ahead>,
  tau: Secret,
  share: Secret,
  publicShares: ReadonlyMap<PartyId, Point>,
): Protocol<void> {
  const { self } = session
  // e = H(run, rid, i, X_i, A_i), z_i = τ_i + e x_i.
  const statement = { X: publicShares.get(self) as Point, A: (ahead.get(self) as Ahead).A }
  const witness = {
    x: secp256k1.parseScalar(share.reveal()),
    tau: secp256k1.parseScalar(tau.reveal()),
  }
  const mine = proveSch(contextOf(session, ahead, self), statement, witness)
  const proofs = yield* broadcast(session, 'prove', proofLetter, mine)
  // z_j G = A_j + e_j X_j for every j, with the opened A_j.
  demand('prove', ofPeers(session, proofs), proofChecks(session, ahead, publicShares))
}

/** The check of every party's proof. */
export const proofChecks = (
  session: Session,
  ahead: ReadonlyMap<PartyId, Ahead>,
  publicShares: ReadonlyMap<PartyId, Point>,
) => ({
  'proof of knowledge of the combined share does not verify': (proof: SchProof, from: PartyId) =>
    provesShare(session, ahead, publicShares, from, proof),
})

/** Whether `proof` shows that `party` knows its combined share. */
export function provesShare(
  session: Session,
  ahead: ReadonlyMap<PartyId, Ahead>,
  publicShares: ReadonlyMap<PartyId, Point>,
  party: PartyId,
  proof: SchProof,
): boolean {
  const statement = { X: publicShares.get(party) as Point, A: (ahead.get(party) as Ahead).A }
  return verifySch(contextOf(session, ahead, party), statement, proof)
}

/**
 * There is no epoch yet, so rid, which is unique to this run, takes its place. The proof has no Paillier
 * arithmetic, so the level is always the production one, whatever the auxiliary data's level is.
 */
function contextOf(session: Session, ahead: ReadonlyMap<PartyId, Ahead>, prover: PartyId): ProofContext {
  const rid = xorAll([...ahead.values()].map((each) => each.rid))
  return { level: PRODUCTION, ssid: session.sid, epoch: rid, prover, verifier: null, role: 'keygen' }
}

/**
 * The signers as the mathematics sees them: the additive sharing among exactly the t of n custodians who
 * sign, and the context of the run's proofs. A derivation path's shift enters here, before any nonce exists:
 * a shift chosen afterwards allows forgery (CVE-2025-66017). So does a digest chosen afterwards, so the run's
 * name covers the digest as well. A presignature made ahead has neither; `rerandomise.ts` says how it gets them.
 */
import { type Point, secp256k1 } from '../../group/curve.js'
import { type KeyShare, type PublicShares, requireQuorum } from '../../sharing/key-share.js'
import { Secret } from '../../core/secret.js'
import type { PartyId, Session } from '../../core/session.js'
import { lagrange } from '../../sharing/polynomial.js'
import type { AuxPublic, AuxSecret } from '../auxiliary/data.js'
import type { Level } from '../integers/level.js'
import { type Paillier, paillier } from '../integers/paillier.js'
import type { ProofContext } from '../zk/context.js'

/** The public data of a key that signs: its agreed record, and the derivation path's shift. */
export type EcdsaPublic = {
  readonly share: PublicShares
  readonly level: Level
  /** Every member's, from the record. */
  readonly aux: ReadonlyMap<PartyId, AuxPublic>
  /** 32 bytes: digest of the record. */
  readonly epoch: Uint8Array
  /** The path's addition to the private key (`derive.ts`), 0 to q - 1; 0n without a path. */
  readonly shift: bigint
}

/** The same with one member's secrets, which stay the caller's to wipe. */
export type EcdsaKey = EcdsaPublic & { readonly share: KeyShare; readonly auxSecret: AuxSecret }

/** The signers of one run. */
export type Signers = {
  readonly parties: readonly PartyId[]
  readonly level: Level
  readonly aux: ReadonlyMap<PartyId, AuxPublic>
  /** The Paillier keys in `aux`. */
  readonly keys: ReadonlyMap<PartyId, Paillier>
  /** X_j = x_j G for their additive shares x_j; they sum to `publicKey`. */
  readonly X: ReadonlyMap<PartyId, Point>
  /** The key that the signature is for: derived, if there is a path. */
  readonly publicKey: Point
  readonly epoch: Uint8Array
  /** The session's. */
  readonly sid: Uint8Array
  /** The 32 bytes that the run signs; null if it makes a presignature ahead. */
  readonly digest: Uint8Array | null
  /** 32 bytes: names the run, what it signs, and with which key. */
  readonly ssid: Uint8Array
}

/**
 * x_i ← λ_i x_i, X_j ← λ_j X_j, and the first signer's x and X, as the public key, plus the shift.
 * @param digest 32 bytes, of what is signed; null for a presignature made ahead, which has no path
 * @throws RangeError unless the session's parties are exactly as many as the threshold and all members of the
 *   key, which is one of this scheme
 */
export function signersOf(session: Session, key: EcdsaPublic, digest: Uint8Array | null): Signers {
  const { parties } = session
  const { share, level, aux, epoch, shift } = key
  requireQuorum(parties, share)
  if (share.scheme !== 'ecdsa-secp256k1') throw new RangeError('this engine makes ECDSA signatures')
  if (digest !== null && digest.length !== 32) throw new RangeError('a digest has 32 bytes')
  if (digest === null && shift !== 0n) throw new RangeError('a presignature made ahead has no path')
  const additive = parties.map((party, i) => {
    const X_j = secp256k1.parsePoint(share.publicShares.get(party) as Uint8Array)
    const own = X_j.multiplyUnsafe(lagrange(secp256k1, party, parties))
    return [party, i === 0 ? own.add(secp256k1.G.multiplyUnsafe(shift)) : own] as const
  })
  const X = new Map(additive)
  const publicKey = secp256k1.parsePoint(share.groupPoint).add(secp256k1.G.multiplyUnsafe(shift))
  if (!sum(X.values()).equals(publicKey)) {
    throw new Error('the additive shares do not make up the public key: this is a defect of this program')
  }
  if ([publicKey, ...X.values()].some((P) => P.is0())) {
    throw new Error('the path leads to an unusable share, which happens by chance alone: take another')
  }
  const about = [level.name, epoch, parties, publicKey.toBytes()] as const
  const ssid =
    digest === null
      ? session.digest('mpc/cggmp24-presign/v1', ...about)
      : session.digest('mpc/cggmp24-sign/v1', ...about, secp256k1.scalarBytes(shift), digest)
  const keys = new Map(parties.map((party) => [party, paillier(auxOf({ aux }, party).N, level)]))
  return { parties, level, aux, keys, X, publicKey, epoch, sid: session.sid, digest, ssid }
}

/** This party's x_i. */
export function additiveShare({ self, parties }: Session, { share, shift }: EcdsaKey): Secret {
  const { Fn } = secp256k1
  const x = Fn.mul(secp256k1.parseScalar(share.share.reveal()), lagrange(secp256k1, self, parties))
  return new Secret(secp256k1.scalarBytes(self === parties[0] ? Fn.add(x, shift) : x))
}

/** The context of a proof in this run. @param verifier null for everybody */
export const contextOf = (
  { level, ssid, epoch }: Signers,
  role: string,
  prover: PartyId,
  verifier: PartyId | null = null,
): ProofContext => ({ level, ssid, epoch, prover, verifier, role })

/** The other signers, in ascending order: whom a party answers, and how its answers are ordered. */
export const othersThan = (party: PartyId, { parties }: Signers): readonly PartyId[] =>
  parties.filter((other) => other !== party)

export function auxOf({ aux }: Pick<Signers, 'aux'>, party: PartyId): AuxPublic {
  const own = aux.get(party)
  if (own === undefined) throw new RangeError(`the key has no auxiliary data of party ${party}`)
  return own
}

export const sum = (points: Iterable<Point>): Point => [...points].reduce((a, b) => a.add(b), secp256k1.O)

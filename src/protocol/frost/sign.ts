/**
 * FROST's two rounds of signing (RFC 9591, section 5), without a coordinator: everybody sees all, checks all,
 * and ends with the signature.
 *
 * RFC 9591 puts no run id into its binding factors, and the equations here stay the standard's, so that its
 * vectors and other implementations agree with them. The run is bound around them instead: the nonce
 * commitments of round 1 are echoed under the session's id, so all signers answer one and the same list;
 * every letter is signed by its sender for this run and round; and the nonces are drawn within the call,
 * answer one list, and are wiped whatever happens.
 */
import type { FrostPublic, FrostSecret } from '@noble/curves/abstract/frost.js'
import type { TArg } from '@noble/curves/utils.js'
import { attempt, bytes, bytesUpTo, type Codec, codec, type Of, record } from '../codec.js'
import { type KeyShare, requireOwnQuorum } from '../keyshare.js'
import { broadcast, broadcastReliably, demand, demandDistinct, ofPeers, type Protocol } from '../round.js'
import { isDerivable, publicKeyOf } from '../scheme.js'
import type { NonceRng, PartyId, Session } from '../session.js'
import { taprootTweak, tweakPoint, tweakScalar } from '../taproot.js'
import { type Suite, suiteOf } from './suites.js'

const noncesShape = record({ hiding: bytesUpTo(33), binding: bytesUpTo(33) })

/** Round 1: commitments to a signer's two nonces, encoded points. */
export const noncesLetter: Codec<Of<typeof noncesShape>> = codec(noncesShape, 256)
/** Round 2: a signer's share z_i of the signature, an encoded scalar. */
export const shareLetter: Codec<Uint8Array> = codec(bytes(32), 64)

/** A key as @noble/curves signs with it, and the public key that an ordinary verifier knows it by. */
export type SigningKey = {
  readonly suite: Suite
  readonly publicKey: Uint8Array
  readonly public: TArg<FrostPublic>
  readonly secret: TArg<FrostSecret>
}

export type SignInput = {
  readonly share: KeyShare
  readonly message: Uint8Array
  /**
   * What a path adds to the private key (`derive.ts`); 0n without one. It is part of the key before a nonce
   * is made.
   */
  readonly shift: bigint
}

/**
 * Signs `message`, of any length and content, with the session's parties, which are the indices of their
 * shares. All must hold the same message and the same shift: the run's definition says which, or honest
 * parties would accuse one another.
 * @returns the signature, 64 bytes: RFC 8032's R || S, or BIP-340's. An ordinary verifier has accepted it.
 * @throws RangeError unless the parties are exactly as many as the threshold, all members of the key, self
 * the owner of the share (T-50); or for a shift where the scheme has no derived keys
 * @throws ProtocolAbort naming everybody who broke the protocol; SplitView when the commitments were not the
 * same
 */
export function* sign(session: Session, input: SignInput, nonces: NonceRng): Protocol<Uint8Array> {
  requireOwnQuorum(session, input.share)
  const key = signingKey(input.share, input.shift)
  try {
    return yield* signWith(session, key, input.message, nonces)
  } finally {
    key.secret.signingShare.fill(0)
  }
}

/** `sign`, with a key as it is: for taproot, the output key's. */
export function* signWith(
  session: Session,
  key: SigningKey,
  message: Uint8Array,
  rng: NonceRng,
): Protocol<Uint8Array> {
  const { suite, secret, public: pub } = key
  const { curve, frost } = suite
  // Round 1, section 5.1, commit. Each nonce is H3(32 fresh bytes || own share), section 4.1: a weak
  // generator alone does not give it away. The nonces live in this call only, and answer one list only.
  const own = frost.commit(secret, (length = 32) => rng.fresh(length) as Uint8Array<ArrayBuffer>)
  try {
    const { hiding, binding } = own.commitments
    const commitments = yield* broadcastReliably(session, 'nonces', noncesLetter, { hiding, binding })
    const isPoint = (encoded: Uint8Array) => attempt(() => curve.parsePoint(encoded)) !== null
    demand('nonces', ofPeers(session, commitments), {
      'nonce commitment is not a point of the group': ({ hiding, binding }) =>
        isPoint(hiding) && isPoint(binding),
    })
    for (const which of ['hiding', 'binding'] as const) {
      const points = new Map([...commitments].map(([party, nonces]) => [party, nonces[which]]))
      demandDistinct(session, 'nonces', points, 'nonce commitment is the copy of another')
    }

    // Round 2, section 5.2, sign.
    const id = (party: PartyId) => frost.Identifier.fromNumber(party)
    const list = [...commitments].map(([party, nonces]) => ({ identifier: id(party), ...nonces }))
    const z = frost.signShare(secret, pub, own.nonces, list, message)
    const shares = yield* broadcast(session, 'share', shareLetter, z)
    // Section 5.4, verify_signature_share, for every share and not only after a failure: all who cheated are
    // named.
    const isScalar = (encoded: Uint8Array) => attempt(() => curve.parseScalar(encoded)) !== null
    demand('share', ofPeers(session, shares), {
      'signature share does not verify': (z, from) =>
        isScalar(z) && frost.verifyShare(pub, list, message, id(from), z),
    })

    // Section 5.3, aggregate; and the signature goes nowhere before an ordinary verifier has accepted it.
    const byId = Object.fromEntries([...shares].map(([party, z]) => [id(party), z]))
    const signature = frost.aggregate(pub, list, message, byId)
    if (!suite.verify(signature, message, key.publicKey)) {
      throw new Error('every share verifies, the signature does not: this is a defect of this program')
    }
    return signature
  } finally {
    own.nonces.hiding.fill(0)
    own.nonces.binding.fill(0)
  }
}

/**
 * The share as @noble/curves takes it, with path and tweak. The order is: the path's shift, then even y and
 * the tweak, of the derived internal key. Both are the same for every share, as Lagrange's coefficients sum
 * to one. That the output key may have odd y is left to noble, which negates shares and points once more
 * while it signs.
 */
function signingKey(share: KeyShare, shift: bigint): SigningKey {
  const suite = suiteOf(share.scheme)
  const { curve, frost } = suite
  if (shift !== 0n && !isDerivable(share.scheme)) {
    throw new RangeError(`no keys are derived from one of ${share.scheme}`)
  }
  const shiftG = curve.G.multiplyUnsafe(shift)
  const shifted = (encoded: Uint8Array) => curve.parsePoint(encoded).add(shiftG)
  const group = shifted(share.groupPoint)
  const tweak = share.scheme === 'schnorr-taproot' ? taprootTweak(group) : null
  const adjusted = (encoded: Uint8Array) => {
    const point = shifted(encoded)
    return (tweak === null ? point : tweakPoint(tweak, point)).toBytes()
  }
  const x = curve.Fn.add(curve.parseScalar(share.share.reveal()), shift)
  const id = (party: PartyId) => frost.Identifier.fromNumber(party)
  return {
    suite,
    publicKey: publicKeyOf(share.scheme, group.toBytes()),
    public: {
      signers: { min: share.threshold, max: share.publicShares.size },
      // Of the whole vector signing needs the constant alone.
      commitments: [adjusted(share.groupPoint)],
      verifyingShares: Object.fromEntries(
        [...share.publicShares].map(([party, X]) => [id(party), adjusted(X)]),
      ),
    },
    secret: {
      identifier: id(share.index),
      signingShare: curve.scalarBytes(tweak === null ? x : tweakScalar(tweak, x)),
    },
  }
}

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
import { sha256 } from '@noble/hashes/sha2.js'
import { attempt, bytes, bytesUpTo, type Codec, codec, type Of, record } from '../codec.js'
import type { Point } from '../curve.js'
import { hedged } from '../hedged.js'
import { type KeyShare, requireOwnQuorum } from '../keyshare.js'
import { broadcast, broadcastReliably, demand, demandDistinct, ofPeers, type Protocol } from '../round.js'
import { isDerivable } from '../scheme.js'
import { Secret } from '../secret.js'
import type { NonceRng, PartyId, Session } from '../session.js'
import { taprootTweak, tweakPoint, tweakScalar } from '../taproot.js'
import {
  aggregate,
  type Commitments,
  commitTo,
  drawNonces,
  jointOf,
  shareHolds,
  signShare,
} from './equations.js'
import { type Suite, suiteOf } from './suites.js'

const noncesShape = record({ hiding: bytesUpTo(33), binding: bytesUpTo(33) })
type Nonces = Of<typeof noncesShape>

/** Round 1: commitments to a signer's two nonces, encoded points. */
export const noncesLetter: Codec<Nonces> = codec(noncesShape, 256)
/** Round 2: a signer's share z_i of the signature, an encoded scalar. */
export const shareLetter: Codec<Uint8Array> = codec(bytes(32), 64)

/** A key as it signs: with path and tweak, so that a signature verifies under its point as it is. */
export type SigningKey = {
  readonly suite: Suite
  readonly group: Point
  /** The public share of each signer, computed when it is asked for. */
  readonly publicShare: (party: PartyId) => Point
  /** x_i, an encoded scalar. */
  readonly share: Secret
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
  const { message } = input
  const key = signingKey(input.share, input.shift)
  try {
    // Each nonce is H3(32 bytes || own share), and these bytes are hashed from the run, the key and the message besides:
    // of a generator that repeats itself three answers with the same two nonces would give the share away.
    const run = [session.sid, session.parties, key.group.toBytes(), sha256(message)]
    using randomness = hedged(nonces.fresh, 'frost signing', key.share, ...run)
    return yield* signWith(session, key, message, { fresh: randomness.rng })
  } finally {
    key.share.wipe()
  }
}

/**
 * `sign`, with a key as it is (for taproot, the output key's) and nonces from these very bytes: what published vectors are
 * held against.
 */
export function* signWith(
  session: Session,
  key: SigningKey,
  message: Uint8Array,
  random: NonceRng,
): Protocol<Uint8Array> {
  const { suite, share } = key
  const { curve } = suite
  // Round 1, section 5.1, commit. The nonces live in this call only, and answer one list only.
  const nonces = drawNonces(suite, share, random.fresh)
  try {
    const own = commitTo(suite, nonces)
    const said = yield* broadcastReliably(session, 'nonces', noncesLetter, encoded(own))
    const heard = new Map(
      [...ofPeers(session, said)].map(([party, letter]) => [party, parsed(suite, letter)]),
    )
    demand('nonces', heard, { 'nonce commitment is not a point of the group': (points) => points !== null })
    for (const which of ['hiding', 'binding'] as const) {
      const points = new Map([...said].map(([party, letter]) => [party, letter[which]]))
      demandDistinct(session, 'nonces', points, 'nonce commitment is the copy of another')
    }

    // Round 2, section 5.2, sign.
    const commitments = new Map(session.parties.map((party) => [party, heard.get(party) ?? own]))
    const joint = jointOf(suite, key.group, commitments, message)
    const z = curve.scalarBytes(signShare(joint, session.self, share, nonces))
    const shares = yield* broadcast(session, 'share', shareLetter, z)

    // Section 5.3, aggregate; and the signature goes nowhere before an ordinary verifier has accepted it. One that it
    // accepts is made of shares that were wrong by nothing in sum, so nobody's is looked at then.
    const scalars = new Map(
      [...shares].map(([party, share]) => [party, attempt(() => curve.parseScalar(share))]),
    )
    const answers = [...scalars.values()].filter((scalar) => scalar !== null)
    if (answers.length === scalars.size) {
      const signature = aggregate(joint, answers)
      if (suite.verify(signature, message, suite.publicBytes(key.group))) return signature
    }
    // Section 5.4, verify_signature_share, for every share: all who cheated are named.
    demand('share', ofPeers(session, scalars), {
      'signature share does not verify': (scalar, from) =>
        scalar !== null && shareHolds(joint, from, key.publicShare(from), scalar),
    })
    // By section 5.4's equations, summed, the signature then satisfies the verifier's.
    throw new Error('every share verifies, the signature does not: this is a defect of this program')
  } finally {
    nonces.hiding.wipe()
    nonces.binding.wipe()
  }
}

const encoded = ({ hiding, binding }: Commitments): Nonces => ({
  hiding: hiding.toBytes(),
  binding: binding.toBytes(),
})

const parsed = ({ curve }: Suite, { hiding, binding }: Nonces): Commitments | null =>
  attempt(() => ({ hiding: curve.parsePoint(hiding), binding: curve.parsePoint(binding) }))

/**
 * The share with path and tweak. The order is: the path's shift, then even y and the tweak, of the derived internal key.
 * Both are the same for every share, as Lagrange's coefficients sum to one. That the output key may have odd y is left to
 * the equations, which negate shares and points once more.
 */
function signingKey(share: KeyShare, shift: bigint): SigningKey {
  const suite = suiteOf(share.scheme)
  const { curve } = suite
  if (shift !== 0n && !isDerivable(share.scheme)) {
    throw new RangeError(`no keys are derived from one of ${share.scheme}`)
  }
  const shiftG = curve.G.multiplyUnsafe(shift)
  const shifted = (encoded: Uint8Array) => curve.parsePoint(encoded).add(shiftG)
  const group = shifted(share.groupPoint)
  const tweak = share.scheme === 'schnorr-taproot' ? taprootTweak(group) : null
  const tweaked = (point: Point) => (tweak === null ? point : tweakPoint(tweak, point))
  const x = curve.Fn.add(curve.parseScalar(share.share.reveal()), shift)
  return {
    suite,
    group: tweaked(group),
    publicShare: (party) => tweaked(shifted(share.publicShares.get(party) as Uint8Array)),
    share: new Secret(curve.scalarBytes(tweak === null ? x : tweakScalar(tweak, x))),
  }
}

/**
 * FROST's two rounds of signing (RFC 9591, section 5) without a coordinator: every signer sees and checks all
 * letters, and ends with the signature.
 *
 * RFC 9591 puts no session ID into its binding factors. The equations here stay the standard's, so that its
 * test vectors and other implementations agree with them; the run is bound around them instead. The nonce
 * commitments of round 1 are echoed under the session ID, so all signers answer the same list. Every letter
 * is signed by its sender for this run and round. The nonces are drawn within the call, answer one list, and
 * are always wiped.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { attempt, bytes, bytesUpTo, type Codec, codec, type Of, record } from '../core/codec.js'
import type { Point } from '../group/curve.js'
import { hedged } from '../core/hedged.js'
import { type KeyShare, type PublicShares, requireOwnQuorum } from '../sharing/key-share.js'
import {
  broadcast,
  broadcastReliably,
  demand,
  demandDistinct,
  ofPeers,
  type Protocol,
} from '../core/round.js'
import { isDerivable } from '../group/scheme.js'
import { Secret } from '../core/secret.js'
import type { NonceRng, PartyId, Session } from '../core/session.js'
import { type TaprootTweak, taprootTweak, tweakPoint, tweakScalar } from '../group/taproot.js'
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

/** The public key with path and tweak applied: signatures verify under `group` as it is. */
export type PublicKey = {
  readonly suite: Suite
  readonly group: Point
  /** A signer's public share, computed on demand. */
  readonly publicShare: (party: PartyId) => Point
}

/** The same with one signer's share x_i, an encoded scalar. */
export type SigningKey = PublicKey & { readonly share: Secret }

export type SignInput = {
  readonly share: KeyShare
  readonly message: Uint8Array
  /** The scalar that a path adds to the private key (`derive.ts`), or 0n; applied before nonces exist. */
  readonly shift: bigint
}

/**
 * Signs `message`, of any length and content, with the session's parties, whose ids are the indices of their
 * shares. All signers must use the same message and shift, fixed by the run's definition; otherwise honest
 * parties would accuse one another.
 * @returns the signature, 64 bytes: RFC 8032's R || S, or BIP-340's. An ordinary verifier has accepted it.
 * @throws RangeError unless there are exactly as many parties as the threshold, all have shares of the key,
 *   and self owns this share; also for a nonzero shift if the scheme has no derived keys
 * @throws ProtocolAbort naming everybody who broke the protocol; SplitView if the commitments were not the
 *   same
 */
export function* sign(session: Session, input: SignInput, nonces: NonceRng): Protocol<Uint8Array> {
  requireOwnQuorum(session, input.share)
  const { message } = input
  const key = signingKey(input.share, input.shift)
  try {
    // Each nonce is H3(32 bytes || own share), and the 32 bytes are hedged with the share, the run, the key
    // and the message. If the generator repeated itself, three answers with the same two nonces would give
    // the share away.
    const run = [session.sid, session.parties, key.group.toBytes(), sha256(message)]
    using randomness = hedged(nonces.fresh, 'frost signing', key.share, ...run)
    return yield* signWith(session, key, message, { fresh: randomness.rng })
  } finally {
    key.share.wipe()
  }
}

/** `sign` with the key as given (for taproot, the output key) and given nonces, for test vectors. */
export function* signWith(
  session: Session,
  key: SigningKey,
  message: Uint8Array,
  random: NonceRng,
): Protocol<Uint8Array> {
  const { suite, share } = key
  const { curve } = suite
  // Round 1, section 5.1, commit. The nonces exist only in this call, and answer one list.
  const nonces = drawNonces(suite, share, random.fresh)
  try {
    const own = commitTo(suite, nonces)
    const said = yield* broadcastReliably(session, 'nonces', noncesLetter, encoded(own))
    demand('nonces', ofPeers(session, said), nonceChecks(suite))
    for (const which of ['hiding', 'binding'] as const) {
      const points = new Map([...said].map(([party, letter]) => [party, letter[which]]))
      demandDistinct(session, 'nonces', points, 'nonce commitment is the copy of another')
    }

    // Round 2, section 5.2, sign.
    const joint = jointOf(suite, key.group, parsedAll(suite, said, new Map([[session.self, own]])), message)
    const z = curve.scalarBytes(signShare(joint, session.self, share, nonces))
    const shares = yield* broadcast(session, 'share', shareLetter, z)

    // Section 5.3, aggregate. The signature is returned only after an ordinary verifier has accepted it.
    // Errors in the shares of an accepted signature add up to zero, so no single share is checked then.
    const answers = [...shares.values()].map((share) => attempt(() => curve.parseScalar(share)))
    if (answers.every((answer) => answer !== null)) {
      const signature = aggregate(joint, answers)
      if (suite.verify(signature, message, suite.publicBytes(key.group))) return signature
    }
    // Section 5.4, verify_signature_share, for every share, so that all cheaters are named.
    demand('share', ofPeers(session, shares), shareChecks(key, said, message))
    // The sum of section 5.4's equations is the verifier's equation, so this cannot happen.
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

const parsed = ({ curve }: Suite, { hiding, binding }: Nonces): Commitments => ({
  hiding: curve.parsePoint(hiding),
  binding: curve.parsePoint(binding),
})

/** All commitments in ascending order, from letters that passed `nonceChecks`. @param known already parsed */
const parsedAll = (
  suite: Suite,
  said: ReadonlyMap<PartyId, Nonces>,
  known: ReadonlyMap<PartyId, Commitments> = new Map(),
): ReadonlyMap<PartyId, Commitments> =>
  new Map(
    [...said]
      .sort(([a], [b]) => a - b)
      .map(([party, nonces]) => [party, known.get(party) ?? parsed(suite, nonces)]),
  )

/** The checks of every signer's nonce commitments. */
export const nonceChecks = (suite: Suite) => ({
  'nonce commitment is not a point of the group': (nonces: Nonces): boolean =>
    attempt(() => parsed(suite, nonces)) !== null,
})

/** The checks of every signer's share of the signature. @param said the nonce commitments of all signers */
export function shareChecks(key: PublicKey, said: ReadonlyMap<PartyId, Nonces>, message: Uint8Array) {
  const { suite, group, publicShare } = key
  const joint = jointOf(suite, group, parsedAll(suite, said), message)
  return {
    'signature share does not verify': (share: Uint8Array, from: PartyId): boolean => {
      const z = attempt(() => suite.curve.parseScalar(share))
      return z !== null && shareHolds(joint, from, publicShare(from), z)
    },
  }
}

/** Applies path and tweak to the share, as `publicKeyFor` does to the points. */
function signingKey(share: KeyShare, shift: bigint): SigningKey {
  const { tweak, ...known } = publicKeyFor(share, shift)
  const { curve } = known.suite
  const x = curve.Fn.add(curve.parseScalar(share.share.reveal()), shift)
  return { ...known, share: new Secret(curve.scalarBytes(tweak === null ? x : tweakScalar(tweak, x))) }
}

/**
 * The public key at a path, from the agreed record. The path's shift comes first, then even y and the tweak
 * of the derived internal key. Each step is the same for every share, since Lagrange's coefficients sum to
 * one. If the output key has odd y, the equations negate shares and points once more.
 * @throws RangeError for a nonzero shift if the scheme has no derived keys
 */
export function publicKeyFor(
  share: PublicShares,
  shift: bigint,
): PublicKey & { readonly tweak: TaprootTweak | null } {
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
  return {
    suite,
    tweak,
    group: tweaked(group),
    publicShare: (party) => tweaked(shifted(share.publicShares.get(party) as Uint8Array)),
  }
}

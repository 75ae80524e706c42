/**
 * The two FROST ciphersuites in use: RFC 9591's for Ed25519, and ZF frost's for BIP-340 with taproot. This
 * file has their hashes and point encodings; hashing to a field and the ordinary verifiers are
 * @noble/curves'.
 */
import { ed25519 as nobleEd25519 } from '@noble/curves/ed25519.js'
import { schnorr, secp256k1_hasher } from '@noble/curves/secp256k1.js'
import { sha256, sha512 } from '@noble/hashes/sha2.js'
import { concatBytes } from '@noble/hashes/utils.js'
import { type Curve, ed25519, type Point, secp256k1 } from '../group/curve.js'
import type { Challenge } from '../group/schnorr.js'
import type { Scheme } from '../group/scheme.js'
import type { PartyId } from '../core/session.js'

export type FrostScheme = Exclude<Scheme, 'ecdsa-secp256k1'>

type ToScalar = (input: Uint8Array) => bigint
type ToBytes = (input: Uint8Array) => Uint8Array

/** A ciphersuite in the sense of RFC 9591, section 6. */
export type Suite = {
  readonly curve: Curve
  /** Hash for binding factors. */
  readonly H1: ToScalar
  /** Hash for nonces. */
  readonly H3: ToScalar
  /** Hash of the message. */
  readonly H4: ToBytes
  /** Hash of the list of commitments. */
  readonly H5: ToBytes
  /** ZF frost's hash for the proof of knowledge in key generation, which the RFC leaves out. */
  readonly HDKG: ToScalar
  /** H2: the challenge of a signature, as the scheme's ordinary verifier computes it. */
  readonly challenge: (R: Point, key: Point, message: Uint8Array) => bigint
  /** The encoding of a point in public keys and signatures, 32 bytes. */
  readonly publicBytes: (point: Point) => Uint8Array
  /** Whether `publicBytes` denote this very point: false if they are x only and the point has odd y. */
  readonly isMeant: (point: Point) => boolean
  /** Whether an ordinary verifier, independent of FROST, accepts a 64-byte signature and 32-byte key. */
  readonly verify: (signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array) => boolean
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const xOnly = (point: Point): Uint8Array => point.toBytes().subarray(1)

/** RFC 9591, section 6.1. */
const ED25519 = 'FROST-ED25519-SHA512-v1'
/** SHA-512(prefix || input), read little endian, modulo the order. */
const hashEd25519 = (prefix: string, input: Uint8Array): bigint => {
  const digest = sha512(concatBytes(utf8(prefix), input))
  return ed25519.Fn.create(digest.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n))
}

/** ZF frost, frost-secp256k1-tr: RFC 9591, section 6.5, with another challenge. */
const TAPROOT = 'FROST-secp256k1-SHA256-TR-v1'
/** hash_to_field of RFC 9380, section 5.2. */
const hashTaproot = (tag: string, input: Uint8Array): bigint =>
  secp256k1_hasher.hashToScalar(input, { DST: utf8(TAPROOT + tag) })

export const SUITES: Readonly<Record<FrostScheme, Suite>> = {
  'eddsa-ed25519': {
    curve: ed25519,
    H1: (input) => hashEd25519(`${ED25519}rho`, input),
    H3: (input) => hashEd25519(`${ED25519}nonce`, input),
    H4: (input) => sha512(concatBytes(utf8(`${ED25519}msg`), input)),
    H5: (input) => sha512(concatBytes(utf8(`${ED25519}com`), input)),
    HDKG: (input) => hashEd25519(`${ED25519}dkg`, input),
    // RFC 8032's challenge, without a prefix.
    challenge: (R, key, message) => hashEd25519('', concatBytes(R.toBytes(), key.toBytes(), message)),
    publicBytes: (point) => point.toBytes(),
    isMeant: () => true,
    // RFC 8032's verification: canonical encodings only.
    verify: (signature, message, publicKey) =>
      nobleEd25519.verify(signature, message, publicKey, { zip215: false }),
  },
  'schnorr-taproot': {
    curve: secp256k1,
    H1: (input) => hashTaproot('rho', input),
    H3: (input) => hashTaproot('nonce', input),
    H4: (input) => sha256(concatBytes(utf8(`${TAPROOT}msg`), input)),
    H5: (input) => sha256(concatBytes(utf8(`${TAPROOT}com`), input)),
    HDKG: (input) => hashTaproot('dkg', input),
    // BIP-340's challenge, big endian modulo the order.
    challenge: (R, key, message) => {
      const digest = schnorr.utils.taggedHash('BIP0340/challenge', xOnly(R), xOnly(key), message)
      return secp256k1.Fn.create(digest.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n))
    },
    publicBytes: xOnly,
    isMeant: (point) => point.toBytes()[0] === 2,
    // BIP-340's verification.
    verify: (signature, message, publicKey) => schnorr.verify(signature, message, publicKey),
  },
}

/** @throws RangeError for a scheme that FROST does not sign */
export function suiteOf(scheme: Scheme): Suite {
  if (scheme === 'ecdsa-secp256k1') throw new RangeError('FROST does not make ECDSA signatures')
  return SUITES[scheme]
}

/**
 * The challenge of party `prover`'s proof of knowledge in key generation: ZF frost's HDKG(i || phi_i0 || R_i)
 * (frost-core, keys/dkg.rs), with a context appended. The paper's c_i = H(i, Phi, phi_i0, R_i) asks for the
 * context, and ZF frost leaves it to its caller. All parts before the context have fixed lengths, so no bytes
 * can move between the parts. With an empty context the challenge is ZF frost's.
 */
export function knowledgeChallenge(suite: Suite, prover: PartyId): Challenge {
  const i = suite.curve.scalarBytes(BigInt(prover))
  return (_, context, X, R) => suite.HDKG(concatBytes(i, X, R, context))
}

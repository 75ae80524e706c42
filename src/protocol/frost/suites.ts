/**
 * The two FROST ciphersuites in use: RFC 9591's for Ed25519, and the one of ZF frost for BIP-340 with
 * taproot. Signing's equations are @noble/curves'. What it does not export, the challenge of the proof of
 * knowledge in key generation, is defined here.
 */
import type { FROST } from '@noble/curves/abstract/frost.js'
import { ed25519_FROST, ed25519 as nobleEd25519 } from '@noble/curves/ed25519.js'
import { schnorr, schnorr_FROST, secp256k1_hasher } from '@noble/curves/secp256k1.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { concatBytes } from '@noble/hashes/utils.js'
import { type Curve, ed25519, secp256k1 } from '../curve.js'
import type { Challenge } from '../schnorr.js'
import type { Scheme } from '../scheme.js'
import type { PartyId } from '../session.js'

export type FrostScheme = Exclude<Scheme, 'ecdsa-secp256k1'>

export type Suite = {
  readonly curve: Curve
  readonly frost: FROST
  /** HDKG of the ciphersuite: bytes to a scalar. */
  readonly HDKG: (input: Uint8Array) => bigint
  /**
   * Whether an ordinary verifier accepts a 64-byte signature under the 32-byte public key; FROST has no part
   * in it.
   */
  readonly verify: (signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array) => boolean
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

export const SUITES: Readonly<Record<FrostScheme, Suite>> = {
  'eddsa-ed25519': {
    curve: ed25519,
    frost: ed25519_FROST,
    // ZF frost-ed25519, HDKG: SHA-512(contextString || "dkg" || m), read little endian, modulo the order.
    HDKG: (input) => {
      const { Fn } = ed25519
      const digest = sha512(concatBytes(utf8('FROST-ED25519-SHA512-v1dkg'), input))
      return Fn.create(digest.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n))
    },
    // RFC 8032's verification: canonical encodings only.
    verify: (signature, message, publicKey) =>
      nobleEd25519.verify(signature, message, publicKey, { zip215: false }),
  },
  'schnorr-taproot': {
    curve: secp256k1,
    frost: schnorr_FROST,
    // ZF frost-secp256k1-tr, HDKG: hash_to_field (RFC 9380, section 5.2) with DST contextString || "dkg".
    HDKG: (input) => secp256k1_hasher.hashToScalar(input, { DST: utf8('FROST-secp256k1-SHA256-TR-v1dkg') }),
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
 * The challenge to the proof of knowledge that party `prover` gives in key generation: HDKG(i || phi_i0 ||
 * R_i), as ZF frost has it (frost-core, keys/dkg.rs), followed by the context that the paper's c_i = H(i,
 * Phi, phi_i0, R_i) asks for and ZF frost leaves to its caller. All before the context is of fixed length, so
 * nothing can move between the parts; with an empty context it is the standard one.
 */
export function knowledgeChallenge(suite: Suite, prover: PartyId): Challenge {
  const i = suite.curve.scalarBytes(BigInt(prover))
  return (_, context, X, R) => suite.HDKG(concatBytes(i, X, R, context))
}

/**
 * The signatures of a request, and ordinary verifiers: OpenSSL for Ed25519, noble for BIP-340 and ECDSA. None
 * shares code with the signing protocols.
 */
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js'
import { attempt, bytes, codec, equalBytes, list } from '../../protocol/core/codec.js'
import { MOST_ENTRIES } from '../../protocol/core/entries.js'
import type { Scheme } from '../../protocol/group/scheme.js'
import { isSigningKey, verifyEd25519 } from '../base/ed25519.js'
import { fromHex, hex } from '../base/text.js'

/** The signatures of a request, one of 64 bytes for each message, in the order of the messages. */
export const signaturesShape = list(bytes(64), 1, MOST_ENTRIES)
/** The result of a signing, which receipts and transcripts cover. */
export const signaturesCodec = codec(signaturesShape, 1 << 13)

/** The signatures in hex, one after the other. */
export const signaturesText = (signatures: readonly Uint8Array[]): string => signatures.map(hex).join('')

/** The signatures in such a text; null if it is none. */
export function signaturesFrom(text: string): readonly Uint8Array[] | null {
  const signatures = (text.match(/.{1,128}/gs) ?? []).map((each) => fromHex(each, 64))
  return attempt(() => signaturesShape.parse(signatures, ''))
}

/** Whether a 64-byte signature is valid for `message`; for ECDSA only with low s. Never throws. */
export function verifiesUnder(
  scheme: Scheme,
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  switch (scheme) {
    case 'eddsa-ed25519':
      return isSigningKey(publicKey) && verifyEd25519(publicKey, message, signature)
    case 'schnorr-taproot':
      return accepts(publicKey.length === 32, signature, () => schnorr.verify(signature, message, publicKey))
    case 'ecdsa-secp256k1':
      return accepts(publicKey.length === 33 && message.length === 32, signature, () =>
        secp256k1.verify(signature, message, publicKey, { prehash: false, lowS: true }),
      )
    default:
      return scheme satisfies never
  }
}

/**
 * Whether it is the high-s form of a signature that verifies. Anybody can make one form from the other, so
 * chains refuse this one (BIP-62). Never throws.
 */
export const hasHighS = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean =>
  !verifiesUnder('ecdsa-secp256k1', publicKey, message, signature) &&
  accepts(publicKey.length === 33 && message.length === 32, signature, () =>
    secp256k1.verify(signature, message, publicKey, { prehash: false, lowS: false }),
  )

function accepts(wellFormed: boolean, signature: Uint8Array, verify: () => boolean): boolean {
  try {
    return wellFormed && signature.length === 64 && verify()
  } catch {
    return false
  }
}

/** An ECDSA signature in the forms that wallets and libraries ask for. */
export type EcdsaForms = {
  /** 32 bytes each. */
  readonly r: Uint8Array
  readonly s: Uint8Array
  /** 0 or 1: selects the signing key among the two that fit the signature. */
  readonly recoveryId: number
  readonly der: Uint8Array
}

/** ASN.1 of r and s. @param signature 64 bytes */
export const derOf = (signature: Uint8Array): Uint8Array =>
  secp256k1.Signature.fromBytes(signature).toBytes('der')

/** @param signature 64 bytes that verify for `digest` under `publicKey` */
export function ecdsaForms(publicKey: Uint8Array, digest: Uint8Array, signature: Uint8Array): EcdsaForms {
  const parsed = secp256k1.Signature.fromBytes(signature)
  const recoveryId = [0, 1].find((id) =>
    equalBytes(parsed.addRecoveryBit(id).recoverPublicKey(digest).toBytes(), publicKey),
  )
  if (recoveryId === undefined) throw new Error('the signature is not of this key')
  const [r, s] = [signature.slice(0, 32), signature.slice(32)]
  return { r, s, recoveryId, der: derOf(signature) }
}

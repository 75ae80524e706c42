/** A public key in the formats that other programs read. */
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { base64, base64urlnopad } from '@scure/base'
import type { Scheme } from '../protocol/group/scheme.js'

export const KEY_FORMATS = ['descriptor', 'xpub', 'pem', 'der', 'jwk', 'ssh', 'hex'] as const
export type KeyFormat = (typeof KEY_FORMATS)[number]

/** The formats that keys of a scheme have; the first is the one that its programs ask for. */
const FORMATS: Readonly<Record<Scheme, readonly [KeyFormat, ...KeyFormat[]]>> = {
  'ecdsa-secp256k1': ['descriptor', 'xpub', 'pem', 'der', 'jwk', 'hex'],
  // An output key is x only: SubjectPublicKeyInfo and JWK have no such key.
  'schnorr-taproot': ['descriptor', 'xpub', 'hex'],
  'eddsa-ed25519': ['hex', 'pem', 'der', 'jwk', 'ssh'],
}

export const keyFormats = (scheme: Scheme): readonly [KeyFormat, ...KeyFormat[]] => FORMATS[scheme]

// SubjectPublicKeyInfo up to the key's bytes. RFC 8410, section 4: id-Ed25519.
const ED25519 = bytesOf('302a300506032b6570032100')
// RFC 5480, section 2.1.1: id-ecPublicKey with the curve secp256k1 (SEC 2, 1.3.132.0.10), an uncompressed point.
const SECP256K1 = bytesOf('3056301006072a8648ce3d020106052b8104000a034200')

const isEdwards = (scheme: Scheme): boolean => scheme === 'eddsa-ed25519'
const uncompressed = (point: Uint8Array): Uint8Array => secp256k1.Point.fromBytes(point).toBytes(false)

/**
 * SubjectPublicKeyInfo, DER.
 * @param publicKey 32 bytes of Ed25519, or a compressed point of secp256k1 of an ECDSA key
 */
export const spki = (scheme: Scheme, publicKey: Uint8Array): Uint8Array =>
  isEdwards(scheme)
    ? Uint8Array.from([...ED25519, ...publicKey])
    : Uint8Array.from([...SECP256K1, ...uncompressed(publicKey)])

/** The same as lines of text (RFC 7468). */
export function pem(scheme: Scheme, publicKey: Uint8Array): string[] {
  const lines = base64.encode(spki(scheme, publicKey)).match(/.{1,64}/g) ?? []
  return ['-----BEGIN PUBLIC KEY-----', ...lines, '-----END PUBLIC KEY-----']
}

/** A JSON Web Key: RFC 8037 for Ed25519, RFC 8812 for secp256k1. */
export function jwk(scheme: Scheme, publicKey: Uint8Array): Readonly<Record<string, string>> {
  if (isEdwards(scheme)) return { kty: 'OKP', crv: 'Ed25519', x: base64urlnopad.encode(publicKey) }
  const point = uncompressed(publicKey)
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((half) => base64urlnopad.encode(half))
  return { kty: 'EC', crv: 'secp256k1', x: x as string, y: y as string }
}

/** A line for `authorized_keys` and `allowed_signers` (RFC 4253, section 6.6; RFC 8709). @param comment a name */
export function sshLine(publicKey: Uint8Array, comment: string): string {
  const blob = [new TextEncoder().encode('ssh-ed25519'), publicKey].flatMap((part) => [
    0,
    0,
    0,
    part.length,
    ...part,
  ])
  return `ssh-ed25519 ${base64.encode(Uint8Array.from(blob))} ${comment}`
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'hex'))
}

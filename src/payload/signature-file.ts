/** A signature as other programs write and read it. */
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { base64 } from '@scure/base'
import type { Scheme } from '../protocol/group/scheme.js'
import { hex } from '../wire/base/text.js'

export const SIGNATURE_FORMATS = ['hex', 'base64', 'der', 'raw', 'json'] as const
/** hex, base64 and raw: the 64 bytes. der: ASN.1, of ECDSA alone. json: with what was signed. */
export type SignatureFormat = (typeof SIGNATURE_FORMATS)[number]

/** Whether it is no text, so that it goes into a file and holds one signature. */
export const isBinary = (format: SignatureFormat): boolean => format === 'der' || format === 'raw'

/** The 64 bytes of a DER signature; null if it is none, or has another encoding than the shortest. */
function fromDer(bytes: Uint8Array): Uint8Array | null {
  return orNull(() => secp256k1.Signature.fromBytes(bytes, 'der').toBytes('compact'))
}

/**
 * The signature in a file, or in a flag's value: in any format that `mpc sign` writes, in hex also with 0x, in hex and
 * base64 also of DER. Blanks and line ends are of no account in text.
 * @returns 64 bytes; null if it is no signature; 'several' for the JSON of several
 */
export function readSignature(bytes: Uint8Array, scheme: Scheme): Uint8Array | 'several' | null {
  const plain = ofBytes(bytes, scheme)
  if (plain) return plain
  const text = Buffer.from(bytes).toString('latin1')
  if (text.trimStart().startsWith('{')) return ofJson(text, scheme)
  return ofText(text, scheme)
}

function ofBytes(bytes: Uint8Array, scheme: Scheme): Uint8Array | null {
  if (bytes.length === 64) return bytes
  return scheme === 'ecdsa-secp256k1' ? fromDer(bytes) : null
}

function ofText(text: string, scheme: Scheme): Uint8Array | null {
  const digits = text.replaceAll(/\s/g, '')
  const [, inHex] = /^(?:0x)?((?:[0-9a-f]{2})+)$/i.exec(digits) ?? []
  const found =
    inHex === undefined ? orNull(() => base64.decode(digits)) : Uint8Array.from(Buffer.from(inHex, 'hex'))
  return found && ofBytes(found, scheme)
}

/** `--format json`, or a whole line of `mpc sign --json`. */
function ofJson(text: string, scheme: Scheme): Uint8Array | 'several' | null {
  const parsed = record(orNull(() => JSON.parse(text) as unknown))
  const holder = parsed && (record(parsed['data']) ?? parsed)
  const signature = holder?.['signature']
  if (typeof signature === 'string') return ofText(signature, scheme)
  return Array.isArray(holder?.['signatures']) ? 'several' : null
}

/** What a library's parser makes of it; these throw errors of many kinds. */
function orNull<T>(parse: () => T): T | null {
  try {
    return parse()
  } catch {
    return null
  }
}

const record = (value: unknown): Readonly<Record<string, unknown>> | null =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : null

/** Its text in a format that is one. @param signature 64 bytes */
export const signatureText = (format: 'hex' | 'base64', signature: Uint8Array): string =>
  format === 'hex' ? hex(signature) : base64.encode(signature)

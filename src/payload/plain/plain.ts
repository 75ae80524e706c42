/** The common part of decoders of bytes without a chain's signing rule. */
import { SCHEMES, type Scheme } from '../../protocol/group/scheme.js'
import { sha256 } from '../../wire/base/hash.js'
import type { Decoder, Row, View } from '../decoder.js'

/** The words of a decoder of plain bytes on them. */
export type Outline = Pick<View, 'sentence' | 'rows' | 'effects' | 'warnings'>

/** A decoder whose message depends on the payload and the scheme alone: the scheme's own rule. */
export function plainDecoder(type: string, outlineOf: (payload: Uint8Array) => Outline): Decoder {
  const outline = (payload: Uint8Array): View => ({ type, ...outlineOf(payload) })
  return {
    type,
    schemes: SCHEMES,
    read: (file) => file,
    outline,
    decode(payload, { record: { scheme }, path }) {
      const view = outline(payload)
      return {
        view: { ...view, rows: [signedRow(scheme), ...view.rows] },
        messages: [{ path, message: scheme === 'ecdsa-secp256k1' ? sha256(payload) : payload }],
        assemble: () => ({}),
      }
    },
  }
}

/** ECDSA signs the SHA-256 of the bytes; Ed25519 and BIP-340 sign the bytes themselves. */
const signedRow = (scheme: Scheme): Row => ({
  label: 'signed',
  value: scheme === 'ecdsa-secp256k1' ? 'the SHA-256 of these bytes' : 'these bytes as they are',
})

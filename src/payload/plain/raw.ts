/** `raw`: bytes that this program cannot read, signed by the scheme's own rule. */
import { SCHEMES } from '../../protocol/group/scheme.js'
import type { Decoder, View } from '../decoder.js'
import { hexRows, textIn, textRows } from './lines.js'
import { bareDigestWarnings, hashed, signedRow, UNKNOWN } from './message.js'

function outline(payload: Uint8Array): View {
  const shown = textIn(payload)
  return {
    type: 'raw',
    sentence: `Signs ${payload.length} bytes that this program does not decode.`,
    rows: [
      { label: 'length', value: `${payload.length} bytes${shown === null ? ', not text' : ''}` },
      ...(shown === null ? hexRows(payload) : textRows(shown)),
    ],
    effects: [UNKNOWN],
    warnings: bareDigestWarnings(payload),
  }
}

export const raw: Decoder = {
  type: 'raw',
  schemes: SCHEMES,
  summary: 'bytes as they are; ECDSA signs their SHA-256',
  read: (file) => file,
  outline,
  decode(payload, { record: { scheme }, path }) {
    const view = outline(payload)
    return {
      view: { ...view, rows: [signedRow(scheme), ...view.rows] },
      messages: [{ path, message: hashed(scheme, payload) }],
      assemble: () => ({}),
    }
  },
}

/** `raw`: bytes that this program cannot read, signed by the scheme's own rule. */
import { SCHEMES } from '../../protocol/group/scheme.js'
import { sha256 } from '../../wire/base/hash.js'
import { hex } from '../../wire/base/text.js'
import type { Decoder } from '../decoder.js'
import { hexRows, textIn, textRows } from './lines.js'
import { bareDigestWarnings, hashed, UNKNOWN } from './message.js'

export const raw: Decoder = {
  type: 'raw',
  schemes: SCHEMES,
  summary: 'bytes as they are; ECDSA signs their SHA-256',
  read: (file) => file,
  decode(payload, { record, path }) {
    const shown = textIn(payload)
    return {
      view: {
        type: 'raw',
        sentence: `Signs ${payload.length} bytes with SHA-256 ${hex(sha256(payload))}.`,
        rows: [
          { label: 'length', value: `${payload.length} bytes${shown === null ? ', not text' : ''}` },
          ...(shown === null ? hexRows(payload) : textRows(shown)),
        ],
        effects: [UNKNOWN],
        warnings: bareDigestWarnings(payload),
      },
      messages: [{ path, message: hashed(record.scheme, payload) }],
      assemble: () => ({}),
    }
  },
}

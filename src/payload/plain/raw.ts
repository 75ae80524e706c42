/** `raw`: bytes that this program does not decode. */
import { bareDigestWarnings, UNKNOWN } from '../opaque.js'
import { hexRows, textIn, textRows } from '../lines.js'
import { otherChainWarnings } from '../other-chains/recognise.js'
import { refuseOtherTypes } from './own-types.js'
import { type Outline, plainDecoder } from './plain.js'

export const raw = plainDecoder('raw', outline)

function outline(payload: Uint8Array): Outline {
  refuseOtherTypes(payload, 'raw')
  const shown = textIn(payload)
  return {
    sentence: `Signs ${payload.length} bytes that this program does not decode.`,
    rows: [
      { label: 'length', value: `${payload.length} bytes${shown === null ? ', not text' : ''}` },
      ...(shown === null ? hexRows(payload) : textRows(shown)),
    ],
    effects: [UNKNOWN],
    warnings: [
      ...otherChainWarnings(payload),
      ...bareDigestWarnings(payload),
      ...(shown === null ? [NO_TEXT] : []),
    ],
  }
}

const NO_TEXT =
  'These bytes are not text: they may be a transaction of a chain that this program does not know.'

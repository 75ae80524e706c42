/** `text`: UTF-8 text, which says by itself what is signed. */
import { SCHEMES } from '../../protocol/group/scheme.js'
import { visible } from '../../wire/base/text.js'
import { badPayload } from '../bad-payload.js'
import type { Decoder } from '../decoder.js'
import { textIn, textRows } from './lines.js'
import { bareDigestWarnings, hashed } from './message.js'

export const text: Decoder = {
  type: 'text',
  schemes: SCHEMES,
  summary: 'UTF-8 text',
  read: (file) => file,
  decode(payload, { record, path }) {
    const shown = textIn(payload)
    if (shown === null) throw badPayload('the payload is not UTF-8 text', { hint: 'use --type raw' })
    return {
      view: {
        type: 'text',
        sentence: `Signs the text ${visible(shown)}.`,
        rows: [{ label: 'length', value: `${payload.length} bytes` }, ...textRows(shown)],
        effects: [],
        warnings: bareDigestWarnings(payload),
      },
      messages: [{ path, message: hashed(record.scheme, payload) }],
      assemble: () => ({}),
    }
  },
}

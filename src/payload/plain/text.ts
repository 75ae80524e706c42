/** `text`: UTF-8 text, which says by itself what is signed. */
import { SCHEMES } from '../../protocol/group/scheme.js'
import { visible } from '../../wire/base/text.js'
import { badPayload } from '../bad-payload.js'
import type { Decoder, View } from '../decoder.js'
import { textIn, textRows } from './lines.js'
import { bareDigestWarnings, hashed, signedRow } from './message.js'

/** How much of a text its sentence shows. */
const SENTENCE_CHARACTERS = 60

function outline(payload: Uint8Array): View {
  const shown = textIn(payload)
  if (shown === null) throw badPayload('the payload is not UTF-8 text', { hint: 'use --type raw' })
  return {
    type: 'text',
    sentence: sentenceOf(shown),
    rows: [{ label: 'length', value: `${payload.length} bytes` }, ...textRows(shown)],
    effects: [],
    warnings: bareDigestWarnings(payload),
  }
}

function sentenceOf(shown: string): string {
  const lines = shown.split('\n')
  const [first = ''] = lines
  const begin = [...first].slice(0, SENTENCE_CHARACTERS).join('')
  if (begin === shown) return `Signs the text ${visible(shown)}.`
  return `Signs a text of ${lines.length === 1 ? 'one line' : `${lines.length} lines`} that begins with ${visible(begin)}.`
}

export const text: Decoder = {
  type: 'text',
  schemes: SCHEMES,
  summary: 'UTF-8 text',
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

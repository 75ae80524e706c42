/** `text`: UTF-8 text, which says by itself what is signed. */
import { visible } from '../../wire/base/text.js'
import { badPayload } from '../bad-payload.js'
import { bareDigestWarnings, UNKNOWN } from '../opaque.js'
import { textIn, textRows } from '../lines.js'
import { otherChainWarnings } from '../other-chains/recognise.js'
import { refuseOtherTypes } from './own-types.js'
import { type Outline, plainDecoder } from './plain.js'

export const text = plainDecoder('text', outline)

function outline(payload: Uint8Array): Outline {
  const shown = textIn(payload)
  if (shown === null) throw badPayload('the payload is not UTF-8 text', { hint: 'use --type raw' })
  refuseOtherTypes(payload, 'text')
  const otherChains = otherChainWarnings(payload)
  return {
    sentence: sentenceOf(shown),
    rows: [{ label: 'length', value: `${payload.length} bytes` }, ...textRows(shown)],
    // A transaction of another chain does something, and this program does not know what.
    effects: otherChains.length > 0 ? [UNKNOWN] : [],
    warnings: [...otherChains, ...bareDigestWarnings(payload)],
  }
}

/** How much of a text its sentence shows. */
const SENTENCE_CHARACTERS = 60

function sentenceOf(shown: string): string {
  const lines = shown.split('\n')
  const [first = ''] = lines
  const begin = [...first].slice(0, SENTENCE_CHARACTERS).join('')
  if (begin === shown) return `Signs the text ${visible(shown)}.`
  return `Signs a text of ${lines.length === 1 ? 'one line' : `${lines.length} lines`} that begins with ${visible(begin)}.`
}

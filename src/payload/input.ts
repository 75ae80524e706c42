/** Binary payloads in the forms in which people have them: hex, base64, or the bytes themselves. */
import { base64 } from '@scure/base'
import { badPayload } from './bad-payload.js'

/** Printable ASCII and the blanks between lines. */
const TEXT = /^[\t\n\r\u0020-\u007e]*$/
const HEX = /^[0-9a-fA-F]+$/

/**
 * The bytes of a binary payload. The first rule that fits decides, so that one file never means two payloads:
 *
 * 1. A file that holds a byte other than printable ASCII, tab, CR or LF is the payload itself.
 * 2. Any other file is text. Blanks at its ends and line breaks within are dropped.
 * 3. Hex digits in pairs, with or without 0x, are hex; also where base64 could be read from them.
 * 4. Anything else without 0x is base64 (RFC 4648, section 4), padded and without stray bits.
 * 5. Other text is refused: no payload of the binary types is printable ASCII alone.
 *
 * @throws Failure `E_PAYLOAD` (verification)
 */
export function binaryOf(file: Uint8Array): Uint8Array {
  const characters = new TextDecoder('latin1').decode(file)
  if (!TEXT.test(characters)) return Uint8Array.from(file)
  const text = characters.trim().replaceAll(/[\r\n]+/g, '')
  if (text === '') throw badPayload('the file is empty')
  const digits = text.replace(/^0x/i, '')
  if (digits.length % 2 === 0 && HEX.test(digits)) return Uint8Array.from(Buffer.from(digits, 'hex'))
  if (digits !== text) throw badPayload('the file begins with 0x, but hex digits in pairs do not follow')
  try {
    return base64.decode(text)
  } catch (cause) {
    throw badPayload('the file is text, but neither hex nor base64', { cause })
  }
}

/** Bytes as rows of a view: text line by line, anything else in hex. Rows show all of the bytes. */
import { hex, visible } from '../wire/base/text.js'
import type { Row } from './decoder.js'

/** How much stands in a row. */
const ROW_CHARACTERS = 60
const ROW_BYTES = 24

/** The text in bytes, if they are UTF-8; a mark of the byte order counts as a character. */
export function textIn(payload: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(payload)
  } catch {
    return null
  }
}

/** Text line by line; a long line has several rows, of which the first has the line's number. */
export const textRows = (text: string): Row[] =>
  text.split('\n').flatMap((line, i) =>
    chunks([...line], ROW_CHARACTERS).map((characters, piece) => ({
      label: piece === 0 ? `line ${i + 1}` : '',
      value: visible(characters.join('')),
    })),
  )

/** Bytes in hex, each row with the place of its first byte. */
export const hexRows = (payload: Uint8Array): Row[] =>
  chunks([...payload], ROW_BYTES).map((bytes, i) => ({
    label: `byte ${i * ROW_BYTES}`,
    value: hex(Uint8Array.from(bytes)),
  }))

/** At least one chunk, which may be empty. */
export const chunks = <T>(all: readonly T[], length: number): T[][] =>
  Array.from({ length: Math.max(1, Math.ceil(all.length / length)) }, (_, i) =>
    all.slice(i * length, (i + 1) * length),
  )

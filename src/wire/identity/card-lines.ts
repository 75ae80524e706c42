/** Cards in a text that a mail client has had: quoted, folded, with blanks at the ends and line ends of any system. */
import { bech32m } from '@scure/base'
import { cardPrefix } from '../base/realm.js'

/**
 * The lines of a text, each card joined to one. A card ends where its checksum holds; what lacks a part stays as it is,
 * for `parseCard` to refuse. Blank lines and those that begin with # are left out.
 */
export function cardLines(text: string): readonly string[] {
  const found: string[] = []
  let open: string | null = null
  for (const line of text.split(/\r\n|\r|\n/).map(unquoted)) {
    if (open !== null && PART.test(line) && !isBegun(line)) {
      open += line
      found[found.length - 1] = open
    } else {
      if (line !== '' && !line.startsWith('#')) found.push(line)
      open = isBegun(line) ? line : null
    }
    if (open !== null && isWhole(open)) open = null
  }
  return found
}

/** Without the signs by which mail quotes, and without blanks at the ends. */
const unquoted = (line: string): string => line.replace(/^[\s>|]+/, '').trimEnd()

const PART = /^[a-z0-9]+$/

const isBegun = (line: string): boolean =>
  [true, false].some((rehearsal) => line.startsWith(`${cardPrefix(rehearsal)}1`))

const isWhole = (line: string): boolean => bech32m.decodeUnsafe(line, false) !== undefined

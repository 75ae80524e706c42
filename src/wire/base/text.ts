/**
 * Names and text from others. A name's alphabet makes it safe everywhere. Any other text from outside reaches
 * a screen, a page or an error only through `visible`, because control characters could repaint the screen.
 */
import { type Shape, pattern } from '../../protocol/core/codec.js'

/**
 * Members, keys, holders and labels. Words that answer a prompt, or stand for something in a list, are not
 * names: someone who types the alarm `differ`, or mistypes it as `differs`, must not have named a member.
 */
export const NAME = /^(?!differ|(?:all|end|no|passphrase|save|view|yes)-*$)[a-z0-9][a-z0-9-]{0,31}$/
/** The rule of `NAME`, for people. */
export const NAME_RULE =
  '1 to 32 characters of a-z, 0-9 and -, and is not a word that answers a prompt, such as no or differ'
export const nameShape: Shape<string> = pattern(NAME, `a name, which has ${NAME_RULE}`)

const LONGEST = 200
// Controls (Cc), formatting such as bidirectional overrides and zero-width joiners (Cf), line and paragraph
// separators (Zl, Zp), surrogates, private use, unassigned (Cs, Co, Cn), default-ignorable characters
// (variation selectors, fillers, tags), enclosing marks (Me), and blanks other than the space.
const INVISIBLE =
  /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Me}]|(?! )\p{Zs}|[\u2800\ufffc\u{16fe4}\u{1d159}]/u
const MARK = /\p{M}/u
/** Marks are drawn over the character before them; a pile of them reaches into other lines. */
const MOST_MARKS = 2
const PILED_MARKS = /\p{M}{3}/u

/** Text from others: quoted, cut at 200 characters, and with misleading characters escaped. */
export function visible(text: string): string {
  const characters = [...text]
  // How many marks stand on the previous character. It starts full: a leading mark would stand on the quote.
  let marks = MOST_MARKS
  const shown = characters.slice(0, LONGEST).map((c) => {
    marks = MARK.test(c) ? marks + 1 : 0
    if (marks <= MOST_MARKS && !INVISIBLE.test(c)) return c === '"' || c === '\\' ? `\\${c}` : c
    marks = MOST_MARKS
    return `\\u{${(c.codePointAt(0) as number).toString(16)}}`
  })
  return `"${shown.join('')}${characters.length > LONGEST ? '…' : ''}"`
}

/** Whether a text holds nothing that `visible` would escape: one line, in which every character is seen. */
export const isPrintable = (text: string): boolean =>
  !INVISIBLE.test(text) && !PILED_MARKS.test(text) && !/^\p{M}/u.test(text)

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** The bytes of lower-case hex of exactly `length` bytes, or null. */
export function fromHex(text: string, length: number): Uint8Array | null {
  return text.length === 2 * length && /^[0-9a-f]*$/.test(text)
    ? Uint8Array.from(Buffer.from(text, 'hex'))
    : null
}

/** RFC 3339 in UTC, of milliseconds since 1970. */
export const rfc3339 = (time: number): string =>
  Math.abs(time) <= 8.64e15 ? new Date(time).toISOString() : 'a time beyond all calendars'

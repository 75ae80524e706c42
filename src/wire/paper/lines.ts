/**
 * Bytes as text on paper: one line for a QR code, which scanners read, and numbered lines for people to type.
 * Each line has its own checksum, so that an error is found in its line. Both are bech32m, as cards are; this
 * file does not know what the bytes mean.
 *
 * A typed line is the digits of a bech32m string. Its prefix, the line's number and whether it is the last,
 * is not typed. Up to four wrong characters in a line are always found (BIP-350); more of them, a line in
 * another's place and a line of a rehearsal are missed once in 2^30, and the piece's own check finds those.
 */
import { bech32m } from '@scure/base'
import { equalBytes } from '../../protocol/core/codec.js'
import { Failure } from '../base/failure.js'
import { isRehearsal, linePrefix, OtherRealm } from '../base/realm.js'

/** The kinds of QR codes. */
export type CodeKind = 'piece' | 'record' | 'manifest' | 'certificate'

/** A line other than the last: 24 digits of 5 bits, and 6 for the checksum. */
const LINE_BYTES = 15
const LINE_CHARACTERS = 30
const GROUP = 5
/** The longest text anybody would type: 1500 bytes. */
export const MOST_LINES = 100
/** The longest typed line, with its number and blanks. */
const MOST_CHARACTERS = 80
/** How many problems a message names. */
const PROBLEMS_NAMED = 10

/** Blanks that look like a space; scanners and word processors insert them. */
const BLANKS = /[\u00a0\u2007\u202f]/g

/** The text of a file in any encoding that editors save: UTF-8, or UTF-16 with its byte order mark. */
export function textIn(file: Uint8Array): string {
  const mark = Buffer.from(file.subarray(0, 2)).toString('hex')
  const encoding = mark === 'fffe' ? 'utf-16le' : mark === 'feff' ? 'utf-16be' : 'utf-8'
  return new TextDecoder(encoding).decode(file).replaceAll(BLANKS, ' ')
}

/** In capitals, because a QR code stores these in less room. */
export const codeLine = (what: CodeKind, bytes: Uint8Array): string =>
  bech32m.encode(linePrefix(what), bech32m.toWords(bytes), false).toUpperCase()

/**
 * The bytes in a scanned code; null if it is none. @throws Failure `E_PAPER_CODE` (verification) if damaged
 */
export function readCodeLine(what: CodeKind, text: string): Uint8Array | null {
  const line = text.trim().toLowerCase()
  if (!startsCode(what, line)) return null
  const decoded = bech32m.decodeUnsafe(line, false)
  const bytes = decoded && bech32m.fromWordsUnsafe(decoded.words)
  if (decoded?.prefix === linePrefix(what) && bytes) return Uint8Array.from(bytes)
  throw new Failure('verification', 'E_PAPER_CODE', `this is not the whole text of the code of a ${what}`, {
    hint: 'scan the code again, and save all of its text; or type the lines beside it',
    cause:
      decoded?.prefix === linePrefix(what, !isRehearsal()) ? new OtherRealm('', `the ${what}`) : undefined,
  })
}

const startsCode = (what: CodeKind, line: string): boolean =>
  [true, false].some((rehearsal) => line.startsWith(`${linePrefix(what, rehearsal)}1`))

/** The lines to type, without numbers: six groups of five characters; the last line may be shorter. */
export function paperLines(bytes: Uint8Array): string[] {
  const count = Math.max(1, Math.ceil(bytes.length / LINE_BYTES))
  return Array.from({ length: count }, (_, i) => {
    const words = bech32m.toWords(bytes.subarray(i * LINE_BYTES, (i + 1) * LINE_BYTES))
    const digits = bech32m
      .encode(prefixOf(i + 1, i + 1 === count), words, false)
      .split('1')
      .at(-1) as string
    return (digits.toUpperCase().match(GROUPS) as string[]).join(' ')
  })
}
const GROUPS = new RegExp(`.{1,${GROUP}}`, 'g')

const prefixOf = (number: number, last: boolean, rehearsal = isRehearsal()): string =>
  `${linePrefix('line', rehearsal)}${number}${last ? '.' : ''}`

export type TypedLine =
  | { readonly bytes: Uint8Array; readonly last: boolean }
  /** The problem, phrased to follow "line 7". */
  | { readonly problem: string; readonly cause?: OtherRealm }

/**
 * Reads one typed line. A number before it, blanks, hyphens and capitals do not matter. The pages never print
 * O, I, 1 and B, so these are read as the characters they look like.
 * @param number the expected line, from 1
 */
export function readPaperLine(text: string, number: number): TypedLine {
  if (text.length > MOST_CHARACTERS) return { problem: 'is longer than any line of a page' }
  const { label, digits } = partsOf(text)
  if (label !== null && label !== number)
    return { problem: `is not there: line ${label} stands in its place` }
  for (const last of [false, true]) {
    const bytes = lineBytes(digits, number, last)
    if (bytes) return { bytes, last }
  }
  if ([false, true].some((last) => lineBytes(digits, number, last, !isRehearsal()))) {
    const cause = new OtherRealm('', 'the page')
    return { problem: 'is not of this kind of page', cause }
  }
  const other = numberOf(digits)
  if (other !== undefined) return { problem: `is not there: line ${other} stands in its place` }
  if (!/^[02-9ac-hj-np-z]+$/.test(digits)) return { problem: 'holds a character that no page has' }
  const is = `is not as it was printed`
  if (digits.length === LINE_CHARACTERS) return { problem: `${is}: a character is wrong` }
  return {
    problem: `${is}: it has ${digits.length} characters, and all but the last line have ${LINE_CHARACTERS}`,
  }
}

/**
 * Whether most lines of a text look typed from a page. This tells it from other files and proves nothing;
 * `readPaperLines` names the wrong lines, even the first.
 */
export function looksTyped(text: string): boolean {
  const lines = linesOf(text).slice(0, MOST_LINES)
  const like = lines.filter((line) => /^[\w\s.:)-]{8,80}$/.test(line) && partsOf(line).digits.length >= 8)
  return like.length > 0 && like.length * 2 >= lines.length
}

/**
 * The bytes of all lines of a page, from a text file; empty lines and those that begin with # are ignored.
 * @throws Failure `E_PAPER_LINE` (verification) that names every wrong line
 */
export function readPaperLines(text: string): Uint8Array {
  const lines = linesOf(text)
  if (lines.length > MOST_LINES) throw notPrinted([`no page has more than ${MOST_LINES} lines`])
  const before = lines.findIndex((line) => 'bytes' in readPaperLine(line, 1))
  if (before > 0 && lines.slice(0, before).every((line) => numberOf(partsOf(line).digits) === undefined)) {
    const what = before === 1 ? 'line 1 is' : `lines 1 to ${before} are`
    throw notPrinted([`${what} none of the page: leave out what stands above its first line`])
  }
  const problems: string[] = []
  const parts: Uint8Array[] = []
  let cause: OtherRealm | undefined
  let ended = false
  for (const [i, line] of lines.entries()) {
    const number = i + 1
    const read: TypedLine = ended ? { problem: 'stands after the last one' } : readPaperLine(line, number)
    if ('problem' in read) {
      problems.push(`line ${number} ${read.problem}`)
      cause ??= read.cause
      continue
    }
    parts.push(read.bytes)
    ended = read.last
  }
  if (!ended && problems.length === 0) {
    problems.push(`line ${lines.length + 1}, and what follows it, is missing`)
  }
  if (problems.length === 0) return Uint8Array.from(Buffer.concat(parts))
  throw notPrinted(problems, cause)
}

function notPrinted(problems: readonly string[], cause?: OtherRealm): Failure {
  const more = problems.length - PROBLEMS_NAMED
  const named = [...problems.slice(0, PROBLEMS_NAMED), ...(more > 0 ? [`and ${more} more`] : [])]
  return new Failure('verification', 'E_PAPER_LINE', named.join('; '), {
    hint: 'compare these lines with the page, character by character, and correct them',
    cause,
  })
}

/** The number of the line that these digits encode; undefined if they encode none. */
const numberOf = (digits: string): number | undefined =>
  Array.from({ length: MOST_LINES }, (_, i) => i + 1).find((n) =>
    [false, true].some((last) => lineBytes(digits, n, last)),
  )

function lineBytes(
  digits: string,
  number: number,
  last: boolean,
  rehearsal = isRehearsal(),
): Uint8Array | null {
  const whole = `${prefixOf(number, last, rehearsal)}1${digits}`
  const words = bech32m.decodeUnsafe(whole, false)?.words
  const bytes = words && bech32m.fromWordsUnsafe(words)
  if (!bytes || (!last && bytes.length !== LINE_BYTES) || bytes.length > LINE_BYTES) return null
  // The bits that pad the last digit are zero in print.
  return equalBytes(Uint8Array.from(bech32m.toWords(bytes)), Uint8Array.from(words))
    ? Uint8Array.from(bytes)
    : null
}

function partsOf(line: string): { readonly label: number | null; readonly digits: string } {
  const [, label, rest] = /^\s*(?:(\d{1,3})[.:)]?\s+)?(.*)$/s.exec(line) as unknown as [
    string,
    string?,
    string?,
  ]
  const digits = (rest ?? '').toLowerCase().replaceAll(/[\s-]/g, '')
  return {
    label: label === undefined ? null : Number(label),
    digits: digits.replaceAll('o', '0').replaceAll(/[i1]/g, 'l').replaceAll('b', '8'),
  }
}

const linesOf = (text: string): string[] =>
  text.split(/\r?\n/).filter((line) => line.trim() !== '' && !line.trim().startsWith('#'))

/**
 * Fits lines to a terminal: prose is folded between words, and words to compare stand numbered in columns. A string
 * without blanks, such as a public key, is never broken here, so that it can be copied.
 */
import { stripVTControlCharacters } from 'node:util'

/** A line of prose, or words that people read aloud or write down. */
export type Line = string | { readonly words: readonly string[] }

/** The width of an unknown terminal, columns. */
const USUAL = 80
/** Letters in the longest word of the word list. */
const LONGEST_WORD = 11

const MARK = /\p{M}/u
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u

/** Columns of a text, without colour codes. */
export function width(text: string): number {
  let columns = 0
  for (const c of stripVTControlCharacters(text)) columns += MARK.test(c) ? 0 : WIDE.test(c) ? 2 : 1
  return columns
}

export const rowsOf = (line: string, columns: number): number => Math.max(1, Math.ceil(width(line) / columns))

/** @param columns null if there is no terminal; then only words are laid out */
export function layOut(lines: readonly Line[], columns: number | null): string[] {
  return lines.flatMap((line) => {
    if (typeof line !== 'string') return wordLines(line.words, columns ?? USUAL)
    return columns === null ? [line] : line.split('\n').flatMap((each) => fold(each, columns))
  })
}

/** Folds a line between words. Further lines are indented like the text, or like the value behind a label. */
export function fold(line: string, columns: number): string[] {
  if (width(line) <= columns) return [line]
  const [head, indent] = /^( *)(?:\S+(?: \S+)* {2,})?/.exec(stripVTControlCharacters(line)) as unknown as [
    string,
    string,
  ]
  // Never as far left as labels: what folds may be text from others, which would look like a line of its own.
  const hang = ' '.repeat(Math.min(head.length, Math.max(indent.length, Math.floor(columns / 2))))
  const folded: string[] = []
  let current = ''
  for (const [, gap = '', word = ''] of line.matchAll(/( *)([^ ]+)/g)) {
    const fits = width(current) + gap.length + width(word) <= columns
    if (fits) current += gap + word
    else if (current.trim() === '') current = width(word) > columns ? word : current + gap + word
    else {
      folded.push(current)
      // A word that fits on no line starts at the edge.
      current = ([hang, indent].find((blanks) => blanks.length + width(word) <= columns) ?? '') + word
    }
  }
  return [...folded, current]
}

/** Words in as many numbered columns as fit and divide them evenly, read row by row. */
function wordLines(words: readonly string[], columns: number): string[] {
  const digits = String(words.length).length
  const cell = digits + 1 + LONGEST_WORD
  const even = [4, 3, 2, 1].filter((n) => words.length % n === 0)
  const roomy = even.find((n) => 2 + n * (cell + 2) - 2 <= columns)
  // A small terminal shows more words in a row, closer together.
  const tight = even.find((n) => n * (cell + 1) - 1 <= columns) ?? 1
  const isTight = roomy === undefined || tight > roomy
  const [count, indent, gap] = isTight ? [tight, '', ' '] : [roomy, '  ', '  ']
  const cells = words.map((word, i) => `${String(i + 1).padStart(digits)} ${word}`.padEnd(cell))
  return Array.from({ length: Math.ceil(words.length / count) }, (_, row) =>
    (indent + cells.slice(row * count, (row + 1) * count).join(gap)).trimEnd(),
  )
}

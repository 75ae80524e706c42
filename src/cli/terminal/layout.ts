/**
 * Lines as they fit a terminal: prose is folded between words, and words to compare or to write down stand numbered in
 * columns. Nothing is cut: what has no blanks, such as a public key, is left to the terminal, so that it can be copied.
 */
import { stripVTControlCharacters } from 'node:util'

/** A line of prose, or words that people read aloud or write down. */
export type Line = string | { readonly words: readonly string[] }

/** What is assumed where nobody says how wide it is. */
const USUAL = 80
/** No word of the list is longer. */
const LONGEST_WORD = 11

const MARK = /\p{M}/u
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u

/** How many columns a text takes; colour takes none. */
export function width(text: string): number {
  let columns = 0
  for (const c of stripVTControlCharacters(text)) columns += MARK.test(c) ? 0 : WIDE.test(c) ? 2 : 1
  return columns
}

/** How many rows a line takes. */
export const rowsOf = (line: string, columns: number): number => Math.max(1, Math.ceil(width(line) / columns))

/** Lines of at most so many columns; null where it is no terminal, and only words are laid out. */
export function layOut(lines: readonly Line[], columns: number | null): string[] {
  return lines.flatMap((line) => {
    if (typeof line !== 'string') return wordLines(line.words, columns ?? USUAL)
    return columns === null ? [line] : line.split('\n').flatMap((each) => fold(each, columns))
  })
}

/** Folds a line between words; what follows hangs below the text, or below the value that follows a label. */
export function fold(line: string, columns: number): string[] {
  if (width(line) <= columns) return [line]
  const [head, indent] = /^( *)(?:\S+(?: \S+)* {2,})?/.exec(stripVTControlCharacters(line)) as unknown as [
    string,
    string,
  ]
  const hang = ' '.repeat(head.length <= columns / 2 ? head.length : indent.length)
  const folded: string[] = []
  let current = ''
  for (const [, gap = '', word = ''] of line.matchAll(/( *)([^ ]+)/g)) {
    const fits = width(current) + gap.length + width(word) <= columns
    if (fits) current += gap + word
    else if (current.trim() === '') current = width(word) > columns ? word : current + gap + word
    else {
      folded.push(current)
      // What fits on no line takes whole ones, from the edge.
      current = ([hang, indent].find((blanks) => blanks.length + width(word) <= columns) ?? '') + word
    }
  }
  return [...folded, current]
}

/** Words in numbered columns, as many as fit and come out even; read line by line. */
function wordLines(words: readonly string[], columns: number): string[] {
  const digits = String(words.length).length
  const cell = digits + 1 + LONGEST_WORD
  const even = [4, 3, 2, 1].filter((n) => words.length % n === 0)
  const roomy = even.find((n) => 2 + n * (cell + 2) - 2 <= columns)
  // On a small terminal what is read together should stand together, rather than apart.
  const tight = even.find((n) => n * (cell + 1) - 1 <= columns) ?? 1
  const isTight = roomy === undefined || tight > roomy
  const [count, indent, gap] = isTight ? [tight, '', ' '] : [roomy, '  ', '  ']
  const cells = words.map((word, i) => `${String(i + 1).padStart(digits)} ${word}`.padEnd(cell))
  return Array.from({ length: Math.ceil(words.length / count) }, (_, row) =>
    (indent + cells.slice(row * count, (row + 1) * count).join(gap)).trimEnd(),
  )
}

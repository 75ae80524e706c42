/** A sheet of paper, as `page.ts` fills it and `html.ts` and `svg.ts` draw it. */
import type { Code } from './code.js'

export type Section = {
  readonly heading: string
  /** Paragraphs and commands. */
  readonly body: readonly (string | { readonly command: string })[]
}

export type Captioned = { readonly caption: string; readonly code: Code }

export type Sheet = {
  readonly title: string
  readonly subtitle: string
  readonly warning: { readonly secret: boolean; readonly text: string }
  /** Facts are short; digests have 64 digits. */
  readonly facts: readonly (readonly [string, string])[]
  readonly digests: readonly (readonly [string, string])[]
  readonly words: readonly (readonly [string, readonly string[]])[]
  /** The bytes of the code as lines to type; empty if there are none, or too many. */
  readonly lines: readonly string[]
  readonly code: Captioned | null
  readonly codes: readonly Captioned[]
  readonly sections: readonly Section[]
  /** How many blanks for dates and names. */
  readonly checks: number
  readonly footer: string
}

/**
 * The widths of codes in millimetres on a sheet of `width`: equal modules, two codes in a row, and low enough for a second
 * row.
 */
export function sidesOf(codes: readonly Captioned[], width: number, gap: number): readonly number[] {
  const sizes = codes.map(({ code }) => code.size)
  const across = (width - gap) / sizes.slice(0, 2).reduce((sum, size) => sum + size, 0)
  const module = Math.min(across, CODE_AT_MOST / Math.max(...sizes), 1)
  return sizes.map((size) => size * module)
}
const CODE_AT_MOST = 80

/** Stands beside the heading of the lines. */
export const HOW_TO_TYPE =
  'No B, I, O or 1. Blanks and case do not matter. The last 6 characters check the line.'

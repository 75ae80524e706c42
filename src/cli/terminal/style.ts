/** Colours and symbols, and their plain forms. */
import { Chalk } from 'chalk'

/** Has come, has not come yet, or has failed or left. */
export type Mark = 'here' | 'missing' | 'gone'

type Paint = (text: string) => string
export type Style = {
  readonly colored: boolean
  readonly bold: Paint
  readonly dim: Paint
  readonly good: Paint
  readonly bad: Paint
  readonly member: (name: string, mark: Mark) => string
}

const SYMBOLS: Readonly<Record<Mark, string>> = { here: '☑', missing: '☐', gone: '☒' }

/** @param plain words in place of symbols */
export function makeStyle(color: boolean, plain: boolean): Style {
  const chalk = new Chalk({ level: color ? 1 : 0 })
  const paint: Readonly<Record<Mark, Paint>> = { here: chalk.green, missing: chalk.dim, gone: chalk.red }
  return {
    colored: color,
    bold: chalk.bold,
    dim: chalk.dim,
    good: chalk.green,
    bad: chalk.red,
    member: (name, mark) => (plain ? `${name}: ${mark}` : `${paint[mark](SYMBOLS[mark])} ${name}`),
  }
}

/** Whether a stream gets colour: a terminal without an objection (no-color.org). */
export function wantsColor(
  stream: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
  flags: { readonly color: boolean; readonly plain: boolean },
): boolean {
  return stream.isTTY === true && flags.color && !flags.plain && !env['NO_COLOR'] && env['TERM'] !== 'dumb'
}

/** Whether lines may be redrawn: on a capable terminal, unless --plain is given. */
export function wantsMotion(
  stream: { readonly isTTY?: boolean; readonly columns?: number },
  env: Readonly<Record<string, string | undefined>>,
  flags: { readonly plain: boolean },
): boolean {
  return stream.isTTY === true && (stream.columns ?? 0) > 0 && !flags.plain && env['TERM'] !== 'dumb'
}

/**
 * Labels can be names from a payload. A longer one has a line of its own, so that it neither moves the other values nor
 * lets its own begin where labels do.
 */
const WIDEST_LABEL = 36

/** Aligned lines of label and value. */
export function fields(rows: readonly (readonly [string, string])[]): string[] {
  const width = rows.reduce(
    (most, [{ length }]) => (length > WIDEST_LABEL ? most : Math.max(most, length)),
    0,
  )
  const below = `\n${' '.repeat(width + 4)}`
  return rows.map(([label, value]) => {
    const lines = value.replaceAll('\n', below)
    return `  ${label.padEnd(width)}${label.length > WIDEST_LABEL ? below : '  '}${lines}`
  })
}

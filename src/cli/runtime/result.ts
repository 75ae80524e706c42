/**
 * The result of a command and its output. With --json it is one line on stdout in every case. Otherwise stdout has the
 * result, and stderr everything else, with errors.
 */
import { Failure } from '../../wire/base/failure.js'
import { isRehearsal } from '../../wire/base/realm.js'
import { exitCodeOf, UNEXPECTED } from '../terminal/exit.js'
import { asciiJson } from './json.js'
import { layOut, type Line } from '../terminal/layout.js'
import type { Style } from '../terminal/style.js'

export type Result = {
  /** For machines: snake_case, hex, absolute paths, RFC 3339. */
  readonly data: Readonly<Record<string, unknown>>
  /** For people and pipes: lines of stdout. */
  readonly text: readonly Line[]
  /** The next command, if there is an obvious one. */
  readonly next?: string
  /** The command of the others, if it is another one. */
  readonly others?: string
  /** The command that prints the same result again, if it is another one. */
  readonly again?: string
  /** Makes this result a failure; `data` is still printed. */
  readonly failure?: Failure
}

export type Outcome =
  | { readonly command: string; readonly result: Result }
  | { readonly command: string; readonly error: unknown }

export type Printed = {
  readonly stdout: string
  readonly stderr: string
  readonly code: number
  /** The command that prints the same output again; null if it is the same command. */
  readonly again: string | null
}

const REPORT =
  'this is a bug in mpc. Please report it with the lines above: `npm bugs @mpc-ceremony/mpc` shows where'

/** Columns of each stream; null without a terminal. */
export type Widths = { readonly stdout: number | null; readonly stderr: number | null }

const ENDLESS: Widths = { stdout: null, stderr: null }

/** @param called the name by which this program was called, so that `Next:` can be pasted */
export function present(
  outcome: Outcome,
  json: boolean,
  style: Style,
  widths: Widths = ENDLESS,
  called = 'mpc',
): Printed {
  if ('error' in outcome) return presentError({ ...outcome, result: null }, json, style, widths)
  const { command, result } = outcome
  if (result.failure) return presentError({ command, error: result.failure, result }, json, style, widths)
  const lineOf = (who: string, text: string | undefined): string[] =>
    text === undefined ? [] : [`${style.dim(who)} ${text.replace(/^mpc /, `${called} `)}`]
  const next = [...lineOf('Next:', result.next), ...lineOf('The others:', result.others)]
  return {
    stdout: json
      ? line({ ok: true, command, code: 0, data: result.data })
      : lines(layOut(result.text, widths.stdout)),
    // Commands are not folded, so that they can be copied.
    stderr: json ? '' : lines(next),
    code: 0,
    again: result.again?.replace(/^mpc /, `${called} `) ?? null,
  }
}

function presentError(
  {
    command,
    error,
    result,
  }: { readonly command: string; readonly error: unknown; readonly result: Result | null },
  json: boolean,
  style: Style,
  widths: Widths,
): Printed {
  const known = error instanceof Failure
  const code = known ? exitCodeOf(error.kind) : UNEXPECTED
  const data = result ? { data: result.data } : {}
  const shown = known
    ? {
        code: error.code,
        message: error.message,
        hint: error.hint,
        party: error.party,
        accused: error.accused.map(({ name, fingerprint, round, kind, reason, entry, evidence }) => ({
          name,
          fingerprint,
          round,
          kind,
          reason,
          entry,
          evidence,
        })),
      }
    : { code: 'E_UNEXPECTED', message: 'an unexpected error', hint: REPORT, party: null, accused: [] }
  return {
    stdout: json ? line({ ok: false, command, code, ...data, error: shown }) : '',
    stderr: known
      ? lines(layOut(failureLines(error, code, style), widths.stderr))
      : `${stackOf(error)}\n${REPORT}\n`,
    code,
    again: null,
  }
}

function failureLines(failure: Failure, code: number, style: Style): string[] {
  return [
    `${style.bad('mpc:')} ${failure.message}`,
    ...failure.accused.map(
      ({ name, reason, kind, round, evidence }) =>
        `  ${style.member(name, 'gone')}  ${reason} (round ${round}, ${kind}${evidence ? `, ${evidence}` : ''})`,
    ),
    ...(failure.hint ? [`  ${failure.hint}`] : []),
    style.dim(`  ${failure.code}, exit ${code}; \`mpc explain ${failure.code}\` shows more`),
  ]
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return `thrown: ${typeof error}`
  const cause = error.cause === undefined ? '' : `\ncaused by ${stackOf(error.cause)}`
  return `${error.stack ?? error.message}${cause}`
}

/** ASCII only: foreign text must not control a terminal that shows it. */
const line = (top: Readonly<Record<string, unknown>>): string =>
  `${asciiJson({
    ok: top['ok'],
    command: top['command'],
    code: top['code'],
    schema: 'mpc/cli/v1',
    ...(isRehearsal() && { rehearsal: true }),
    ...top,
  })}\n`

const lines = (all: readonly string[]): string => all.map((each) => `${each}\n`).join('')

/**
 * What a command gives back, and how it reaches the caller: with --json one line on stdout, whatever happened; without
 * it the result on stdout and everything else, failures too, on stderr.
 */
import { Failure } from '../../wire/base/failure.js'
import { isRehearsal } from '../../wire/base/realm.js'
import { exitCodeOf, UNEXPECTED } from '../terminal/exit.js'
import { asciiJson } from './json.js'
import { layOut, type Line } from '../terminal/layout.js'
import type { Style } from '../terminal/style.js'

export type Result = {
  /** For machines: snake_case, hex, absolute paths, RFC 3339 (`cli.md`, the machine contract). */
  readonly data: Readonly<Record<string, unknown>>
  /** For people and pipes: the lines of stdout. */
  readonly text: readonly Line[]
  /** The command to run next, if there is an obvious one. */
  readonly next?: string
  /** What the others run meanwhile, where that is something else. */
  readonly others?: string
  /** What prints the same again, where that is not the same command. */
  readonly again?: string
  /** Why this result is nevertheless a failure; `data` is printed with it. */
  readonly failure?: Failure
}

/** How a command ended. */
export type Outcome =
  | { readonly command: string; readonly result: Result }
  | { readonly command: string; readonly error: unknown }

export type Printed = {
  readonly stdout: string
  readonly stderr: string
  readonly code: number
  /** What prints the same again; null where that is the same command. */
  readonly again: string | null
}

const REPORT =
  'this is a bug in mpc. Please report it with the lines above: `npm bugs @mpc-ceremony/mpc` says where'

/** How wide each stream is; null where it is no terminal. */
export type Widths = { readonly stdout: number | null; readonly stderr: number | null }

const ENDLESS: Widths = { stdout: null, stderr: null }

/**
 * What to print, and what to exit with.
 * @param called how this program was called, so that what is to be run next can be pasted as it stands
 */
export function present(
  outcome: Outcome,
  json: boolean,
  style: Style,
  widths: Widths = ENDLESS,
  called = 'mpc',
): Printed {
  if ('error' in outcome) return presentError(outcome.command, outcome.error, null, json, style, widths)
  const { command, result } = outcome
  if (result.failure) return presentError(command, result.failure, result, json, style, widths)
  const lineOf = (who: string, text: string | undefined): string[] =>
    text === undefined ? [] : [`${style.dim(who)} ${text.replace(/^mpc /, `${called} `)}`]
  const next = [...lineOf('Next:', result.next), ...lineOf('The others:', result.others)]
  return {
    stdout: json
      ? line({ ok: true, command, code: 0, data: result.data })
      : lines(layOut(result.text, widths.stdout)),
    // Not folded: it is there to be copied.
    stderr: json ? '' : lines(next),
    code: 0,
    again: result.again?.replace(/^mpc /, `${called} `) ?? null,
  }
}

function presentError(
  command: string,
  error: unknown,
  result: Result | null,
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
        accused: error.accused.map(({ name, fingerprint, round, kind, reason, evidence }) => ({
          name,
          fingerprint,
          round,
          kind,
          reason,
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
    style.dim(`  ${failure.code}, exit ${code}; \`mpc explain ${failure.code}\` says more`),
  ]
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return `thrown: ${typeof error}`
  const cause = error.cause === undefined ? '' : `\ncaused by ${stackOf(error.cause)}`
  return `${error.stack ?? error.message}${cause}`
}

/** In ASCII, for it may be looked at on a screen: what others wrote must not move it either. */
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

/**
 * One run of the command line: makes terminal and context, runs the command, prints its result and returns the exit code.
 * Streams, environment and signals are handed in.
 */
import type { Readable } from 'node:stream'
import { Context } from '../runtime/context.js'
import { openEvents } from '../runtime/event-stream.js'
import { interrupted, timedOut } from '../terminal/exit.js'
import { globalsOf } from '../runtime/globals.js'
import { inputLate, readFrom } from '../runtime/read-input.js'
import { type Output, write } from '../terminal/output.js'
import { buildProgram, HelpShown, parseFailure } from './program.js'
import { type Outcome, present, type Printed, type Widths } from '../runtime/result.js'
import { makeStyle, type Style, wantsColor, wantsMotion } from '../terminal/style.js'
import { Terminal } from '../terminal/terminal.js'
import { Failure } from '../../wire/base/failure.js'
import { isRehearsal, refusalOf } from '../../wire/base/realm.js'

/** The parts of the process that a run uses. */
export type Io = {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stdout: Output
  readonly stderr: Output
  readonly env: Readonly<Record<string, string | undefined>>
  /** Calls `stop` once, on Ctrl-C or when the terminal closes. */
  readonly onInterrupt: (stop: () => void) => void
}

/** Runs the command line; one run at a time, because the input that is read is one for the process. @returns the exit code */
export async function main(args: readonly string[], io: Io): Promise<number> {
  const flags = flagsIn(args)
  const style = styleIn(args, io)
  try {
    const outcome = await outcomeOf(args, io, style)
    return await print(io, style, present(outcome, flags.json, style, widths(io), called(io)))
  } catch (error) {
    return print(io, style, presentUnread(error, flags.json, style, widths(io)))
  }
}

/** Prints an error from outside the command's promise. @returns the exit code */
export function failed(error: unknown, args: readonly string[], io: Io): Promise<number> {
  const style = styleIn(args, io)
  return print(io, style, present({ command: '', error }, flagsIn(args).json, style))
}

export const isColored = (args: readonly string[], { stderr, env }: Pick<Io, 'stderr' | 'env'>): boolean =>
  wantsColor(stderr, env, flagsIn(args))

const styleIn = (args: readonly string[], io: Io): Style =>
  makeStyle(isColored(args, io), flagsIn(args).plain)

async function print(io: Io, style: Style, { stdout, stderr, code, again }: Printed): Promise<number> {
  // The result comes first, then the next step. A failure prints nothing to stdout.
  const lost = await write(io.stdout, stdout)
  await write(io.stderr, stderr)
  // A failed command reports its own code.
  if (lost === null || code !== 0) return code
  const error = await unwritten(lost, again)
  const told = present({ command: '', error }, false, style, widths(io))
  await write(io.stderr, told.stderr)
  return told.code
}

/** The output if no command ran: help, or a usage error. */
function presentUnread(error: unknown, json: boolean, style: Style, widths: Widths): Printed {
  if (error instanceof HelpShown && error.wanted)
    return { stdout: error.text, stderr: '', code: 0, again: null }
  const { command, failure } = parseFailure(error)
  // `mpc` alone is not an error for a person, but it is one for a script.
  if (error instanceof HelpShown && command === '' && !json)
    return { stdout: '', stderr: error.text, code: 2, again: null }
  const printed = present({ command, error: failure }, json, style, widths)
  return error instanceof HelpShown ? { ...printed, stderr: `${error.text}\n${printed.stderr}` } : printed
}

const widthOf = ({ isTTY = false, columns = 0 }: Output): number | null =>
  isTTY && columns > 0 ? columns : null
const widths = ({ stdout, stderr }: Io): Widths => ({ stdout: widthOf(stdout), stderr: widthOf(stderr) })

/** The name under which mpc can be called: `npx mpc`, if it was started so. */
const called = ({ env }: Io): string => (env['npm_command'] === 'exec' ? 'npx mpc' : 'mpc')

/** The terminal's size now; null if there is none. */
function sizeOf({ isTTY = false, columns = 0, rows = 0 }: Output) {
  return isTTY && columns > 0 && rows > 0 ? { columns, rows } : null
}

async function outcomeOf(args: readonly string[], io: Io, style: Style): Promise<Outcome> {
  const { stdin, stderr, env } = io
  const moving = wantsMotion(stderr, env, flagsIn(args))
  let outcome: Outcome | null = null
  const program = buildProgram(async ({ name: command, opens = false, load }, options, operands) => {
    let context: Context | null = null
    try {
      const globals = globalsOf(program)
      const signal = untilTimeout(interruption(io), globals.timeout)
      const late = globals.timeout === null ? [] : [afterwards(globals.timeout)]
      readFrom(stdin, AbortSignal.any([signal, ...late]))
      const interactive = stdin.isTTY === true && globals.input
      const size = () => sizeOf(stderr)
      const spinning = moving && !globals.json
      const screen = { stream: stderr, moving, spinning, now: Date.now, settle: 400, size }
      const terminal = new Terminal(interactive, style, screen, signal)
      const emitFor = openEvents(globals.events, Date.now)
      context = new Context(globals, terminal, signal, emitFor, env)
      await context.enterRealm()
      if (opens) context.openAhead()
      const run = await load()
      if (command !== 'rehearse' && isRehearsal()) terminal.say('REHEARSAL: this home holds no real keys.')
      outcome = { command, result: await run(context, options, operands) }
    } catch (error) {
      outcome = { command, error: refusalOf(error) }
    } finally {
      context?.close()
    }
  })
  await program.parseAsync(args, { from: 'user' })
  return outcome ?? { command: '', error: new Error('no command was run') }
}

/** Fires when input from a pipe is too late. */
function afterwards(timeout: number): AbortSignal {
  const controller = new AbortController()
  setTimeout(() => controller.abort(inputLate()), Math.min(timeout, LONGEST)).unref()
  return controller.signal
}

/**
 * Fires shortly after the end of `--timeout`. Waits that watch the deadline themselves end first and name the members that
 * they waited for.
 */
function untilTimeout(signal: AbortSignal, span: number | null): AbortSignal {
  if (span === null) return signal
  const controller = new AbortController()
  setTimeout(() => controller.abort(timedOut()), Math.min(span + TIMEOUT_GRACE, LONGEST)).unref()
  return AbortSignal.any([signal, controller.signal])
}
const TIMEOUT_GRACE = 5000
/** The longest span of a timer, in milliseconds; a longer one fires at once. */
const LONGEST = 2 ** 31 - 1

/** Fires on Ctrl-C, or when the terminal closes. */
function interruption({ onInterrupt }: Io): AbortSignal {
  const controller = new AbortController()
  onInterrupt(() => controller.abort(interrupted()))
  return controller.signal
}

/** @param again the command that prints the same result; null if it is the one that ran */
async function unwritten(cause: Error, again: string | null): Promise<Failure> {
  const { systemWords } = await import('../../storage/fs/atomic.js')
  const why = systemWords(cause) ?? cause.message
  return new Failure('configuration', 'E_OUTPUT', `the result could not be written to stdout: ${why}`, {
    hint: `the command itself has finished; ${again === null ? 'the same command' : `\`${again}\``} prints it again`,
    cause,
  })
}

/** The flags for output, found even if the rest of the line is not valid. */
function flagsIn(args: readonly string[]): { json: boolean; plain: boolean; color: boolean } {
  const end = args.indexOf('--')
  const given = new Set(end === -1 ? args : args.slice(0, end))
  return { json: given.has('--json'), plain: given.has('--plain'), color: !given.has('--no-color') }
}

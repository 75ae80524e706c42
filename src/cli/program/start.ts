/**
 * One run of the command line, from the arguments to the exit code: makes the terminal, the signals and the context,
 * hands them to the command, prints what it gives back, and ends the process.
 */
import { Context } from '../runtime/context.js'
import { openEvents } from '../runtime/event-stream.js'
import { interrupted, timedOut } from '../terminal/exit.js'
import { globalsOf } from '../runtime/globals.js'
import { inputLate, readUntil } from '../runtime/read-input.js'
import { write } from '../terminal/output.js'
import { buildProgram, HelpShown, parseFailure } from './program.js'
import { type Outcome, present, type Printed, type Widths } from '../runtime/result.js'
import { makeStyle, type Style, wantsColor, wantsMotion } from '../terminal/style.js'
import { Terminal } from '../terminal/terminal.js'
import { Failure } from '../../wire/base/failure.js'
import { isRehearsal, refusalOf } from '../../wire/base/realm.js'

/** Runs the command line; ends the process with the exit code of what came of it. */
export async function start(args: readonly string[]): Promise<void> {
  const flags = flagsIn(args)
  survivePipes()
  const color = wantsColor(process.stderr, process.env, flags)
  // The libraries that draw prompts decide by the environment.
  if (!color) process.env['NO_COLOR'] = '1'
  const style = makeStyle(color, flags.plain)
  const end = async ({ stdout, stderr, code, again }: Printed): Promise<never> => {
    // What was asked for comes first, what to do with it after; of a failure there is nothing on stdout to read first.
    const lost = await write(process.stdout, stdout)
    await write(process.stderr, stderr)
    // What failed says so by its own code, and on stderr.
    if (lost === null || code !== 0) process.exit(code)
    const error = await unwritten(lost, again)
    const told = present({ command: '', error }, false, style, widths())
    await write(process.stderr, told.stderr)
    process.exit(told.code)
  }
  // What fails outside of the command's own promise is our bug too, and has its one line; so has what waits for nothing.
  const fail = (error: unknown): void => void end(present({ command: '', error }, flags.json, style))
  process.once('uncaughtException', fail)
  process.once('beforeExit', () => fail(new Error('the command waits for something that cannot come')))
  const moving = wantsMotion(process.stderr, process.env, flags)
  try {
    await end(present(await outcomeOf(args, style, moving), flags.json, style, widths(), called()))
  } catch (error) {
    await end(presentUnread(error, flags.json, style))
  }
}

/** What to print where no command was run: help, or what could not be read. */
function presentUnread(error: unknown, json: boolean, style: Style): Printed {
  if (error instanceof HelpShown && error.wanted)
    return { stdout: error.text, stderr: '', code: 0, again: null }
  const { command, failure } = parseFailure(error)
  // The name alone is no mistake to be told of, though a script that says no more has made one.
  if (error instanceof HelpShown && command === '' && !json)
    return { stdout: '', stderr: error.text, code: 2, again: null }
  const printed = present({ command, error: failure }, json, style, widths())
  return error instanceof HelpShown ? { ...printed, stderr: `${error.text}\n${printed.stderr}` } : printed
}

const widthOf = ({ isTTY, columns }: NodeJS.WriteStream): number | null =>
  isTTY && columns > 0 ? columns : null
const widths = (): Widths => ({ stdout: widthOf(process.stdout), stderr: widthOf(process.stderr) })

/** `npx mpc` in a folder where `mpc` alone is not found. */
const called = (): string => (process.env['npm_command'] === 'exec' ? 'npx mpc' : 'mpc')

/** How large the terminal is that people see, now. */
function sizeOf({ isTTY, columns, rows }: NodeJS.WriteStream): { columns: number; rows: number } | null {
  return isTTY && columns > 0 && rows > 0 ? { columns, rows } : null
}

/** @param moving whether lines may be drawn over */
async function outcomeOf(args: readonly string[], style: Style, moving: boolean): Promise<Outcome> {
  let outcome: Outcome | null = null
  const program = buildProgram(async (command, load, options, operands) => {
    try {
      const globals = globalsOf(program)
      const signal = untilTimeout(onInterrupt(), globals.timeout)
      readUntil(globals.timeout === null ? signal : AbortSignal.any([signal, afterwards(globals.timeout)]))
      const interactive = process.stdin.isTTY && globals.input
      const size = () => sizeOf(process.stderr)
      const spinning = moving && !globals.json
      const screen = { stream: process.stderr, moving, spinning, now: Date.now, settle: 400, size }
      const terminal = new Terminal(interactive, style, screen, signal)
      const emitFor = openEvents(globals.events, Date.now)
      const run = await load()
      const context = new Context(globals, terminal, signal, emitFor, process.env)
      await context.enterRealm()
      if (command !== 'rehearse' && isRehearsal()) terminal.say('REHEARSAL: this home holds nothing real.')
      outcome = { command, result: await run(context, options, operands) }
    } catch (error) {
      outcome = { command, error: refusalOf(error) }
    }
  })
  await program.parseAsync(args, { from: 'user' })
  return outcome ?? { command: '', error: new Error('no command was run') }
}

/** Fires when what was to come from a pipe is too late. */
function afterwards(timeout: number): AbortSignal {
  const controller = new AbortController()
  setTimeout(() => controller.abort(inputLate()), timeout).unref()
  return controller.signal
}

/**
 * Fires when the time of `--timeout` is over as well, a moment later: what waits for it by itself says whom it waited for,
 * and what does not ends all the same.
 */
function untilTimeout(signal: AbortSignal, span: number | null): AbortSignal {
  if (span === null) return signal
  const controller = new AbortController()
  setTimeout(() => controller.abort(timedOut()), Math.min(span + TIMEOUT_GRACE, 2 ** 31 - 1)).unref()
  return AbortSignal.any([signal, controller.signal])
}
const TIMEOUT_GRACE = 5000

/** Fires on the first Ctrl-C, or when the terminal goes away; the second one kills at once. */
function onInterrupt(): AbortSignal {
  const controller = new AbortController()
  // The listener stays: where only the spinner's own were left, they would end the process before a word was said.
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(130)
    controller.abort(interrupted())
  }
  for (const signal of SIGNALS) process.on(signal, stop)
  return controller.signal
}
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** A reader that leaves ends no ceremony: that its result could not be written is said at the end. */
function survivePipes(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
}

/** @param again the command that prints the same; null where it is the one that was run */
async function unwritten(cause: Error, again: string | null): Promise<Failure> {
  const { systemWords } = await import('../../storage/fs/atomic.js')
  const why = systemWords(cause) ?? cause.message
  return new Failure('configuration', 'E_OUTPUT', `the result could not be written to stdout: ${why}`, {
    hint: `what was done is done; ${again === null ? 'the same command' : `\`${again}\``} prints it again`,
    cause,
  })
}

/** The flags that say how to print, readable even where the rest of the line is not. */
function flagsIn(args: readonly string[]): { json: boolean; plain: boolean; color: boolean } {
  const end = args.indexOf('--')
  const given = new Set(end === -1 ? args : args.slice(0, end))
  return { json: given.has('--json'), plain: given.has('--plain'), color: !given.has('--no-color') }
}

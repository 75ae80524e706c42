/**
 * One run of the command line, from the arguments to the exit code: makes the terminal, the signals and the context,
 * hands them to the command, prints what it gives back, and ends the process.
 */
import { Context } from './context.js'
import { openEvents } from './events.js'
import { interrupted } from './exit.js'
import { globalsOf } from './globals.js'
import { buildProgram, HelpShown, parseFailure } from './program.js'
import { type Outcome, present, type Printed, type Widths } from './result.js'
import { makeStyle, type Style, wantsColor, wantsMotion } from './style.js'
import { Terminal } from './terminal.js'
import { isRehearsal, refusalOf } from '../wire/realm.js'

/** Runs the command line; ends the process with the exit code of what came of it. */
export async function start(args: readonly string[]): Promise<void> {
  const flags = flagsIn(args)
  survivePipes()
  const color = wantsColor(process.stderr, process.env, flags)
  // The libraries that draw prompts decide by the environment.
  if (!color) process.env['NO_COLOR'] = '1'
  const style = makeStyle(color, flags.plain)
  const end = async ({ stdout, stderr, code }: Printed): Promise<never> => {
    // What was asked for comes first, what to do with it after; of a failure there is nothing on stdout to read first.
    await write(process.stdout, stdout)
    await write(process.stderr, stderr)
    process.exit(code)
  }
  // What fails outside of the command's own promise is our bug too, and has its one line.
  process.once('uncaughtException', (error) => void end(present({ command: '', error }, flags.json, style)))
  const moving = wantsMotion(process.stderr, process.env, flags)
  try {
    await end(present(await outcomeOf(args, style, moving), flags.json, style, widths(), called()))
  } catch (error) {
    await end(presentUnread(error, flags.json, style))
  }
}

/** What to print where no command was run: help, or what could not be read. */
function presentUnread(error: unknown, json: boolean, style: Style): Printed {
  if (error instanceof HelpShown && error.wanted) return { stdout: error.text, stderr: '', code: 0 }
  const { command, failure } = parseFailure(error)
  // The name alone is no mistake to be told of, though a script that says no more has made one.
  if (error instanceof HelpShown && command === '' && !json)
    return { stdout: '', stderr: error.text, code: 2 }
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
      const signal = onInterrupt()
      const interactive = process.stdin.isTTY && globals.input
      const size = () => sizeOf(process.stderr)
      const screen = { stream: process.stderr, moving, now: Date.now, settle: 400, size }
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

/** Output that cannot be written changes nothing: whoever reads it may leave, and the ceremony ends as it ends. */
function survivePipes(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
}

/** Resolves once the text is out, or nobody wants it. */
function write(stream: NodeJS.WriteStream, text: string): Promise<void> {
  return text === '' ? Promise.resolve() : new Promise((resolve) => stream.write(text, () => resolve()))
}

/** The flags that say how to print, readable even where the rest of the line is not. */
function flagsIn(args: readonly string[]): { json: boolean; plain: boolean; color: boolean } {
  const end = args.indexOf('--')
  const given = new Set(end === -1 ? args : args.slice(0, end))
  return { json: given.has('--json'), plain: given.has('--plain'), color: !given.has('--no-color') }
}

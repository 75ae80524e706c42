/**
 * What `bin/mpc.js` runs: the command line with the arguments, the streams and the signals of this process. Nothing but
 * the version is answered here. Everything else is loaded when it is needed, so that `mpc --version` costs little more
 * than Node itself.
 */
import '../threads/no-inspector.js'
import { hideTyping } from '../terminal/echo.js'
import { write } from '../terminal/output.js'
import { VERSION } from '../runtime/version.js'

const args = process.argv.slice(2)
const asksVersion = args.length === 1 && (args[0] === '--version' || args[0] === '-V')
if (!asksVersion && !args.includes('--no-input')) hideTyping()
// If even that cannot be written, the long way says so.
if (!asksVersion || (await write(process.stdout, `${VERSION}\n`)) !== null) await run()

/** Runs the command line, and ends the process with its exit code. */
async function run(): Promise<void> {
  const { failed, isColored, main } = await import('./main.js')
  const { stdin, stdout, stderr, env } = process
  // A reader that leaves ends no ceremony: the end says that its result could not be written.
  for (const stream of [stdout, stderr]) stream.on('error', () => undefined)
  const io = { stdin, stdout, stderr, env, onInterrupt }
  // The libraries that draw prompts decide by the environment.
  if (!isColored(args, io)) env['NO_COLOR'] = '1'
  // A failure outside of the command's own promise is our bug too, and has its one line. So has a wait for nothing.
  const fail = (error: unknown): void => void failed(error, args, io).then((code) => process.exit(code))
  process.once('uncaughtException', fail)
  process.once('beforeExit', () => fail(new Error('the command waits for something that cannot come')))
  process.exit(await main(args, io))
}

/** The first signal stops the command, the second one kills the process at once. */
function onInterrupt(stop: () => void): void {
  let isStopping = false
  // The listener stays: if only the spinner's own were left, they would end the process before a word was said.
  const hear = (): void => {
    if (isStopping) process.exit(130)
    isStopping = true
    stop()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, hear)
}

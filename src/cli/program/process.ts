/**
 * The entry of `bin/mpc.js`: runs the command line with the arguments, streams and signals of this process. It answers
 * `mpc --version` itself and loads everything else on demand, so that the version costs little more than Node.
 */
import '../threads/no-inspector.js'
import { hideTyping } from '../terminal/echo.js'
import { write } from '../terminal/output.js'
import { VERSION } from '../runtime/version.js'

const args = process.argv.slice(2)
const asksVersion = args.length === 1 && (args[0] === '--version' || args[0] === '-V')
if (!asksVersion && !args.includes('--no-input')) hideTyping()
// If the version cannot be written, the normal way reports it.
if (!asksVersion || (await write(process.stdout, `${VERSION}\n`)) !== null) await run()

/** Runs the command line and exits with its code. */
async function run(): Promise<void> {
  const { failed, isColored, main } = await import('./main.js')
  const { stdin, stdout, stderr, env } = process
  // A reader that closes its pipe must not end a ceremony; `main` reports the error at the end.
  for (const stream of [stdout, stderr]) stream.on('error', () => undefined)
  const io = { stdin, stdout, stderr, env, onInterrupt }
  // The libraries that draw prompts read the environment.
  if (!isColored(args, io)) env['NO_COLOR'] = '1'
  // An error outside of the command's promise is our bug and is reported like one; so is a wait for nothing.
  const fail = (error: unknown): void => void failed(error, args, io).then((code) => process.exit(code))
  process.once('uncaughtException', fail)
  process.once('beforeExit', () => fail(new Error('the command waits for an event that cannot occur')))
  process.exit(await main(args, io))
}

/** The first signal stops the command; the second kills the process at once. */
function onInterrupt(stop: () => void): void {
  let isStopping = false
  // The listener stays: the spinner's own would end the process before the error is printed.
  const hear = (): void => {
    if (isStopping) process.exit(130)
    isStopping = true
    stop()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, hear)
}

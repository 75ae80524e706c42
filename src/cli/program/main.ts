/**
 * What `bin/mpc.js` runs. Nothing but the version is answered here: everything else is loaded when it is needed, so
 * that `mpc --version` costs little more than Node itself.
 */
import '../threads/no-inspector.js'
import { hideTyping } from '../terminal/echo.js'
import { write } from '../terminal/output.js'
import { VERSION } from '../runtime/version.js'

const args = process.argv.slice(2)
const asksVersion = args.length === 1 && (args[0] === '--version' || args[0] === '-V')
if (!asksVersion && !args.includes('--no-input')) hideTyping()
// Where even that cannot be written, the long way says so.
if (!asksVersion || (await write(process.stdout, `${VERSION}\n`)) !== null) {
  const { start } = await import('./start.js')
  await start(args)
}

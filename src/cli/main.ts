/**
 * What `bin/mpc.js` runs. Nothing but the version is answered here: everything else is loaded when it is needed, so
 * that `mpc --version` costs little more than Node itself.
 */
import { VERSION } from './version.js'

const args = process.argv.slice(2)
if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
  process.stdout.write(`${VERSION}\n`)
} else {
  const { start } = await import('./start.js')
  await start(args)
}

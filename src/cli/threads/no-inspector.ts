/**
 * Keeps Node from opening its inspector on SIGUSR1: any user of this machine could connect to its port and read this
 * process's memory. `--inspect` still works.
 */
import inspector from 'node:inspector'

process.on('SIGUSR1', () => undefined)
// The signal may have come before this handler, while Node started.
const wanted = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].some((each) =>
  each.includes('--inspect'),
)
if (!wanted && inspector.url() !== undefined) inspector.close()

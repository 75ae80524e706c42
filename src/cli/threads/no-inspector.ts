/**
 * Keeps Node from opening its inspector on SIGUSR1: on its port every user of this machine could read what this process
 * holds. The signal does nothing here. Whoever starts Node with `--inspect` means it.
 */
import inspector from 'node:inspector'

process.on('SIGUSR1', () => undefined)
// It may have come before that line, while Node itself began.
const wanted = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].some((each) =>
  each.includes('--inspect'),
)
if (!wanted && inspector.url() !== undefined) inspector.close()

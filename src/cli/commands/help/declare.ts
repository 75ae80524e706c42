/** `mpc explain` and `mpc status`. */
import type { CommandSpec } from '../../runtime/command.js'

export const helpCommands: readonly CommandSpec[] = [
  {
    name: 'explain',
    summary: 'explain an error code or an exit code, or list them all',
    examples: ['mpc explain E_NO_IDENTITY', 'mpc explain 7', 'mpc explain', 'mpc explain --schema'],
    operands: [{ name: '[code]', text: 'an error code, E_..., or an exit code' }],
    flags: [{ flags: '--schema', text: 'print the JSON Schema of the output of --json' }],
    load: async () => (await import('./explain.js')).run,
  },
  {
    name: 'status',
    summary: 'show what this home holds, what is unfinished, and the next command',
    examples: ['mpc status', 'mpc status --json'],
    flags: [],
    load: async () => (await import('./status.js')).run,
  },
]

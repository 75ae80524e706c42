/** `mpc explain` and `mpc status`: what an error means, and what a home holds. */
import type { CommandSpec } from '../../runtime/command.js'

export const helpCommands: readonly CommandSpec[] = [
  {
    name: 'explain',
    summary: 'say what an error code or an exit code means and what to do; list them all',
    examples: ['mpc explain E_NO_IDENTITY', 'mpc explain 7', 'mpc explain', 'mpc explain --schema'],
    operands: [{ name: '[code]', text: 'an error code, E_..., or what the program exited with' }],
    flags: [{ flags: '--schema', text: 'print the JSON Schema of what --json prints' }],
    load: async () => (await import('./explain.js')).run,
  },
  {
    name: 'status',
    summary: 'say what this home holds, what is unfinished, and who goes on with it by which command',
    examples: ['mpc status', 'mpc status --json'],
    flags: [],
    load: async () => (await import('./status.js')).run,
  },
]

/** What a home holds. */
import type { CommandSpec } from './spec.js'

export const statusCommands: readonly CommandSpec[] = [
  {
    name: 'status',
    summary: 'say what this home holds, what is unfinished, and who goes on with it by which command',
    examples: ['mpc status', 'mpc status --json'],
    flags: [],
    load: async () => (await import('../commands/status.js')).run,
  },
]

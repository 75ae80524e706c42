/** `mpc config ...`. */
import type { CommandSpec } from '../../runtime/command.js'

export const configCommands: readonly CommandSpec[] = [
  {
    name: 'config show',
    summary: 'show every setting, and the flag, variable or line that gives it',
    examples: ['mpc config show', 'mpc config show --json'],
    flags: [],
    load: async () => (await import('./show.js')).run,
  },
]

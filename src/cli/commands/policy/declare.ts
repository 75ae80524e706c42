/** `mpc policy`. */
import { any, once } from '../../runtime/parse.js'
import type { CommandSpec } from '../../runtime/command.js'

export const policyCommands: readonly CommandSpec[] = [
  {
    name: 'policy show',
    summary: 'show the policy of a key',
    examples: ['mpc policy show treasury', 'mpc policy show treasury -o treasury-policy.yaml'],
    operands: [{ name: '<key>', text: 'the key' }],
    flags: [{ flags: '-o, --out <file>', text: 'the file to write the policy to', parse: once(any) }],
    load: async () => (await import('./show.js')).run,
  },
]

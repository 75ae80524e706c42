/** The flags of those who have no share of a key. */
import type { Flag } from '../../runtime/command.js'
import { any, once } from '../../runtime/parse.js'

export const exportedFlags: readonly Flag[] = [
  {
    flags: '--record <file>',
    text: 'without a share: the public record of the key, from `mpc key show --export`',
    parse: once(any),
  },
  { flags: '--policy <file>', text: 'with --record: the policy in force', parse: once(any) },
]

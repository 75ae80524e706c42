/** `mpc approve` and `mpc refuse`. */
import type { CommandSpec, Flag } from '../../runtime/command.js'
import { any, approval, name, once, span } from '../../runtime/parse.js'
import { exportedFlags } from './exported-flags.js'

const operands = [{ name: '<request>', text: "the request's ID, or its first digits (6 or more)" }]
const shared: readonly Flag[] = [
  { flags: '--key <name>', text: 'the key', parse: once(name), required: true },
  ...exportedFlags,
]

export const approvalCommands: readonly CommandSpec[] = [
  {
    name: 'approve',
    summary: 'approve a request of another, as the policy names you',
    examples: [
      'mpc approve 3f2a90c4d1e85b67 --key treasury',
      'mpc approve 3f2a90c4d1e85b67 --key treasury --record treasury.record --policy treasury.yaml',
    ],
    operands,
    flags: [
      ...shared,
      {
        flags: '--approve <hash>',
        text: 'approve this payload without a question: sha256: and 64 hex digits; needs the whole ID',
        parse: once(approval),
      },
      {
        flags: '--expires <time>',
        text: 'how long it counts, such as 30m or 2h (default: as long as the request)',
        parse: once(span),
      },
      { flags: '--reason <text>', text: 'a word to the others', parse: once(any) },
    ],
    opens: true,
    load: async () => (await import('./verdict.js')).runApprove,
  },
  {
    name: 'refuse',
    summary: 'refuse a request of another, or take an approval back',
    examples: ["mpc refuse 3f2a90c4d1e85b67 --key treasury --reason 'not this month'"],
    operands,
    flags: [...shared, { flags: '--reason <text>', text: 'why, for the others', parse: once(any) }],
    opens: true,
    load: async () => (await import('./verdict.js')).runRefuse,
  },
]

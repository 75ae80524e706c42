/** `mpc request`: requests that wait on the server while their askers are away. */
import { PAYLOAD_NAMES } from '../../../payload/registry/registry.js'
import type { CommandSpec, Flag } from '../../runtime/command.js'
import { any, name, names, once, oneOf, span } from '../../runtime/parse.js'
import { exportedFlags } from '../approval/exported-flags.js'

const operands = [{ name: '<request>', text: "the request's ID, or its first digits (6 or more)" }]
const key: Flag = { flags: '--key <name>', text: 'the key (default: every key here)', parse: once(name) }
const known: readonly Flag[] = [key, ...exportedFlags]

export const requestCommands: readonly CommandSpec[] = [
  {
    name: 'request sign',
    summary: 'ask for a signature and leave: the request waits on the server',
    examples: [
      'mpc request sign --key treasury --in message.bin --signers alice,bob',
      'mpc request sign --key treasury --in message.bin --reason rent --expires 12h --json',
      'mpc request sign --key treasury --record treasury.record --policy treasury.yaml --in message.bin',
    ],
    flags: [
      { flags: '--key <name>', text: 'the key', parse: once(name), required: true },
      { flags: '--in <file>', text: 'the file to sign; - for stdin', parse: once(any), required: true },
      {
        flags: '--type <type>',
        text: 'the type of the payload, see `mpc sign --help` (default: raw)',
        parse: once(oneOf(PAYLOAD_NAMES)),
      },
      { flags: '--path <path>', text: 'the path of a derived key, such as m/0/1', parse: once(any) },
      { flags: '--signers <names>', text: 'the signers, separated by commas', parse: once(names) },
      { flags: '--reason <text>', text: 'a reason to show to the others', parse: once(any) },
      {
        flags: '--expires <time>',
        text: 'how long it waits, such as 30m or 12h (default: 24h, the most)',
        parse: once(span),
      },
      ...exportedFlags,
    ],
    opens: true,
    load: async () => (await import('./sign.js')).run,
  },
  {
    name: 'request list',
    summary: 'list the requests that wait, as this home knows them',
    examples: ['mpc request list', 'mpc request list --key treasury --all --json'],
    flags: [...known, { flags: '--all', text: 'those too that are signed, cancelled, refused or expired' }],
    load: async () => (await import('./list.js')).run,
  },
  {
    name: 'request show',
    summary: 'show a request that waits, and its signature once there is one',
    examples: ['mpc request show 3f2a90c4d1e85b67 --key treasury'],
    operands,
    flags: known,
    load: async () => (await import('./show.js')).run,
  },
  {
    name: 'request cancel',
    summary: 'take back a request of your own',
    examples: ['mpc request cancel 3f2a90c4d1e85b67 --key treasury'],
    operands,
    flags: known,
    load: async () => (await import('./cancel.js')).run,
  },
]

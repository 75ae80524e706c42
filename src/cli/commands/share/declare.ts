/** `mpc share`: the stored shares of a home. */
import { any, hash, name, once, paths } from '../../runtime/parse.js'
import type { CommandSpec, Flag } from '../../runtime/command.js'

const key: Flag = { flags: '--key <name>', text: 'the key', parse: once(name), required: true }

export const shareCommands: readonly CommandSpec[] = [
  {
    name: 'share list',
    summary: 'list the shares here by epoch, and who could still sign with old ones',
    examples: ['mpc share list', 'mpc share list --key treasury --json'],
    flags: [{ flags: '--key <name>', text: 'only this key', parse: once(name) }],
    load: async () => (await import('./list.js')).run,
  },
  {
    name: 'share check',
    summary: 'check this home: open every share and verify every file',
    examples: ['mpc share check', 'mpc share check --key treasury'],
    flags: [{ flags: '--key <name>', text: 'only the shares of this key', parse: once(name) }],
    load: async () => (await import('./check.js')).run,
  },
  {
    name: 'share statements',
    summary: 'export or import signed statements: who uses the newest epoch, who destroyed old shares',
    examples: [
      'mpc share statements --key treasury -o over.json',
      'mpc share statements --key treasury over.json',
    ],
    operands: [{ name: '[file...]', text: 'files that other custodians wrote with -o' }],
    flags: [
      key,
      { flags: '-o, --out <file>', text: 'write all statements known here to this file', parse: once(any) },
    ],
    load: async () => (await import('./statements.js')).run,
  },
  {
    name: 'share retire',
    summary: 'destroy your shares of replaced epochs; no other command destroys a share',
    examples: [
      'mpc share retire --key treasury',
      'mpc share retire --key treasury --statements over.json --confirm treasury',
    ],
    flags: [
      key,
      {
        flags: '--epoch <digest>',
        text: 'only this epoch; `share list` prints digests',
        parse: once(hash),
      },
      {
        flags: '--statements <files>',
        text: 'files from `share statements -o` to import first, separated by commas',
        parse: once(paths),
      },
      { flags: '--confirm <name>', text: 'the name of the key again, without a prompt', parse: once(name) },
    ],
    load: async () => (await import('./retire.js')).run,
  },
  {
    name: 'share rekey',
    summary: 'write your share for your new identity on another machine',
    examples: ['mpc share rekey --key treasury --to laptop.card --confirm alice -o moved'],
    flags: [
      key,
      {
        flags: '--to <card>',
        text: 'the card of the new identity: a file, or a known name; must be verified',
        parse: once(any),
        required: true,
      },
      { flags: '-o, --out <dir>', text: 'the folder to write', parse: once(any), required: true },
      {
        flags: '--confirm <name>',
        text: 'the name on the card again, without a prompt',
        parse: once(name),
      },
    ],
    load: async () => (await import('./move.js')).runRekey,
  },
  {
    name: 'share import',
    summary: 'import a share that `share rekey` wrote for this identity',
    examples: ['mpc share import moved', 'mpc share import moved --key treasury'],
    operands: [{ name: '<dir>', text: 'the folder that `share rekey` wrote' }],
    flags: [
      {
        flags: '--key <name>',
        text: 'the name of the key here; default: its name there',
        parse: once(name),
      },
    ],
    load: async () => (await import('./move.js')).runImport,
  },
]

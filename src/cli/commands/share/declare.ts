/** `mpc share`: what becomes of shares after the ceremony that made them. */
import { any, hash, name, once, paths } from '../../runtime/parse.js'
import type { CommandSpec, Flag } from '../../runtime/command.js'

const key: Flag = { flags: '--key <name>', text: 'the key', parse: once(name), required: true }

export const shareCommands: readonly CommandSpec[] = [
  {
    name: 'share list',
    summary: 'say which shares lie here, of which epochs, and who could still sign with old ones',
    examples: ['mpc share list', 'mpc share list --key treasury --json'],
    flags: [{ flags: '--key <name>', text: 'of this key alone', parse: once(name) }],
    load: async () => (await import('./list.js')).run,
  },
  {
    name: 'share check',
    summary: 'check a whole home: open every share, and hold every file against what it should be',
    examples: ['mpc share check', 'mpc share check --key treasury'],
    flags: [{ flags: '--key <name>', text: 'the shares of this key alone', parse: once(name) }],
    load: async () => (await import('./check.js')).run,
  },
  {
    name: 'share statements',
    summary:
      'hand on by file who went over to the newest epoch and who destroyed old shares; take such files in',
    examples: [
      'mpc share statements --key treasury -o over.json',
      'mpc share statements --key treasury over.json',
    ],
    operands: [{ name: '[file...]', text: 'what other custodians wrote by -o' }],
    flags: [
      key,
      { flags: '-o, --out <file>', text: 'write all that is known here to this file', parse: once(any) },
    ],
    load: async () => (await import('./statements.js')).run,
  },
  {
    name: 'share retire',
    summary:
      'destroy your shares of epochs that a newer one has replaced; nothing else ever destroys a share',
    examples: [
      'mpc share retire --key treasury',
      'mpc share retire --key treasury --statements over.json --confirm treasury',
    ],
    flags: [
      key,
      {
        flags: '--epoch <digest>',
        text: 'of this old epoch alone, as `share list` names it',
        parse: once(hash),
      },
      {
        flags: '--statements <files>',
        text: 'take in first what other custodians wrote by `share statements -o`; separated by commas',
        parse: once(paths),
      },
      { flags: '--confirm <name>', text: 'the key again, where nobody can be asked', parse: once(name) },
    ],
    load: async () => (await import('./retire.js')).run,
  },
  {
    name: 'share rekey',
    summary: 'write your share for a new identity of yours, on another machine',
    examples: ['mpc share rekey --key treasury --to laptop.card --confirm alice -o moved'],
    flags: [
      key,
      {
        flags: '--to <card>',
        text: 'the card of the new identity: a file, or an imported name; verified here',
        parse: once(any),
        required: true,
      },
      { flags: '-o, --out <dir>', text: 'the folder to make', parse: once(any), required: true },
      {
        flags: '--confirm <name>',
        text: 'the name on the card, where nobody can be asked',
        parse: once(name),
      },
    ],
    load: async () => (await import('./move.js')).runRekey,
  },
  {
    name: 'share import',
    summary: 'take in a share that was written for this identity on your other machine',
    examples: ['mpc share import moved', 'mpc share import moved --key treasury'],
    operands: [{ name: '<dir>', text: 'the folder that `share rekey` made' }],
    flags: [
      {
        flags: '--key <name>',
        text: 'what the key is to be called here; as it was there, if left out',
        parse: once(name),
      },
    ],
    load: async () => (await import('./move.js')).runImport,
  },
]

/** `mpc rehearse`. */
import type { CommandSpec } from '../../runtime/command.js'
import { any, letterOf, name, once, wholeNumber } from '../../runtime/parse.js'

export const rehearseCommands: readonly CommandSpec[] = [
  {
    name: 'rehearse',
    summary: 'run a whole ceremony on this machine, with throw-away identities',
    examples: [
      'mpc rehearse',
      'mpc rehearse -n 5 -t 3 --scheme schnorr-taproot',
      'mpc rehearse --drop bob@2',
      'mpc rehearse --tamper carol@open --json',
      'mpc rehearse --keep stage',
    ],
    flags: [
      {
        flags: '-n, --custodians <n>',
        text: 'how many custodians; default: 3',
        parse: once(wholeNumber(2)),
      },
      {
        flags: '-t, --threshold <t>',
        text: 'how many must sign; default: more than half',
        parse: once(wholeNumber(2)),
      },
      {
        flags: '--scheme <scheme>',
        text: 'eddsa-ed25519 (the default), ecdsa-secp256k1, schnorr-taproot',
        parse: once(any),
      },
      {
        flags: '--as <name>',
        text: 'the custodian whom you play; default: alice at a terminal, nobody otherwise',
        parse: once(name),
      },
      {
        flags: '--drop <letter>',
        text: 'kill a custodian at a letter of the key generation: bob@2, bob@receipt',
        parse: once(letterOf),
      },
      {
        flags: '--tamper <letter>',
        text: 'make a custodian alter a letter: bob@commit; default: open',
        parse: once(letterOf),
      },
      { flags: '--keep <dir>', text: 'keep all homes in this folder, to go on by hand', parse: once(any) },
    ],
    load: async () => (await import('./rehearse.js')).run,
  },
]

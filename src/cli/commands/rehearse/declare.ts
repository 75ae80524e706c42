/** `mpc rehearse`. */
import type { CommandSpec } from '../../runtime/command.js'
import { any, letterOf, name, once, wholeNumber } from '../../runtime/parse.js'

export const rehearseCommands: readonly CommandSpec[] = [
  {
    name: 'rehearse',
    summary: 'play a whole ceremony on this machine, with throw-away identities',
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
        text: 'how many custodians; 3 if left out',
        parse: once(wholeNumber(2)),
      },
      {
        flags: '-t, --threshold <t>',
        text: 'how many must sign; more than half if left out',
        parse: once(wholeNumber(2)),
      },
      {
        flags: '--scheme <scheme>',
        text: 'eddsa-ed25519 (if left out), ecdsa-secp256k1, schnorr-taproot',
        parse: once(any),
      },
      {
        flags: '--as <name>',
        text: 'whose part you play; alice at a terminal, else nobody',
        parse: once(name),
      },
      {
        flags: '--drop <letter>',
        text: 'kill somebody at a letter of the key generation: bob@2, bob@receipt',
        parse: once(letterOf),
      },
      {
        flags: '--tamper <letter>',
        text: 'let somebody alter one: bob, bob@commit; `open` if it is not said which',
        parse: once(letterOf),
      },
      { flags: '--keep <dir>', text: "leave everybody's home there, to play on by hand", parse: once(any) },
    ],
    load: async () => (await import('./rehearse.js')).run,
  },
]

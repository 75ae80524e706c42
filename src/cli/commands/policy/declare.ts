/** `mpc policy`. */
import { PAYLOAD_NAMES } from '../../../payload/registry/registry.js'
import { confirm, takingPart } from '../../args/shared-flags.js'
import { any, name, names, once, oneOf, wholeNumber } from '../../runtime/parse.js'
import type { CommandSpec } from '../../runtime/command.js'

export const policyCommands: readonly CommandSpec[] = [
  {
    name: 'policy check',
    summary: 'check a policy that you have written, and say what it means',
    examples: [
      'mpc policy check policy.yaml --threshold 2 --custodians 3',
      'mpc policy check policy.yaml --key treasury --names',
    ],
    operands: [{ name: '<file>', text: 'the policy' }],
    flags: [
      { flags: '--names', text: 'give the fingerprints in it the names known here, and list the others' },
      {
        flags: '--key <name>',
        text: 'say what its limits are worth for the custodians of this key',
        parse: once(name),
      },
      {
        flags: '--threshold <count>',
        text: 'the same, for a key of which so many sign',
        parse: once(wholeNumber(2)),
      },
      {
        flags: '--custodians <count>',
        text: 'and which so many custodians hold',
        parse: once(wholeNumber(2)),
      },
    ],
    load: async () => (await import('./check.js')).run,
  },
  {
    name: 'policy show',
    summary: 'show the policy of a key',
    examples: [
      'mpc policy show treasury',
      'mpc policy show treasury -o treasury-policy.yaml',
      'mpc policy show treasury --chain -o treasury.policies',
    ],
    operands: [{ name: '<key>', text: 'the key' }],
    flags: [
      { flags: '-o, --out <file>', text: 'the file to write the policy to', parse: once(any) },
      { flags: '--chain', text: 'write what proves it to another custodian: `mpc policy import`' },
    ],
    load: async () => (await import('./show.js')).run,
  },
  {
    name: 'policy explain',
    summary: 'say what the policy of a key makes of a payload, offline',
    examples: [
      'mpc policy explain --key treasury --type evm-tx --in tx.hex',
      'mpc policy explain --key treasury --type evm-tx --in tx.hex --asker operator.card --json',
    ],
    flags: [
      { flags: '--key <name>', text: 'the key', parse: once(name), required: true },
      {
        flags: '--type <type>',
        text: 'the type of the payload',
        parse: once(oneOf(PAYLOAD_NAMES)),
        required: true,
      },
      {
        flags: '--in <file>',
        text: 'the file with the payload; - for stdin',
        parse: once(any),
        required: true,
      },
      { flags: '--path <path>', text: 'the path of a derived key, such as m/0/1', parse: once(any) },
      { flags: '--asker <file>', text: 'the card of the one who asks (default: you)', parse: once(any) },
      { flags: '--signers <names>', text: 'the signers, separated by commas', parse: once(names) },
    ],
    load: async () => (await import('./explain.js')).run,
  },
  {
    name: 'policy apply',
    summary: 'change the policy of a key; every custodian runs this',
    examples: [
      'mpc policy apply --definition policy.mpc',
      'mpc policy apply --join $ID',
      'mpc policy apply --definition policy.mpc --accept $ID --json',
    ],
    flags: [...takingPart, confirm],
    load: async () => (await import('./apply.js')).run,
  },
  {
    name: 'policy import',
    summary: 'take in the policies of a key that another custodian wrote',
    examples: ['mpc policy import --key treasury treasury.policies'],
    operands: [{ name: '<file>', text: 'the file that `mpc policy show KEY --chain -o FILE` wrote' }],
    flags: [{ flags: '--key <name>', text: 'the key', parse: once(name), required: true }],
    load: async () => (await import('./import.js')).run,
  },
]

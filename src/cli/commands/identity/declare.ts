/** `mpc identity`: who I am, and whom I know. */
import { any, hash, name, once, repeatable, wholeNumber } from '../../runtime/parse.js'
import type { CommandSpec } from '../../runtime/command.js'

const fingerprint = {
  flags: '--fingerprint <hex>',
  text: 'the 64 hex digits, as the owner told you',
  parse: once(hash),
}

export const identityCommands: readonly CommandSpec[] = [
  {
    name: 'identity init',
    summary: 'make your identity: three sealed private keys and a public card',
    examples: [
      'mpc identity init --name alice',
      'mpc identity init --name alice --passphrase-file secret.txt',
    ],
    flags: [
      { flags: '--name <name>', text: 'the name that others will see: a-z, 0-9 and -', parse: once(name) },
      {
        flags: '--post-quantum',
        text: 'seal files against quantum computers; age 1.3 or newer opens them',
      },
      {
        flags: '--primes <n>',
        text: 'how many primes to make, as `identity primes` does; default: 0',
        parse: once(wholeNumber(0)),
      },
    ],
    load: async () => (await import('./init.js')).run,
  },
  {
    name: 'identity reseal',
    summary: 'seal your identity with another passphrase or to an age identity; nothing else changes',
    examples: [
      'mpc identity reseal',
      'mpc identity reseal --passphrase-file old.txt --new-passphrase-file new.txt',
      'mpc identity reseal --passphrase-file old.txt --new-identity age.txt',
    ],
    flags: [
      {
        flags: '--new-passphrase-file <file>',
        text: 'a file with the new passphrase, readable by you alone',
        parse: once(any),
      },
      {
        flags: '--new-passphrase-fd <n>',
        text: 'a file descriptor with the new passphrase',
        parse: once(wholeNumber(0)),
      },
      {
        flags: '--new-identity <file>',
        text: 'a file of age identities; each will open your identity',
        parse: once(any),
      },
    ],
    load: async () => (await import('./reseal.js')).run,
  },
  {
    name: 'identity primes',
    summary: 'make large primes in advance: each ECDSA key needs four, which take minutes',
    examples: ['mpc identity primes', 'mpc identity primes --count 8'],
    flags: [{ flags: '--count <n>', text: 'how many; default: 4', parse: once(wholeNumber(1)) }],
    load: async () => (await import('./primes.js')).run,
  },
  {
    name: 'identity show',
    summary: 'show your card, or a card that this home knows',
    examples: ['mpc identity show', 'mpc identity show bob --json'],
    operands: [{ name: '[name]', text: 'the owner of the card; default: you' }],
    flags: [],
    load: async () => (await import('./show.js')).run,
  },
  {
    name: 'identity export',
    summary: 'print your card, one line, for the others',
    examples: ['mpc identity export'],
    flags: [],
    load: async () => (await import('./show.js')).runExport,
  },
  {
    name: 'identity import',
    summary: 'store the cards of others; only --fingerprint or `identity verify` makes a card verified',
    examples: [
      'mpc identity import bob.card carol.card',
      'mpc identity import bob.card --fingerprint $FINGERPRINT',
    ],
    operands: [{ name: '<file...>', text: 'a file of cards, one a line; - for stdin' }],
    flags: [
      {
        flags: '--fingerprint <hex>',
        text: 'the 64 hex digits of a card, as its owner told you; repeatable',
        parse: repeatable(hash),
      },
      {
        flags: '--rebind <file>',
        text: 'the rebind of a custodian whose card is new; needs --fingerprint',
        parse: once(any),
      },
      { flags: '--replace <name>', text: 'give this name to the new card', parse: once(name) },
      {
        flags: '--confirm <name>',
        text: 'the name again, without a prompt',
        parse: once(name),
      },
    ],
    load: async () => (await import('./import.js')).run,
  },
  {
    name: 'identity verify',
    summary: 'compare a card with its owner, word by word or by fingerprint',
    examples: ['mpc identity verify carol', 'mpc identity verify bob --fingerprint $FINGERPRINT'],
    operands: [{ name: '<name>', text: 'the owner of the card' }],
    flags: [fingerprint],
    load: async () => (await import('./verify.js')).run,
  },
  {
    name: 'identity list',
    summary: 'list the cards that this home knows',
    examples: ['mpc identity list'],
    flags: [],
    load: async () => (await import('./show.js')).runList,
  },
]

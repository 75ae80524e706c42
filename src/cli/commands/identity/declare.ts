/** `mpc identity`: who I am, and whom I know. */
import { any, hash, name, once, repeatable, wholeNumber } from '../../runtime/parse.js'
import type { CommandSpec } from '../../runtime/command.js'

const fingerprint = {
  flags: '--fingerprint <hex>',
  text: 'its 64 hex digits, as its owner told you',
  parse: once(hash),
}

export const identityCommands: readonly CommandSpec[] = [
  {
    name: 'identity init',
    summary: 'make your identity: three keys, sealed, and the card that others know you by',
    examples: [
      'mpc identity init --name alice',
      'mpc identity init --name alice --passphrase-file secret.txt',
    ],
    flags: [
      { flags: '--name <name>', text: 'how others will call you: a-z, 0-9 and -', parse: once(name) },
      {
        flags: '--post-quantum',
        text: 'seal files against quantum computers; needs age 1.3 to open by hand',
      },
      {
        flags: '--primes <n>',
        text: 'large primes to make at once, as `identity primes` does',
        parse: once(wholeNumber(0)),
      },
    ],
    load: async () => (await import('./init.js')).run,
  },
  {
    name: 'identity reseal',
    summary: 'seal your identity by another passphrase, or to an age identity; nothing else changes',
    examples: [
      'mpc identity reseal',
      'mpc identity reseal --passphrase-file old.txt --new-passphrase-file new.txt',
      'mpc identity reseal --passphrase-file old.txt --new-identity age.txt',
    ],
    flags: [
      {
        flags: '--new-passphrase-file <file>',
        text: 'the new passphrase, in a file that you alone can read',
        parse: once(any),
      },
      {
        flags: '--new-passphrase-fd <n>',
        text: 'the same from a descriptor',
        parse: once(wholeNumber(0)),
      },
      {
        flags: '--new-identity <file>',
        text: 'a file of age identities, each of which opens it',
        parse: once(any),
      },
    ],
    load: async () => (await import('./reseal.js')).run,
  },
  {
    name: 'identity primes',
    summary: 'make large primes ahead: a threshold ECDSA key takes four, and minutes to make them',
    examples: ['mpc identity primes', 'mpc identity primes --count 8'],
    flags: [{ flags: '--count <n>', text: 'how many; 4 if left out', parse: once(wholeNumber(1)) }],
    load: async () => (await import('./primes.js')).run,
  },
  {
    name: 'identity show',
    summary: 'show your card, or that of somebody you know',
    examples: ['mpc identity show', 'mpc identity show bob --json'],
    operands: [{ name: '[name]', text: 'whose; yours if left out' }],
    flags: [],
    load: async () => (await import('./show.js')).run,
  },
  {
    name: 'identity export',
    summary: 'print your card, one line, to give to the others',
    examples: ['mpc identity export'],
    flags: [],
    load: async () => (await import('./show.js')).runExport,
  },
  {
    name: 'identity import',
    summary: "store others' cards; verified only with the fingerprint that their owner told you",
    examples: [
      'mpc identity import bob.card carol.card',
      'mpc identity import bob.card --fingerprint $FINGERPRINT',
    ],
    operands: [{ name: '<file...>', text: 'one or many cards each, a line a card; - for stdin' }],
    flags: [
      {
        flags: '--fingerprint <hex>',
        text: 'the 64 hex digits of one of the cards, as its owner told you; repeatable',
        parse: repeatable(hash),
      },
      {
        flags: '--rebind <file>',
        text: "with --fingerprint: a custodian's new identity, with the statement that puts it into its seat",
        parse: once(any),
      },
      { flags: '--replace <name>', text: 'let this name mean the new card', parse: once(name) },
      {
        flags: '--confirm <name>',
        text: 'the same name again, where nobody can be asked',
        parse: once(name),
      },
    ],
    load: async () => (await import('./import.js')).run,
  },
  {
    name: 'identity verify',
    summary: 'compare a card with its owner, word by word',
    examples: ['mpc identity verify carol', 'mpc identity verify bob --fingerprint $FINGERPRINT'],
    operands: [{ name: '<name>', text: 'whose card' }],
    flags: [fingerprint],
    load: async () => (await import('./verify.js')).run,
  },
  {
    name: 'identity list',
    summary: 'list whom this home knows',
    examples: ['mpc identity list'],
    flags: [],
    load: async () => (await import('./show.js')).runList,
  },
]

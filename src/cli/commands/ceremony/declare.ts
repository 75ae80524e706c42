/** `mpc ceremony`: what a ceremony is, agreed before it runs; `mpc keygen`, `reshare` and `refresh` run it, `mpc ecdh` only opens one. */
import { any, hash, hashes, name, names, once, people, wholeNumber } from '../../runtime/parse.js'
import { allowQuarantined, confirm, linger } from '../../args/shared-flags.js'
import type { CommandSpec, Flag, Operand } from '../../runtime/command.js'

const file: Operand = { name: '<file>', text: 'the ceremony file, .mpc' }
const known: Operand = {
  name: '<file>',
  text: 'the ceremony file, or its id where this home took part in it',
}
const out = { flags: '-o, --out <file>', text: 'the file to make; never overwritten', parse: once(any) }

const takingPart: readonly Flag[] = [
  { flags: '--definition <file>', text: 'the ceremony file', parse: once(any) },
  {
    flags: '--join <id>',
    text: 'or its id, all 64 digits: it is fetched from whoever has it',
    parse: once(hash),
  },
  { flags: '--accept <id>', text: 'the id that you have seen and accept', parse: once(hash) },
  allowQuarantined,
  linger,
]

export const ceremonyCommands: readonly CommandSpec[] = [
  {
    name: 'ceremony new',
    summary: 'write down what is to happen: which key, who holds it, how many must sign',
    examples: [
      'mpc ceremony new keygen --key treasury --scheme eddsa-ed25519 --threshold 2 --members alice,bob,carol -o treasury.mpc',
      'mpc ceremony new keygen --key vault --scheme schnorr-taproot --threshold 2 --members alice,bob.card -o v.mpc',
      'mpc ceremony new --from keygen-2-of-3.yaml -o vault.mpc',
      'mpc ceremony new reshare --key treasury --threshold 3 --members alice,bob,carol,dave,erin -o reshare.mpc',
      'mpc ceremony new refresh --key treasury -o refresh.mpc',
      'mpc ceremony new reshare --key treasury --members alice,bob,dave --supersedes $ID -o again.mpc',
    ],
    operands: [{ name: '[kind]', text: 'keygen, reshare, refresh' }],
    flags: [
      { flags: '--key <name>', text: 'how the key will be called', parse: once(name) },
      {
        flags: '--scheme <scheme>',
        text: 'ecdsa-secp256k1, eddsa-ed25519, schnorr-taproot',
        parse: once(any),
      },
      { flags: '--threshold <n>', text: 'how many must sign', parse: once(wholeNumber(0)) },
      {
        flags: '--members <names>',
        text: 'the custodians, separated by commas: names that this home knows, or card files',
        parse: once(people),
      },
      {
        flags: '--dealers <names>',
        text: 'of a reshare: who of the old custodians deal; the first if left out',
        parse: once(names),
      },
      { flags: '--minority', text: 'of a reshare: go on without more than half of the old custodians' },
      {
        flags: '--supersedes <ids>',
        text: 'of a reshare: the id of the unfinished one that it replaces; of several, separated by commas',
        parse: hashes,
      },
      { flags: '--operators <names>', text: 'who may ask for signatures', parse: once(names) },
      { flags: '--approvers <names>', text: 'who approves requests', parse: once(names) },
      { flags: '--observers <names>', text: 'who may watch', parse: once(names) },
      { flags: '--not-before <time>', text: 'like 2030-01-31T09:00:00Z; now if left out', parse: once(any) },
      { flags: '--expires <time>', text: 'a time, or a span like 12h; 7d if left out', parse: once(any) },
      { flags: '--from <plan>', text: 'all of this from a YAML file', parse: once(any) },
      { ...out, required: true },
    ],
    load: async () => (await import('./new.js')).run,
  },
  {
    name: 'ceremony show',
    summary: 'show what a ceremony file says, and its id',
    examples: ['mpc ceremony show treasury.mpc', 'mpc ceremony show treasury.mpc --json'],
    operands: [known],
    flags: [],
    load: async () => (await import('./show.js')).run,
  },
  {
    name: 'ceremony sign',
    summary: 'sign a ceremony file ahead of the ceremony; running it signs too',
    examples: ['mpc ceremony sign treasury.mpc', 'mpc ceremony sign treasury.mpc --accept $ID'],
    operands: [file],
    flags: [
      { flags: '--accept <id>', text: 'the id that you have seen and accept', parse: once(hash) },
      confirm,
    ],
    load: async () => (await import('./sign.js')).run,
  },
  {
    name: 'ceremony merge',
    summary: 'unite the signatures on several copies of one ceremony file',
    examples: ['mpc ceremony merge from-alice.mpc from-bob.mpc -o both.mpc'],
    operands: [{ name: '<file...>', text: 'copies of one ceremony file' }],
    flags: [{ ...out, required: true }],
    load: async () => (await import('./merge.js')).run,
  },
  {
    name: 'ceremony verify',
    summary: 'check that every participant has signed a ceremony file',
    examples: ['mpc ceremony verify signed.mpc'],
    operands: [known],
    flags: [],
    load: async () => (await import('./show.js')).runVerify,
  },
  {
    name: 'ceremony list',
    summary: 'list the ceremonies that this home took part in, and how far each came',
    examples: ['mpc ceremony list', 'mpc ceremony list --all'],
    flags: [{ flags: '--all', text: 'signatures too, each with its transcript' }],
    load: async () => (await import('./list.js')).run,
  },
  {
    name: 'ceremony publish',
    summary: 'hand a ceremony file to those whom it names, who join it by its id',
    examples: ['mpc ceremony publish treasury.mpc'],
    operands: [file],
    flags: [],
    load: async () => (await import('./publish.js')).run,
  },
  {
    name: 'ceremony abort',
    summary: 'end a ceremony in which you have not voted, and tell whoever waits for you',
    examples: ['mpc ceremony abort treasury.mpc', 'mpc ceremony abort $ID'],
    operands: [known],
    flags: [],
    load: async () => (await import('./abort.js')).run,
  },
  {
    name: 'ceremony finish',
    summary: 'end a ceremony whose outcome this member does not know',
    examples: ['mpc ceremony finish treasury.mpc', 'mpc ceremony finish treasury.mpc --certificate bob.cert'],
    operands: [known],
    flags: [
      { flags: '--certificate <file>', text: 'the certificate, from a member that has it', parse: once(any) },
      linger,
    ],
    load: async () => (await import('./finish.js')).run,
  },
  {
    name: 'ecdh handshake',
    summary: 'meet over the network, agree on keys, and compare six words',
    examples: ['mpc ecdh handshake --with bob,carol', 'mpc ecdh handshake --definition treasury.mpc'],
    flags: [
      { flags: '--definition <file>', text: 'whose members meet', parse: once(any) },
      { flags: '--with <names>', text: 'whom to meet, separated by commas', parse: once(names) },
      allowQuarantined,
    ],
    load: async () => (await import('./ecdh.js')).run,
  },
  {
    name: 'keygen',
    summary: 'make a key together; each custodian runs this and keeps one share',
    examples: [
      'mpc keygen --definition treasury.mpc',
      'mpc keygen --join $ID',
      'mpc keygen --definition treasury.mpc --accept $ID --json',
    ],
    flags: takingPart,
    load: async () => (await import('./keygen.js')).run,
  },
  {
    name: 'reshare',
    summary: 'deal a key anew, to the same people or others; its public key stays',
    examples: [
      'mpc reshare --definition reshare.mpc',
      'mpc reshare --join $ID',
      'mpc reshare --definition reshare.mpc --accept $ID --json',
    ],
    flags: [...takingPart, confirm],
    load: async () => (await import('./reshare.js')).run,
  },
  {
    name: 'refresh',
    summary: 'give the same custodians new shares, so that old ones that leaked are of no use with them',
    examples: ['mpc refresh --definition refresh.mpc', 'mpc refresh --definition refresh.mpc --accept $ID'],
    flags: [...takingPart, confirm],
    load: async () => (await import('./reshare.js')).run,
  },
]

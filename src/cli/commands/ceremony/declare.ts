/** `mpc ceremony`, `mpc keygen`, `mpc reshare`, `mpc refresh` and `mpc ecdh`. */
import { any, hash, hashes, name, names, once, people, wholeNumber } from '../../runtime/parse.js'
import { allowQuarantined, confirm, linger, takingPart } from '../../args/shared-flags.js'
import type { CommandSpec, Operand } from '../../runtime/command.js'

const file: Operand = { name: '<file>', text: 'the ceremony file, .mpc' }
const known: Operand = {
  name: '<file>',
  text: 'the ceremony file, or the first digits of its ID (6 or more) if this home took part',
}
const out = { flags: '-o, --out <file>', text: 'the file to write; never overwritten', parse: once(any) }

export const ceremonyCommands: readonly CommandSpec[] = [
  {
    name: 'ceremony new',
    summary: 'write a ceremony file: which key, which custodians, how many must sign',
    examples: [
      'mpc ceremony new keygen --key treasury --scheme eddsa-ed25519 --threshold 2 --members alice,bob,carol -o treasury.mpc',
      'mpc ceremony new keygen --key vault --scheme schnorr-taproot --threshold 2 --members alice,bob.card -o v.mpc',
      'mpc ceremony new --from keygen-2-of-3.yaml -o vault.mpc',
      'mpc ceremony new reshare --key treasury --threshold 3 --members alice,bob,carol,dave,erin -o reshare.mpc',
      'mpc ceremony new refresh --key treasury -o refresh.mpc',
      'mpc ceremony new policy --key treasury --policy treasury.yaml -o policy.mpc',
      'mpc ceremony new reshare --key treasury --members alice,bob,dave --supersedes $ID -o again.mpc',
    ],
    operands: [{ name: '[kind]', text: 'keygen, reshare, refresh, policy' }],
    flags: [
      { flags: '--key <name>', text: 'the name of the key', parse: once(name) },
      {
        flags: '--scheme <scheme>',
        text: 'ecdsa-secp256k1, eddsa-ed25519, schnorr-taproot',
        parse: once(any),
      },
      { flags: '--threshold <n>', text: 'how many must sign', parse: once(wholeNumber(0)) },
      {
        flags: '--members <names>',
        text: 'the custodians, separated by commas: known names or card files',
        parse: once(people),
      },
      {
        flags: '--dealers <names>',
        text: 'reshare: the old custodians who deal; default: the first ones',
        parse: once(names),
      },
      { flags: '--minority', text: 'reshare: go on without more than half of the old custodians' },
      {
        flags: '--supersedes <ids>',
        text: 'reshare, policy: the IDs of unfinished ceremonies to replace, separated by commas',
        parse: hashes,
      },
      { flags: '--observers <names>', text: 'the members who observe', parse: once(names) },
      {
        flags: '--policy <file>',
        text: 'keygen, policy: the policy of the key, a YAML file',
        parse: once(any),
      },
      {
        flags: '--not-before <time>',
        text: 'the earliest start, such as 2030-01-31T09:00:00Z; default: now',
        parse: once(any),
      },
      { flags: '--expires <time>', text: 'a time, or a duration such as 12h; default: 7d', parse: once(any) },
      { flags: '--from <plan>', text: 'a YAML file with these fields', parse: once(any) },
      { ...out, required: true },
    ],
    load: async () => (await import('./new.js')).run,
  },
  {
    name: 'ceremony show',
    summary: 'show a ceremony file and its ID',
    examples: ['mpc ceremony show treasury.mpc', 'mpc ceremony show treasury.mpc --json'],
    operands: [known],
    flags: [],
    load: async () => (await import('./show.js')).run,
  },
  {
    name: 'ceremony sign',
    summary: 'sign a ceremony file in advance; taking part signs it too',
    examples: ['mpc ceremony sign treasury.mpc', 'mpc ceremony sign treasury.mpc --accept $ID'],
    operands: [file],
    flags: [
      { flags: '--accept <id>', text: 'the ID that you have checked and accept', parse: once(hash) },
      confirm,
    ],
    load: async () => (await import('./sign.js')).run,
  },
  {
    name: 'ceremony merge',
    summary: 'merge the signatures on copies of one ceremony file',
    examples: ['mpc ceremony merge from-alice.mpc from-bob.mpc -o both.mpc'],
    operands: [{ name: '<file...>', text: 'the copies' }],
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
    summary: 'list the ceremonies of this home and their states',
    examples: ['mpc ceremony list', 'mpc ceremony list --all'],
    flags: [{ flags: '--all', text: 'list signatures too, with their transcripts' }],
    load: async () => (await import('./list.js')).run,
  },
  {
    name: 'ceremony publish',
    summary: 'send a ceremony file to its members, who join by its ID',
    examples: ['mpc ceremony publish treasury.mpc', 'mpc ceremony publish treasury.mpc --durable --json'],
    operands: [file],
    flags: [
      {
        flags: '--durable',
        text: 'leave a key generation on the server, for members who come later; needs `mpc nats setup`',
      },
    ],
    load: async () => (await import('./publish.js')).run,
  },
  {
    name: 'ceremony abort',
    summary: 'end a ceremony in which you have not voted, and tell the others',
    examples: ['mpc ceremony abort treasury.mpc', 'mpc ceremony abort $ID'],
    operands: [known],
    flags: [],
    load: async () => (await import('./abort.js')).run,
  },
  {
    name: 'ceremony finish',
    summary: 'learn and store the outcome of a ceremony in doubt',
    examples: ['mpc ceremony finish treasury.mpc', 'mpc ceremony finish treasury.mpc --certificate bob.cert'],
    operands: [known],
    flags: [
      { flags: '--certificate <file>', text: 'the certificate, from a member who has it', parse: once(any) },
      linger,
    ],
    load: async () => (await import('./finish.js')).run,
  },
  {
    name: 'ecdh handshake',
    summary: 'test the connection: meet other members and compare six words',
    examples: ['mpc ecdh handshake --with bob,carol', 'mpc ecdh handshake --definition treasury.mpc'],
    flags: [
      { flags: '--definition <file>', text: 'a ceremony file whose members meet', parse: once(any) },
      { flags: '--with <names>', text: 'the people to meet, separated by commas', parse: once(names) },
      allowQuarantined,
    ],
    load: async () => (await import('./ecdh.js')).run,
  },
  {
    name: 'keygen',
    summary: 'make a key; each custodian runs this and keeps one share',
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
    summary: 'deal new shares of a key, to the same custodians or others; the public key stays',
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
    summary: 'deal new shares to the same custodians; old shares become useless',
    examples: ['mpc refresh --definition refresh.mpc', 'mpc refresh --definition refresh.mpc --accept $ID'],
    flags: [...takingPart, confirm],
    load: async () => (await import('./reshare.js')).run,
  },
]

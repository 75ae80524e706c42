/** Making keys, signing with them, and checking what came out. */
import type { AddressType } from '../../payload/address.js'
import type { PayloadType } from '../../wire/definition.js'
import {
  any,
  approval,
  hash,
  letterOf,
  name,
  names,
  once,
  oneOf,
  repeatable,
  wholeNumber,
} from '../arguments.js'
import type { CommandSpec, Flag } from './spec.js'

const path: Flag = {
  flags: '--path <path>',
  text: "of a derived key, m/0/1; no hardened steps (m/0'): they take the private key, which exists nowhere",
  parse: once(any),
}

/** For every command that meets others. */
export const allowQuarantined: Flag = {
  flags: '--allow-quarantined <names>',
  text: 'go on with members whom this machine saw break a ceremony',
  parse: once(names),
}

/** For every command that ends by helping others to end. */
export const linger: Flag = {
  flags: '--linger <seconds>',
  text: 'stay this long for the others at the end; 60 if left out',
  parse: once(wholeNumber(0)),
}

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

/** Of what is severe about a resharing. */
export const confirm: Flag = {
  flags: '--confirm <name>',
  text: "the key's name again: by a dealer of a minority, and by everybody where it replaces another",
  parse: once(name),
}

export const signingCommands: readonly CommandSpec[] = [
  {
    name: 'keygen',
    summary: 'make a key together; each custodian runs this and keeps one share',
    examples: [
      'mpc keygen --definition treasury.mpc',
      'mpc keygen --join $ID',
      'mpc keygen --definition treasury.mpc --accept $ID --json',
    ],
    flags: takingPart,
    load: async () => (await import('../commands/keygen.js')).run,
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
    load: async () => (await import('../commands/reshare.js')).run,
  },
  {
    name: 'refresh',
    summary: 'give the same custodians new shares, so that old ones that leaked are of no use with them',
    examples: ['mpc refresh --definition refresh.mpc', 'mpc refresh --definition refresh.mpc --accept $ID'],
    flags: [...takingPart, confirm],
    load: async () => (await import('../commands/reshare.js')).run,
  },
  {
    name: 'sign',
    summary: 'ask for a signature, or join one that another asked for',
    examples: [
      'mpc sign --key treasury --in message.bin --signers alice,bob',
      'mpc sign --key treasury --next',
      'mpc sign --key treasury --next --approve sha256:$HASH --json',
    ],
    flags: [
      { flags: '--key <name>', text: 'the key', parse: once(name), required: true },
      { flags: '--in <file>', text: 'what to sign; - for stdin', parse: once(any) },
      {
        flags: '--type <type>',
        text: 'raw (bytes, if left out) or text; a digest, or any 32 bytes, are refused for want of a policy',
        parse: once(oneOf<PayloadType>(['raw', 'digest', 'text'])),
      },
      path,
      { flags: '--signers <names>', text: 'who signs, separated by commas', parse: once(names) },
      {
        flags: '--join <request>',
        text: 'join this request, or print again what was signed by it',
        parse: once(hash),
      },
      { flags: '--next', text: 'join the oldest pending request' },
      {
        flags: '--approve <hash>',
        text: 'approve a payload: sha256: and its hex; repeatable',
        parse: repeatable(approval),
      },
      { flags: '--approve-file <file>', text: 'such approvals, one a line', parse: once(any) },
      { flags: '--reason <text>', text: 'shown to the others', parse: once(any) },
      allowQuarantined,
      linger,
    ],
    load: async () => (await import('../commands/sign.js')).run,
  },
  {
    name: 'key list',
    summary: 'list the keys that this home holds a share of',
    examples: ['mpc key list'],
    flags: [],
    load: async () => (await import('../commands/key.js')).runList,
  },
  {
    name: 'key show',
    summary: 'show a key: its public key, and who holds it',
    examples: ['mpc key show treasury', 'mpc key show treasury --export -o treasury.record'],
    operands: [{ name: '<name>', text: 'the key' }],
    flags: [
      { flags: '--export', text: 'its public record instead' },
      { flags: '-o, --out <file>', text: 'to this file', parse: once(any) },
    ],
    load: async () => (await import('../commands/key.js')).runShow,
  },
  {
    name: 'key address',
    summary: "print a key's address on a chain, or that of a key derived from it",
    examples: [
      'mpc key address treasury --type evm',
      'mpc key address treasury --type btc-p2wpkh --path m/0/1',
    ],
    operands: [{ name: '<name>', text: 'the key' }],
    flags: [
      {
        flags: '--type <type>',
        text: 'evm, btc-p2wpkh (ecdsa); btc-p2tr (schnorr-taproot); sol (eddsa)',
        parse: once(oneOf<AddressType>(['evm', 'btc-p2wpkh', 'btc-p2tr', 'sol'])),
        required: true,
      },
      path,
    ],
    load: async () => (await import('../commands/key-public.js')).runAddress,
  },
  {
    name: 'key export-public',
    summary: 'print a public key for other programs: an xpub to watch its addresses with, or hex',
    examples: ['mpc key export-public treasury', 'mpc key export-public treasury --format hex --path m/0/1'],
    operands: [{ name: '<name>', text: 'the key' }],
    flags: [
      {
        flags: '--format <format>',
        text: 'xpub (BIP-32; if left out, where there is one) or hex',
        parse: once(oneOf(['xpub', 'hex'])),
      },
      path,
    ],
    load: async () => (await import('../commands/key-public.js')).runExport,
  },
  {
    name: 'verify',
    summary: 'check a signature',
    examples: [
      'mpc verify --key treasury --in message.bin --signature $SIGNATURE',
      'mpc verify --public-key $KEY --scheme eddsa-ed25519 --in message.bin --signature $SIGNATURE',
    ],
    flags: [
      { flags: '--key <name>', text: 'under this key', parse: once(name) },
      { flags: '--public-key <hex>', text: 'under this public key', parse: once(any) },
      { flags: '--scheme <scheme>', text: 'of this scheme', parse: once(any) },
      { flags: '--in <file>', text: 'what was signed; - for stdin', parse: once(any), required: true },
      {
        flags: '--type <type>',
        text: 'as it was signed: raw (if left out), digest, text',
        parse: once(oneOf<PayloadType>(['raw', 'digest', 'text'])),
      },
      path,
      { flags: '--signature <hex>', text: '64 bytes in hex', parse: once(any), required: true },
    ],
    load: async () => (await import('../commands/verify.js')).run,
  },
  {
    name: 'transcript verify',
    summary: 'check the transcript of a ceremony, or who broke one, offline',
    examples: [
      'mpc transcript verify treasury.transcript --card bob.card',
      'mpc transcript verify run-3f2a90c4d1e85b67.cbor',
    ],
    operands: [{ name: '<file>', text: 'the transcript, or the evidence that a failed ceremony left' }],
    flags: [{ flags: '--card <file>', text: 'a card that it must fit; repeatable', parse: repeatable(any) }],
    load: async () => (await import('../commands/transcript.js')).run,
  },
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
    load: async () => (await import('../commands/rehearse.js')).run,
  },
  {
    name: 'explain',
    summary: 'say what an error code or an exit code means and what to do; list them all',
    examples: ['mpc explain E_NO_IDENTITY', 'mpc explain 7', 'mpc explain', 'mpc explain --schema'],
    operands: [{ name: '[code]', text: 'an error code, E_..., or what the program exited with' }],
    flags: [{ flags: '--schema', text: 'print the JSON Schema of what --json prints' }],
    load: async () => (await import('../commands/explain.js')).run,
  },
]

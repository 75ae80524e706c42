/** `mpc sign`, `mpc inspect`, `mpc key`, `mpc verify` and `mpc transcript`. */
import { ADDRESS_TYPES, NETWORKS } from '../../../payload/chain.js'
import { KEY_FORMATS } from '../../../payload/public-key-file.js'
import { PAYLOAD_NAMES, PAYLOAD_TYPES } from '../../../payload/registry/registry.js'
import { SIGNATURE_FORMATS } from '../../../payload/signature-file.js'
import {
  any,
  approval,
  hash,
  name,
  names,
  once,
  oneOf,
  repeatable,
  span,
  wholeNumber,
} from '../../runtime/parse.js'
import { allowQuarantined, linger } from '../../args/shared-flags.js'
import { MOST_PRESIGNATURES } from '../../../wire/ceremony/definition.js'
import type { CommandSpec, Flag } from '../../runtime/command.js'

const path: Flag = {
  flags: '--path <path>',
  text: "the path of a derived key, such as m/0/1; hardened steps (m/0') need the whole private key",
  parse: once(any),
}

const network: Flag = {
  flags: '--network <network>',
  text: 'the network of Bitcoin: mainnet (the default) or testnet; other chains have one form for all',
  parse: once(oneOf(NETWORKS)),
}
const out: Flag = { flags: '-o, --out <file>', text: 'the file to write', parse: once(any) }

const type = { flags: '--type <type>', parse: once(oneOf(PAYLOAD_NAMES)) }
const words = {
  title: 'Payload types',
  rows: PAYLOAD_TYPES.map(({ type: name, summary }) => [name, summary] as const),
}

const FORMAT_ROWS = [
  [
    'descriptor',
    'for Bitcoin wallets: the addresses below 0/* and 1/* (ecdsa and schnorr-taproot; the default there)',
  ],
  ['xpub', 'BIP-32, for other programs that derive addresses (ecdsa, schnorr-taproot)'],
  ['pem', 'SubjectPublicKeyInfo, for OpenSSL (ecdsa, eddsa)'],
  ['der', 'the same in binary, into a file'],
  ['jwk', 'a JSON Web Key (ecdsa, eddsa)'],
  ['ssh', 'a line for authorized_keys or allowed_signers (eddsa)'],
  ['hex', 'the bytes of the key (all; the default of eddsa)'],
] as const

export const signingCommands: readonly CommandSpec[] = [
  {
    name: 'sign',
    summary: 'request a signature, or join a request of another custodian',
    examples: [
      'mpc sign --key treasury --in message.bin --signers alice,bob',
      'mpc sign --key treasury --next',
      'mpc sign --key treasury --next --approve sha256:$HASH --json',
      'mpc sign --key treasury --next --approve policy --json',
      'mpc sign --key treasury --drain --approve policy --json',
      'mpc sign --key treasury --in message.bin --format raw -o message.sig',
    ],
    flags: [
      { flags: '--key <name>', text: 'the key', parse: once(name), required: true },
      { flags: '--in <file>', text: 'the file to sign; - for stdin', parse: once(any) },
      { ...type, text: 'the type of the payload, listed below (default: raw)' },
      path,
      { flags: '--signers <names>', text: 'the signers, separated by commas', parse: once(names) },
      {
        flags: '--join <request>',
        text: 'join this request, or print its signature again',
        parse: once(hash),
      },
      { flags: '--next', text: 'join the oldest pending request' },
      { flags: '--drain', text: 'sign all that wait, one after another, with the others who are there' },
      {
        flags: '--wait <time>',
        text: 'with --drain: how long to wait for more, such as 10m (default: until nothing is left)',
        parse: once(span),
      },
      {
        flags: '--approve <hash>',
        text: 'approve a payload: sha256: and 64 hex digits, repeatable; or policy: what unattended rules allow',
        parse: repeatable(approval),
      },
      { flags: '--approve-file <file>', text: 'a file of approvals, one a line', parse: once(any) },
      out,
      {
        flags: '--format <format>',
        text: `the form of the signature: ${SIGNATURE_FORMATS.join(', ')}; default: hex`,
        parse: once(oneOf(SIGNATURE_FORMATS)),
      },
      { flags: '--reason <text>', text: 'a reason to show to the others', parse: once(any) },
      allowQuarantined,
      linger,
    ],
    words,
    opens: true,
    load: async () => (await import('./sign.js')).run,
  },
  {
    name: 'presign',
    summary: 'make presignatures ahead, before anybody knows what is signed; each signer runs it',
    examples: ['mpc presign --key treasury --signers alice,bob --count 20'],
    flags: [
      { flags: '--key <name>', text: 'the key, of ecdsa-secp256k1', parse: once(name), required: true },
      {
        flags: '--signers <names>',
        text: 'all who will sign with them, separated by commas; the same at each of them',
        parse: once(names),
        required: true,
      },
      {
        flags: '--count <n>',
        text: `how many, 1 to ${MOST_PRESIGNATURES}; the same at each signer`,
        parse: once(wholeNumber(1, MOST_PRESIGNATURES)),
        required: true,
      },
      allowQuarantined,
    ],
    opens: true,
    load: async () => (await import('./presign.js')).run,
  },
  {
    name: 'inspect',
    summary: 'show what a payload does, offline',
    examples: [
      'mpc inspect --type evm-tx --in tx.hex --key treasury',
      'mpc inspect --type text --in letter.txt --json',
    ],
    flags: [
      { ...type, text: 'the type of the payload, listed below', required: true },
      {
        flags: '--in <file>',
        text: 'the file with the payload; - for stdin',
        parse: once(any),
        required: true,
      },
      { flags: '--key <name>', text: 'the key that will sign it', parse: once(name) },
      path,
    ],
    words,
    load: async () => (await import('./inspect.js')).run,
  },
  {
    name: 'key list',
    summary: 'list the keys of this home',
    examples: ['mpc key list'],
    flags: [],
    load: async () => (await import('./key.js')).runList,
  },
  {
    name: 'key show',
    summary: 'show a key: its public key and its custodians',
    examples: ['mpc key show treasury', 'mpc key show treasury --export -o treasury.record'],
    operands: [{ name: '<name>', text: 'the key' }],
    flags: [{ flags: '--export', text: 'print its public record instead' }, out],
    load: async () => (await import('./key.js')).runShow,
  },
  {
    name: 'key address',
    summary: 'print the address of a key, or of a key derived from it',
    examples: [
      'mpc key address treasury --type evm',
      'mpc key address treasury --type btc-p2wpkh --path m/0/1',
    ],
    operands: [{ name: '<name>', text: 'the key' }],
    flags: [
      {
        flags: '--type <type>',
        text: 'evm, btc-p2wpkh (ecdsa); btc-p2tr (schnorr-taproot); sol (eddsa)',
        parse: once(oneOf(ADDRESS_TYPES)),
        required: true,
      },
      path,
      network,
    ],
    load: async () => (await import('./public.js')).runAddress,
  },
  {
    name: 'key export-public',
    summary: 'print a public key for wallets, OpenSSL, SSH and other programs',
    examples: [
      'mpc key export-public treasury',
      'mpc key export-public treasury --format pem -o treasury.pem',
      'mpc key export-public treasury --format hex --path m/0/1',
    ],
    operands: [{ name: '<name>', text: 'the key' }],
    flags: [
      { flags: '--format <format>', text: 'listed below', parse: once(oneOf(KEY_FORMATS)) },
      path,
      network,
      out,
    ],
    words: { title: 'Formats', rows: FORMAT_ROWS },
    load: async () => (await import('./public.js')).runExport,
  },
  {
    name: 'verify',
    summary: 'check a signature',
    examples: [
      'mpc verify --key treasury --in message.bin --signature $SIGNATURE',
      'mpc verify --key treasury --in message.bin --signature-file message.sig',
      'mpc verify --public-key $KEY --scheme eddsa-ed25519 --in message.bin --signature $SIGNATURE',
    ],
    flags: [
      { flags: '--key <name>', text: 'a key of this home', parse: once(name) },
      { flags: '--public-key <hex>', text: 'or a public key', parse: once(any) },
      { flags: '--scheme <scheme>', text: 'the scheme of --public-key', parse: once(any) },
      { flags: '--in <file>', text: 'the signed file; - for stdin', parse: once(any), required: true },
      { ...type, text: 'the type of the payload (default: raw)' },
      path,
      { flags: '--signature <text>', text: '64 bytes in hex or base64', parse: once(any) },
      {
        flags: '--signature-file <file>',
        text: 'or a file of it in any form of `mpc sign --format`; - for stdin',
        parse: once(any),
      },
    ],
    load: async () => (await import('./verify.js')).run,
  },
  {
    name: 'transcript verify',
    summary: 'check a transcript, or evidence of a broken ceremony, offline',
    examples: [
      'mpc transcript verify treasury.transcript --card bob.card',
      'mpc transcript verify run-3f2a90c4d1e85b67.cbor',
    ],
    operands: [{ name: '<file>', text: 'the transcript or the evidence file' }],
    flags: [{ flags: '--card <file>', text: 'the card of a member; repeatable', parse: repeatable(any) }],
    load: async () => (await import('./transcript.js')).run,
  },
]

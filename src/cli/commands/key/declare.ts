/** `mpc sign`, `mpc key`, `mpc verify`: signing with keys, showing them, and checking what came out. */
import type { AddressType } from '../../../payload/address.js'
import type { PayloadType } from '../../../wire/ceremony/definition.js'
import { any, approval, hash, name, names, once, oneOf, repeatable } from '../../runtime/parse.js'
import { allowQuarantined, linger } from '../../args/shared-flags.js'
import type { CommandSpec, Flag } from '../../runtime/command.js'

const path: Flag = {
  flags: '--path <path>',
  text: "of a derived key, m/0/1; no hardened steps (m/0'): they take the private key, which exists nowhere",
  parse: once(any),
}

export const signingCommands: readonly CommandSpec[] = [
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
    load: async () => (await import('./sign.js')).run,
  },
  {
    name: 'key list',
    summary: 'list the keys that this home holds a share of',
    examples: ['mpc key list'],
    flags: [],
    load: async () => (await import('./key.js')).runList,
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
    load: async () => (await import('./key.js')).runShow,
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
    load: async () => (await import('./public.js')).runAddress,
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
    load: async () => (await import('./public.js')).runExport,
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
    load: async () => (await import('./verify.js')).run,
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
    load: async () => (await import('./transcript.js')).run,
  },
]

/** `mpc backup`: a share split among holders, and restored. */
import { any, name, namedFd, once, paths, repeatable, wholeNumber } from '../../runtime/parse.js'
import type { CommandSpec, Flag } from '../../runtime/command.js'

const key: Flag = { flags: '--key <name>', text: 'the key', parse: once(name), required: true }
const record: Flag = {
  flags: '--record <file>',
  text: 'the public record of the key, from `mpc key show NAME --export`, or the text of its code',
  parse: once(any),
}
const PIECE = 'a file: the piece, or the text of its code or lines; - for stdin, or to type it'
const certificate: Flag = {
  flags: '--certificate <file>',
  text: 'the certificate of the record, if the record is the text of a code',
  parse: once(any),
}
const manifest: Flag = {
  flags: '--manifest <file>',
  text: 'the manifest of the split, for a piece from paper: manifest.json or the text of its code',
  parse: once(any),
}
const piecePassphrase: Flag = {
  flags: '--piece-passphrase-fd <n>',
  text: 'a file descriptor with the passphrase of a piece; repeatable, in the order of the pieces',
  parse: repeatable(wholeNumber(0)),
}

export const backupCommands: readonly CommandSpec[] = [
  {
    name: 'backup split',
    summary: 'split your share among holders; a threshold of them can restore it',
    examples: [
      'mpc backup split --key treasury --threshold 3 --holders h1.card,h2.card,h3.card,vault=age1...,sister=passphrase -o pieces',
      'mpc backup split --key treasury --again h2 -o again',
    ],
    flags: [
      key,
      { flags: '--threshold <k>', text: 'how many pieces restore the share', parse: once(wholeNumber(2)) },
      {
        flags: '--holders <list>',
        text: 'card files, known names, NAME=age1... or NAME=passphrase, separated by commas',
        parse: once(paths),
      },
      {
        flags: '--again <name>',
        text: 'seal the piece of this holder again',
        parse: once(name),
      },
      {
        flags: '--manifests <files>',
        text: 'manifests of the other custodians, to count who together can restore the key',
        parse: once(paths),
      },
      { flags: '-o, --out <dir>', text: 'the folder to write', parse: once(any), required: true },
      {
        flags: '--holder-passphrase-fd <name:n>',
        text: 'a file descriptor with the passphrase of a holder; repeatable',
        parse: repeatable(namedFd),
      },
      {
        flags: '--confirm <name>',
        text: 'the name of the key again; needed if the split lets fewer people reach the key',
        parse: once(name),
      },
    ],
    load: async () => (await import('./split.js')).run,
  },
  {
    name: 'backup verify',
    summary: 'check a piece that you hold, and write a note for the custodian',
    examples: ['mpc backup verify h1.piece', 'mpc backup verify h1.piece --record record.json --json'],
    operands: [{ name: '<piece>', text: PIECE }],
    flags: [
      record,
      certificate,
      manifest,
      { flags: '-o, --out <file>', text: 'the note; default: beside the piece', parse: once(any) },
      piecePassphrase,
    ],
    load: async () => (await import('./piece.js')).runVerify,
  },
  {
    name: 'backup print',
    summary: 'print a piece that you hold, with its public data and instructions',
    examples: ['mpc backup print h1.piece -o h1.html', 'mpc backup print h1.piece --sealed -o h1.svg'],
    operands: [{ name: '<piece>', text: PIECE }],
    flags: [
      {
        flags: '-o, --out <file>',
        text: 'the file to write: .html with both sheets, or .svg, with another for the public sheet',
        parse: once(any),
        required: true,
      },
      { flags: '--sealed', text: 'print the piece sealed as it is now, not in clear' },
      record,
      certificate,
      manifest,
      piecePassphrase,
    ],
    load: async () => (await import('./print.js')).run,
  },
  {
    name: 'backup open',
    summary: 'seal a piece that you hold to the person who restores; their card must be verified',
    examples: ['mpc backup open h1.piece --to alice-new.card --confirm alice -o h1.reopened'],
    operands: [{ name: '<piece>', text: PIECE }],
    flags: [
      { flags: '--to <card>', text: 'a card file, or a known name', parse: once(any), required: true },
      { flags: '-o, --out <file>', text: 'the file to write', parse: once(any), required: true },
      {
        flags: '--confirm <name>',
        text: 'the name on the card again, without a prompt',
        parse: once(name),
      },
      record,
      certificate,
      manifest,
      piecePassphrase,
    ],
    load: async () => (await import('./piece.js')).runOpen,
  },
  {
    name: 'backup restore',
    summary: 'restore a share from its pieces into this home',
    examples: [
      'mpc backup restore h1.reopened h3.reopened h5.reopened',
      'mpc backup restore piece-1.txt piece-3.txt - --record record.txt --certificate certificate.txt --manifest manifest.txt',
    ],
    operands: [{ name: '<piece...>', text: PIECE }],
    flags: [
      {
        flags: '--key <name>',
        text: "the name of the key here; default: the custodian's name for it",
        parse: once(name),
      },
      {
        flags: '--public-key <hex>',
        text: 'the public key, as another custodian tells it; instead of a certificate',
        parse: once(any),
      },
      record,
      certificate,
      manifest,
      piecePassphrase,
    ],
    load: async () => (await import('./restore.js')).run,
  },
  {
    name: 'backup status',
    summary: 'show who holds pieces of your share and when they last checked them; import notes',
    examples: ['mpc backup status --key treasury', 'mpc backup status --key treasury h1.note h2.note'],
    operands: [{ name: '[note...]', text: 'notes from holders' }],
    flags: [key],
    load: async () => (await import('./status.js')).run,
  },
]

/** `mpc backup`: a custodian's share among holders, and back. */
import { any, name, namedFd, once, paths, repeatable, wholeNumber } from '../../runtime/parse.js'
import type { CommandSpec, Flag } from '../../runtime/command.js'

const key: Flag = { flags: '--key <name>', text: 'the key', parse: once(name), required: true }
const record: Flag = {
  flags: '--record <file>',
  text: "the key's public record in use, from `mpc key show NAME --export`, or the text of its code",
  parse: once(any),
}
const PIECE = 'a file, the text of a code or of lines from paper; - for stdin, or to type it at a terminal'
const certificate: Flag = {
  flags: '--certificate <file>',
  text: 'the certificate of that record, where the file does not hold it: the text of its code',
  parse: once(any),
}
const manifest: Flag = {
  flags: '--manifest <file>',
  text: 'the manifest of the split, for a piece from paper: manifest.json, or the text of its code',
  parse: once(any),
}
const piecePassphrase: Flag = {
  flags: '--piece-passphrase-fd <n>',
  text: 'descriptor with the passphrase of a piece; one for each piece that has one, in their order',
  parse: repeatable(wholeNumber(0)),
}

export const backupCommands: readonly CommandSpec[] = [
  {
    name: 'backup split',
    summary: 'split your share among holders, so that some of them together can restore it',
    examples: [
      'mpc backup split --key treasury --threshold 3 --holders h1.card,h2.card,h3.card,vault=age1...,sister=passphrase -o pieces',
      'mpc backup split --key treasury --again h2 -o again',
    ],
    flags: [
      key,
      { flags: '--threshold <k>', text: 'how many pieces restore the share', parse: once(wholeNumber(2)) },
      {
        flags: '--holders <list>',
        text: 'card files, imported names, NAME=age1..., NAME=passphrase; separated by commas',
        parse: once(paths),
      },
      {
        flags: '--again <name>',
        text: 'seal the same piece again for a holder who lost it',
        parse: once(name),
      },
      {
        flags: '--manifests <files>',
        text: "manifests of the other custodians' splits, to count who reaches the key",
        parse: once(paths),
      },
      { flags: '-o, --out <dir>', text: 'the folder to make', parse: once(any), required: true },
      {
        flags: '--holder-passphrase-fd <name:n>',
        text: 'descriptor with the passphrase of a holder; repeatable',
        parse: repeatable(namedFd),
      },
      {
        flags: '--confirm <name>',
        text: 'the key again, where the split makes fewer people enough',
        parse: once(name),
      },
    ],
    load: async () => (await import('./split.js')).run,
  },
  {
    name: 'backup verify',
    summary: 'check a piece that you hold, and write a note of it for the custodian',
    examples: ['mpc backup verify h1.piece', 'mpc backup verify h1.piece --record record.json --json'],
    operands: [{ name: '<piece>', text: PIECE }],
    flags: [
      record,
      certificate,
      manifest,
      { flags: '-o, --out <file>', text: 'the note, if not beside the piece', parse: once(any) },
      piecePassphrase,
    ],
    load: async () => (await import('./piece.js')).runVerify,
  },
  {
    name: 'backup print',
    summary: 'put a piece that you hold on paper, with what belongs to it and how to use it',
    examples: ['mpc backup print h1.piece -o h1.html', 'mpc backup print h1.piece --sealed -o h1.svg'],
    operands: [{ name: '<piece>', text: PIECE }],
    flags: [
      {
        flags: '-o, --out <file>',
        text: 'the file to make: .html with both sheets, or .svg, and another for the public sheet',
        parse: once(any),
        required: true,
      },
      { flags: '--sealed', text: 'sealed by what opens it now, and not in clear' },
      record,
      certificate,
      manifest,
      piecePassphrase,
    ],
    load: async () => (await import('./print.js')).run,
  },
  {
    name: 'backup open',
    summary: 'seal a piece that you hold to somebody who restores, and whom you have verified',
    examples: ['mpc backup open h1.piece --to alice-new.card --confirm alice -o h1.reopened'],
    operands: [{ name: '<piece>', text: PIECE }],
    flags: [
      { flags: '--to <card>', text: 'a card file, or an imported name', parse: once(any), required: true },
      { flags: '-o, --out <file>', text: 'the file to make', parse: once(any), required: true },
      {
        flags: '--confirm <name>',
        text: 'the name on the card, where nobody can be asked',
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
    summary: 'put a share together from its pieces, into this home',
    examples: [
      'mpc backup restore h1.reopened h3.reopened h5.reopened',
      'mpc backup restore piece-1.txt piece-3.txt - --record record.txt --certificate certificate.txt --manifest manifest.txt',
    ],
    operands: [{ name: '<piece...>', text: PIECE }],
    flags: [
      {
        flags: '--key <name>',
        text: 'what the key is to be called here; as its custodian called it, if left out',
        parse: once(name),
      },
      {
        flags: '--public-key <hex>',
        text: 'the public key, as other custodians tell it; for a script that has no certificate',
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
    summary: 'say who holds pieces of your share and last looked at them; takes in their notes',
    examples: ['mpc backup status --key treasury', 'mpc backup status --key treasury h1.note h2.note'],
    operands: [{ name: '[note...]', text: 'notes that holders gave you' }],
    flags: [key],
    load: async () => (await import('./status.js')).run,
  },
]

/** The sections of a printed piece: what it is, and how to restore, check and decode it years from now. */
import type { Piece } from '../../wire/escrow/piece.js'
import { linePrefix } from '../../wire/base/realm.js'
import type { Section } from './sheet.js'

const NAMES_AT_MOST = 90

export type Printed = Omit<Piece, 'value'>

/** Where each public part is, for the commands on the page. */
export type Beside = {
  /** Whether it fits a code on the sheet. */
  readonly record: 'code' | 'file'
  readonly manifest: 'code' | 'file'
  /** `file` means inside record.json; `none`, that the piece came without one. */
  readonly certificate: 'code' | 'file' | 'none'
}

export const whatItIs = ({ manifest, custodian }: Printed): Section => ({
  heading: 'What this is',
  body: [
    `Several custodians sign with the key “${manifest.key}” together. Each holds a share of it. The share of ${custodian.name} is split among ${namesOf(manifest.holders)}. This is one piece. Any ${manifest.threshold} pieces restore the share; fewer reveal nothing.`,
    `Give it only to ${custodian.name}, after a loss, and only when you have met face to face and are sure who asks.`,
  ],
})

export const toRestore = (
  { manifest, custodian, holder }: Printed,
  beside: Beside,
  typed: boolean,
): Section => ({
  heading: `How ${custodian.name} restores the share`,
  body: [
    `You need ${manifest.threshold} pieces, the public sheet (or its files), and a computer with Node.js and this program, the npm package @mpc-ceremony/mpc. After the installation you need no network.`,
    '1. Make a new identity:',
    { command: `mpc identity init --name ${custodian.name}` },
    `2. Scan the code of each piece, and save its text in a file such as ${fileOf(holder)}. Do the same with each code of the public sheet. Then:`,
    {
      command: `mpc backup restore ${filesOf(manifest.threshold, manifest.holders, holder.index)} ${givenBy(beside)}`,
    },
    ...(typed
      ? [
          'Without a scanner, write - in place of a file and type the lines. The program checks each line at once. You can also type them into the file.',
        ]
      : []),
    '3. The program then shows how the other custodians accept the new identity.' +
      (manifest.blob_sha256 ? ' A share from paper alone cannot sign yet: refresh the key first.' : ''),
  ],
})

export const toCheck = ({ holder, custodian }: Printed, beside: Beside): Section => ({
  heading: 'How the holder checks it, once a year',
  body: [
    { command: `mpc backup verify ${fileOf(holder)} ${givenBy(beside)}` },
    `Send the note that this writes to ${custodian.name}, destroy the text file, and write the date below. After a reshare or a refresh of the key this piece is useless, and the page cannot show it: ask ${custodian.name}.`,
  ],
})

export function withoutUs({ manifest, record, holder }: Printed, sealed: boolean): Section {
  const order = record.scheme === 'eddsa-ed25519' ? 'ed25519' : 'secp256k1'
  return {
    heading: 'If the program no longer exists',
    body: [
      `Code and lines hold the same bytes. A line is bech32m (BIP-350) without its prefix, which is ${linePrefix('line')} and the line’s number, with a dot in the last line. The last 6 characters are the checksum. ` +
        (sealed
          ? `The bytes are an age file (age-encryption.org/v1). The program age opens it${holder.to.kind === 'passphrase' ? ' with the passphrase in Unicode’s composed form (NFC)' : ''}. It contains CBOR:`
          : 'The bytes are CBOR:') +
        ` an array whose last item is f(${holder.index}), 32 bytes, of a polynomial f of degree ${manifest.threshold - 1} modulo the group order of ${order} (${order === 'ed25519' ? 'little' : 'big'}-endian). The share is f(0), by Lagrange interpolation from ${manifest.threshold} pieces.`,
    ],
  }
}

export function opens({ holder }: Printed): string {
  if (holder.to.kind === 'passphrase') return `The passphrase of ${holder.name}`
  return holder.to.kind === 'card' ? `The identity of ${holder.name}` : `The age identity of ${holder.name}`
}

/** The flags for the public data: .txt for a scanned code, .json for a file. */
const givenBy = ({ record, manifest, certificate }: Beside): string =>
  `--record record.${record === 'code' && certificate !== 'file' ? 'txt' : 'json'} ${certificate === 'code' ? '--certificate certificate.txt ' : ''}--manifest manifest.${manifest === 'code' ? 'txt' : 'json'}`

type Named = { readonly name: string; readonly index: number }

/** The file name of a piece in commands. It holds no name, since a holder may be called record. */
const fileOf = ({ index }: Named): string => `piece-${index}.txt`

/** File names of enough pieces, with this holder's. */
function filesOf(threshold: number, holders: readonly Named[], index: number): string {
  const own = holders.filter((each) => each.index === index)
  const chosen = [...own, ...holders.filter((each) => each.index !== index)].slice(0, threshold)
  const files = chosen.map(fileOf)
  return files.length <= 4 ? files.join(' ') : `${files.slice(0, 3).join(' ')} ... (${threshold} files)`
}

/** As many names as fit, and the number of the others. */
export function namesOf(all: readonly { readonly name: string }[]): string {
  const names: string[] = []
  for (const { name } of all) {
    if ([...names, name].join(', ').length > NAMES_AT_MOST) break
    names.push(name)
  }
  const left = all.length - names.length
  return left > 0 ? `${names.join(', ')} and ${left} more` : names.join(', ')
}

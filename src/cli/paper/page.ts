/**
 * The contents of the sheets that `backup print` makes: the piece, which its holder locks away, and the public sheet.
 * They address a reader who has never seen this program, years from now. `html.ts` and `svg.ts` draw them. The only
 * foreign text is names, hex and words, whose alphabets are safe.
 */
import type { Piece } from '../../wire/escrow/piece.js'
import { manifestDigest, manifestWords } from '../../wire/escrow/manifest.js'
import { certificateCode, manifestCode, recordCode } from '../../wire/paper/json-export.js'
import { Failure } from '../../wire/base/failure.js'
import { paperLines } from '../../wire/paper/lines.js'
import { isRehearsal, linePrefix, tagged } from '../../wire/base/realm.js'
import { recordPublicKey } from '../../wire/key/record.js'
import { hex, rfc3339 } from '../../wire/base/text.js'
import { keyWords } from '../views/key.js'
import { VERSION } from '../runtime/version.js'
import { type Code, codeOf } from './code.js'

export type Section = {
  readonly heading: string
  /** Paragraphs and commands. */
  readonly body: readonly (string | { readonly command: string })[]
}

export type Captioned = { readonly caption: string; readonly code: Code }

export type Sheet = {
  readonly title: string
  readonly subtitle: string
  readonly warning: { readonly secret: boolean; readonly text: string }
  /** Facts are short; digests have 64 digits. */
  readonly facts: readonly (readonly [string, string])[]
  readonly digests: readonly (readonly [string, string])[]
  readonly words: readonly (readonly [string, readonly string[]])[]
  /** The bytes of the code as lines to type; empty if there are none, or too many. */
  readonly lines: readonly string[]
  readonly code: Captioned | null
  readonly codes: readonly Captioned[]
  readonly sections: readonly Section[]
  /** How many blanks for dates and names. */
  readonly checks: number
  readonly footer: string
}

/**
 * The widths of codes in millimetres on a sheet of `width`: equal modules, two codes in a row, and low enough for a second
 * row.
 */
export function sidesOf(codes: readonly Captioned[], width: number, gap: number): readonly number[] {
  const sizes = codes.map(({ code }) => code.size)
  const across = (width - gap) / sizes.slice(0, 2).reduce((sum, size) => sum + size, 0)
  const module = Math.min(across, CODE_AT_MOST / Math.max(...sizes), 1)
  return sizes.map((size) => size * module)
}
const CODE_AT_MOST = 80

/** Stands beside the heading of the lines. */
export const HOW_TO_TYPE =
  'No B, I, O or 1. Blanks and case do not matter. The last 6 characters check the line.'

/** A sheet has room for this many lines, and nobody types more. */
const TYPED_AT_MOST = 32
const NAMES_AT_MOST = 90

export type Printed = Omit<Piece, 'value'>

/** `text` goes into the code, `bytes` into the lines. */
export type OnPage = {
  readonly text: string
  readonly bytes: Uint8Array
  readonly sealed: boolean
  readonly beside: Omit<Public, 'sheet'>
  readonly now: number
}

/** @throws Failure `E_PAPER_SEAL` (usage) if the piece is too long for a code */
export async function pieceSheet(
  piece: Printed,
  { text, bytes, sealed, beside, now }: OnPage,
): Promise<Sheet> {
  const { manifest, holder, custodian, record } = piece
  const lines = paperLines(bytes)
  const code = await codeOf(text)
  if (code === null) {
    throw new Failure('usage', 'E_PAPER_SEAL', 'this piece is too long for paper with its seal', {
      hint: 'keep the piece as a file, or print it in clear',
    })
  }
  const typed = lines.length <= TYPED_AT_MOST
  return {
    title: `A piece of ${custodian.name}’s share of the key “${manifest.key}”`,
    subtitle: `${realm()}Held by ${holder.name}: piece ${holder.index} of ${manifest.holders.length}. Any ${manifest.threshold} pieces restore the share.`,
    warning: sealed
      ? {
          secret: false,
          text: `SEALED. ${opens(piece)} opens this piece; without it the page is useless. Keep the page safe anyway.`,
        }
      : {
          secret: true,
          text: 'SECRET, IN CLEAR. Anybody who reads or photographs this page has the piece. Lock it away, and show it to nobody.',
        },
    facts: [
      ['Key', manifest.key],
      ['Custodian', custodian.name],
      ['Holder', holder.name],
      ['Piece', `${holder.index} of ${manifest.holders.length}, ${dayOf(manifest.created)}`],
    ],
    digests: [
      ['Public key', hex(recordPublicKey(record))],
      ['Key ID', hex(manifest.key_id)],
      [`Epoch ${record.epoch}`, hex(manifest.epoch)],
      ['Manifest', hex(manifestDigest(manifest))],
    ],
    words: [
      ['Words of the key', keyWords(record)],
      ['Words of the manifest, the same for every holder', manifestWords(manifest)],
    ],
    code: { caption: 'The piece', code },
    codes: [],
    lines: typed ? lines : [],
    sections: [
      whatItIs(piece),
      toRestore(piece, beside, typed),
      toCheck(piece, beside),
      withoutUs(piece, sealed),
    ],
    checks: 3,
    footer: footerOf(now),
  }
}

export type Public = {
  readonly sheet: Sheet
  /** Whether it fits a code on the sheet. */
  readonly record: 'code' | 'file'
  readonly manifest: 'code' | 'file'
  /** `file` means inside record.json; `none`, that the piece came without one. */
  readonly certificate: 'code' | 'file' | 'none'
}

/** The public data: as codes if they fit, otherwise as files to keep. */
export async function publicSheet(
  { manifest, custodian, record, certificate }: Printed,
  now: number,
): Promise<Public> {
  const ofRecord = await codeOf(recordCode(record))
  // record.json contains the certificate too.
  const ofCertificate = ofRecord && certificate && (await codeOf(certificateCode(certificate)))
  const ofManifest = await codeOf(manifestCode(manifest))
  const codes = [
    ...(ofRecord ? [{ caption: 'For --record', code: ofRecord }] : []),
    ...(ofManifest ? [{ caption: 'For --manifest', code: ofManifest }] : []),
    ...(ofCertificate ? [{ caption: 'For --certificate', code: ofCertificate }] : []),
  ]
  const inFile = certificate !== null && ofCertificate === null
  const files = [
    ...(ofRecord ? [] : [`the record${inFile ? ' with its certificate' : ''} (record.json)`]),
    ...(ofRecord && inFile ? ['the certificate (in record.json)'] : []),
    ...(ofManifest ? [] : ['the manifest (manifest.json)']),
  ]
  const sheet: Sheet = {
    title: `Public sheet for every piece of ${custodian.name}’s share of “${manifest.key}”`,
    subtitle: `${realm()}The same for all holders: ${namesOf(manifest.holders)}. Custodians of the key: ${namesOf(record.members.map(({ card }) => card))}.`,
    warning: {
      secret: false,
      text:
        (files.length === 0
          ? 'PUBLIC. Copy it freely, and keep a copy with every piece. No piece can be used without it.'
          : `PUBLIC. Too long for a code: ${files.join(' and ')}. Keep the file with every piece, and elsewhere too.`) +
        (certificate
          ? ''
          : ' NOT CERTIFIED: compare the public key with the custodians before you rely on it.'),
    },
    facts: [
      ['Key', manifest.key],
      ['Scheme', record.scheme],
      ['Signing', `${record.threshold} of ${record.members.length}`],
    ],
    digests: [
      ['Public key', hex(recordPublicKey(record))],
      [`Epoch ${record.epoch}`, hex(manifest.epoch)],
      ['Manifest', hex(manifestDigest(manifest))],
    ],
    words: [
      ['Words of the key', keyWords(record)],
      ['Words of the manifest', manifestWords(manifest)],
    ],
    code: null,
    codes,
    lines: [],
    sections: [
      {
        heading: 'How to use it',
        body: [
          'Scan each code with any QR scanner, and save all of its text in a file: record.txt, certificate.txt, manifest.txt. The page of each piece shows how to use them.',
          'While this epoch is in use, every custodian of the key can export the record again, with its certificate:',
          { command: `mpc key show ${manifest.key} --export -o record.json` },
        ],
      },
    ],
    checks: 0,
    footer: footerOf(now),
  }
  return {
    sheet,
    record: ofRecord ? 'code' : 'file',
    manifest: ofManifest ? 'code' : 'file',
    certificate: certificate === null ? 'none' : inFile ? 'file' : 'code',
  }
}

const whatItIs = ({ manifest, custodian }: Printed): Section => ({
  heading: 'What this is',
  body: [
    `Several custodians sign with the key “${manifest.key}” together. Each holds a share of it. The share of ${custodian.name} is split among ${namesOf(manifest.holders)}. This is one piece. Any ${manifest.threshold} pieces restore the share; fewer reveal nothing.`,
    `Give it only to ${custodian.name}, after a loss, and only when you have met face to face and are sure who asks.`,
  ],
})

const toRestore = (
  { manifest, custodian, holder }: Printed,
  beside: OnPage['beside'],
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

const toCheck = ({ holder, custodian }: Printed, beside: OnPage['beside']): Section => ({
  heading: 'How the holder checks it, once a year',
  body: [
    { command: `mpc backup verify ${fileOf(holder)} ${givenBy(beside)}` },
    `Send the note that this writes to ${custodian.name}, destroy the text file, and write the date below. After a reshare or a refresh of the key this piece is useless, and the page cannot show it: ask ${custodian.name}.`,
  ],
})

function withoutUs({ manifest, record, holder }: Printed, sealed: boolean): Section {
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

function opens({ holder }: Printed): string {
  if (holder.to.kind === 'passphrase') return `The passphrase of ${holder.name}`
  return holder.to.kind === 'card' ? `The identity of ${holder.name}` : `The age identity of ${holder.name}`
}

/** The flags for the public data: .txt for a scanned code, .json for a file. */
const givenBy = ({ record, manifest, certificate }: OnPage['beside']): string =>
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
function namesOf(all: readonly { readonly name: string }[]): string {
  const names: string[] = []
  for (const { name } of all) {
    if ([...names, name].join(', ').length > NAMES_AT_MOST) break
    names.push(name)
  }
  const left = all.length - names.length
  return left > 0 ? `${names.join(', ')} and ${left} more` : names.join(', ')
}

/** Comes first below the title, so that nobody takes a rehearsal for a real key. */
const realm = (): string => (isRehearsal() ? 'REHEARSAL, not a real key. ' : '')

const dayOf = (time: number): string => rfc3339(time).slice(0, 10)

const footerOf = (now: number): string =>
  `Printed by mpc ${VERSION} on ${dayOf(now)}. Format ${tagged('mpc/paper-piece/v1')}.`

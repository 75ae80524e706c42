/**
 * The contents of the sheets that `backup print` makes: the piece, which its holder locks away, and the public sheet.
 * They address a reader who has never seen this program, years from now. `html.ts` and `svg.ts` draw them. The only
 * foreign text is names, hex and words, whose alphabets are safe.
 */
import { manifestDigest, manifestWords } from '../../wire/escrow/manifest.js'
import { certificateCode, manifestCode, recordCode } from '../../wire/paper/json-export.js'
import { Failure } from '../../wire/base/failure.js'
import { paperLines } from '../../wire/paper/lines.js'
import { isRehearsal, tagged } from '../../wire/base/realm.js'
import { recordPublicKey } from '../../wire/key/record.js'
import { hex, rfc3339 } from '../../wire/base/text.js'
import { keyWords } from '../views/key.js'
import { VERSION } from '../runtime/version.js'
import { codeOf } from './code.js'
import {
  type Beside,
  namesOf,
  opens,
  type Printed,
  toCheck,
  toRestore,
  whatItIs,
  withoutUs,
} from './instructions.js'
import type { Sheet } from './sheet.js'

/** A sheet has room for this many lines, and nobody types more. */
const TYPED_AT_MOST = 32

/** `text` goes into the code, `bytes` into the lines. */
export type OnPage = {
  readonly text: string
  readonly bytes: Uint8Array
  readonly sealed: boolean
  readonly beside: Beside
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

export type Public = Beside & { readonly sheet: Sheet }

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

/** Comes first below the title, so that nobody takes a rehearsal for a real key. */
const realm = (): string => (isRehearsal() ? 'REHEARSAL, not a real key. ' : '')

const dayOf = (time: number): string => rfc3339(time).slice(0, 10)

const footerOf = (now: number): string =>
  `Printed by mpc ${VERSION} on ${dayOf(now)}. Format ${tagged('mpc/paper-piece/v1')}.`

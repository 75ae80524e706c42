/**
 * Public records, manifests and handovers as files to pass on and for other programs to read: one line of
 * JSON that holds the canonical bytes in hex, so that digests and signatures cover the signed bytes and not
 * JSON.
 */
import { CodecError } from '../../protocol/core/codec.js'
import { type PublicRecord, requireHeld } from '../ceremony/certified-record.js'
import { encodeManifest, type Manifest, parseManifest } from '../escrow/manifest.js'
import { Failure } from '../base/failure.js'
import { codeLine, readCodeLine, textIn } from './lines.js'
import { format, tagged } from '../base/realm.js'
import { encodeRecord, type KeyRecord, parseRecord } from '../key/record.js'
import { encodeHandover, type Handover, parseHandover } from '../ceremony/handover.js'
import { fromHex, hex } from '../base/text.js'

const RECORD = 'mpc/key-record/v1'
const MANIFEST = 'mpc/escrow-manifest/v1'
const HANDOVER = 'mpc/share-handover/v1'

/** The record as `key show --export` writes it and `--record` takes it, with any certificate. */
export const exportRecord = (record: KeyRecord, certificate: Uint8Array | null = null): Uint8Array =>
  line({
    format: tagged(RECORD),
    record: hex(encodeRecord(record)),
    ...(certificate && { certificate: hex(certificate) }),
  })

/** The manifest as written beside the pieces. */
export const exportManifest = (manifest: Manifest): Uint8Array =>
  line({ format: tagged(MANIFEST), manifest: hex(encodeManifest(manifest)) })

/** The same as text for a QR code. */
export const recordCode = (record: KeyRecord): string => codeLine('record', encodeRecord(record))
export const manifestCode = (manifest: Manifest): string => codeLine('manifest', encodeManifest(manifest))
export const certificateCode = (certificate: Uint8Array): string => codeLine('certificate', certificate)

/** The records and statements of a key's move to its newest epoch, as `share statements -o` writes them. */
export const exportHandover = (handover: Handover): Uint8Array =>
  line({ format: tagged(HANDOVER), handover: hex(encodeHandover(handover)) })

/**
 * Parses a record from a file or from the text of its code.
 * @throws Failure (verification) `E_RECORD`, `E_PAPER_CODE` if it is malformed, `E_CERTIFICATE` if the
 *   certificate beside it does not certify it
 */
export function parsePublicRecord(file: Uint8Array): PublicRecord {
  const { bytes, certificate } = contentOf(file, RECORD, 'record', (cause) => {
    throw new Failure('verification', 'E_RECORD', 'this is not the public record of a key', {
      hint: '`mpc key show NAME --export -o FILE` writes it',
      cause,
    })
  })
  const record = parseRecord(bytes)
  if (certificate) requireHeld(certificate, record)
  return { record, certificate }
}

/** As `parsePublicRecord`, without the certificate. */
export const parseExportedRecord = (file: Uint8Array): KeyRecord => parsePublicRecord(file).record

/**
 * The certificate of a record, as the file that a home keeps or as the text of its code.
 * @throws Failure `E_CERTIFICATE`, `E_PAPER_CODE` (verification) unless it certifies this record
 */
export function parseExportedCertificate(file: Uint8Array, record: KeyRecord): Uint8Array {
  const certificate = readCodeLine('certificate', textIn(file)) ?? file
  requireHeld(certificate, record)
  return certificate
}

/** Parses a manifest from a file or code. @throws Failure `E_MANIFEST`, `E_PAPER_CODE` (verification) */
export const parseExportedManifest = (file: Uint8Array): Manifest =>
  parseManifest(
    bytesIn(file, MANIFEST, 'manifest', (cause) => {
      throw new Failure('verification', 'E_MANIFEST', 'this is not the manifest of a backup', {
        hint: 'it is manifest.json beside the pieces, where `mpc backup split` wrote them',
        cause,
      })
    }),
  )

/** @throws Failure (verification) `E_STATEMENT`, `E_CERTIFICATE` unless it is a valid handover */
export const parseExportedHandover = (file: Uint8Array): Handover =>
  parseHandover(
    bytesIn(file, HANDOVER, 'handover', (cause) => {
      throw new Failure('verification', 'E_STATEMENT', 'this is no record of how a key changed its epoch', {
        hint: '`mpc share statements --key KEY -o FILE` writes it',
        cause,
      })
    }),
  )

type Content = { readonly bytes: Uint8Array; readonly certificate: Uint8Array | null }

const bytesIn = (...of: Parameters<typeof contentOf>): Uint8Array => contentOf(...of).bytes

function contentOf(
  file: Uint8Array,
  tag: typeof RECORD | typeof MANIFEST | typeof HANDOVER,
  field: 'record' | 'manifest' | 'handover',
  refuse: (cause: unknown) => never,
): Content {
  const fromCode = field === 'handover' ? null : readCodeLine(field, textIn(file))
  if (fromCode) return { bytes: fromCode, certificate: null }
  try {
    const held = JSON.parse(textIn(file)) as Readonly<Record<string, unknown>> | null
    format(tag).parse((held?.['format'] ?? null) as string | null, 'format')
    const bytes = hexBytes(held?.[field]) ?? refuse(null)
    const proof = held?.['certificate']
    // Older files hold no certificate; they still load.
    return { bytes, certificate: proof === undefined ? null : (hexBytes(proof) ?? refuse(null)) }
  } catch (cause) {
    if (cause instanceof CodecError || cause instanceof SyntaxError) return refuse(cause)
    throw cause
  }
}

const hexBytes = (text: unknown): Uint8Array | null =>
  typeof text === 'string' ? fromHex(text, text.length / 2) : null

const line = (value: Readonly<Record<string, string>>): Uint8Array =>
  Uint8Array.from(Buffer.from(`${JSON.stringify(value)}\n`))

/**
 * One holder's piece of one custodian's share. Its sealed plaintext contains everything needed to check it
 * alone and, with enough others, to restore the share years later: manifest, record, certificate and
 * auxiliary blob.
 *
 * One holder's check proves that the custodian's machine made this piece under this manifest. The notes of
 * the other holders show that they have theirs (`note.ts`). `restore.ts` combines pieces.
 */
import { bytes, bytesUpTo, codec, nullable, type Of, record, uint } from '../../protocol/core/codec.js'
import { isPiece } from '../../protocol/sharing/escrow.js'
import { curveOf } from '../../protocol/group/scheme.js'
import { Secret } from '../../protocol/core/secret.js'
import type { Card } from '../identity/card.js'
import { requireHeld } from '../ceremony/certified-record.js'
import { BLOB_LIMIT } from './blob.js'
import { checkManifest, type EscrowHolder, type Manifest, manifestDigest, parseManifest } from './manifest.js'
import { Failure, wellFormed } from '../base/failure.js'
import { sha256 } from '../base/hash.js'
import { format } from '../base/realm.js'
import { type KeyRecord, parseRecord, recordDigest } from '../key/record.js'
import { hex } from '../base/text.js'

const pieceShape = record({
  format: format('mpc/escrow-piece/v1'),
  /** Index among the manifest's holders. */
  holder: uint(64, 1),
  /** The split's value at that index, an encoded scalar. */
  value: bytes(32),
  /** The encoded manifest, as it was signed. */
  manifest: bytesUpTo(1 << 18),
  /** The encoded record of the key, and its certificate. */
  record: bytesUpTo(1 << 19),
  certificate: bytesUpTo(1 << 17),
  blob: nullable(bytesUpTo(BLOB_LIMIT)),
})
const pieceCodec = codec(pieceShape, 1 << 21)

/** A piece that passed every check possible for one holder. */
export type Piece = {
  readonly holder: EscrowHolder
  /** The caller wipes it. */
  readonly value: Secret
  readonly manifest: Manifest
  readonly record: KeyRecord
  /** A checked certificate of the record; null for a piece from paper without one. */
  readonly certificate: Uint8Array | null
  /** The custodian whose share is split. */
  readonly custodian: Card
  readonly blob: Uint8Array | null
  /** The encoded parts, to write the piece again; null for a piece from paper, which has no room for them. */
  readonly parts: Parts | null
}
type Parts = Omit<Of<typeof pieceShape>, 'format' | 'holder' | 'value'>

export const encodePiece = (piece: Omit<Of<typeof pieceShape>, 'format'>): Uint8Array =>
  pieceCodec.encode({ format: 'mpc/escrow-piece/v1', ...piece })

/**
 * The piece in a plaintext; the caller wipes the plaintext.
 * @param seat as in `checkManifest`
 * @throws Failure (verification) that begins with the piece's holder: `E_PIECE` if it is malformed,
 *   `E_PIECE_VALUE` if its value does not fit the manifest's vector, `E_PIECE_BLOB` if its blob is not the
 *   manifest's; and the failures of record, certificate and manifest
 */
export function parsePiece(plaintext: Uint8Array, seat?: Card): Piece & { readonly parts: Parts } {
  const { format, holder: index, value, ...parts } = decodePiece(plaintext)
  void format
  let whose = `the piece of holder ${index}`
  try {
    const manifest = parseManifest(parts.manifest)
    const holder = manifest.holders[index - 1]
    if (holder === undefined) throw refuse('E_PIECE', 'its manifest knows no such holder')
    whose = whoseIs({ holder })
    const r = parseRecord(parts.record)
    const { certificate } = parts
    requireHeld(certificate, r)
    const custodian = checkManifest(manifest, r, seat)
    if (
      (parts.blob === null ? null : hex(sha256(parts.blob))) !==
      (manifest.blob_sha256 && hex(manifest.blob_sha256))
    ) {
      throw refuse('E_PIECE_BLOB', 'its auxiliary data are not those of the manifest')
    }
    const piece = new Secret(value)
    if (!isPiece(curveOf(r.scheme), manifest.vector, index, piece)) {
      throw refuse('E_PIECE_VALUE', 'its value is not the one that the manifest gives this holder')
    }
    return { holder, value: piece, manifest, record: r, certificate, custodian, blob: parts.blob, parts }
  } catch (cause) {
    value.fill(0)
    throw cause instanceof Failure ? cause.of(whose) : cause
  }
}

/**
 * Requires that a piece belongs to this record's epoch.
 * @throws Failure (verification) `E_PIECE_FOREIGN` for another key, `E_PIECE_RETIRED` for another epoch
 */
export function requirePieceOf(piece: Omit<Piece, 'value'>, r: KeyRecord): void {
  const { record: own, custodian } = piece
  const whose = whoseIs(piece)
  const epoch = recordDigest(own)
  if (hex(epoch) === hex(recordDigest(r))) return
  if (hex(own.key_id) !== hex(r.key_id) || hex(own.group_point) !== hex(r.group_point)) {
    throw refuse('E_PIECE_FOREIGN', `${whose} is of another key`, 'look for the pieces of this key')
  }
  // The piece's record and certificate are consistent, but only its own members signed them. The next epoch's
  // record vouches for it.
  const vouched = r.parent !== null && hex(r.parent) === hex(epoch)
  const problem = vouched
    ? `is genuine, but of a retired epoch: number ${own.epoch}, before ${r.epoch}`
    : `says that it is of epoch ${own.epoch} of this key, and the record is of ${r.epoch}`
  throw refuse(
    'E_PIECE_RETIRED',
    `${whose} ${problem}`,
    `the share has changed since: ask ${custodian.name} to split the new one`,
  )
}

/** @throws Failure `E_PIECES_DIFFER` (verification) for a piece of another manifest */
export function requireUnder(piece: Piece, manifest: Manifest): void {
  if (hex(manifestDigest(piece.manifest)) === hex(manifestDigest(manifest))) return
  throw otherManifest(whoseIs(piece))
}

export const otherManifest = (whose: string): Failure =>
  refuse('E_PIECES_DIFFER', `${whose} belongs to another manifest than the one given`)

/** A piece's name in messages. */
export const whoseIs = ({ holder }: { readonly holder: Pick<EscrowHolder, 'name' | 'index'> }): string =>
  `the piece of ${holder.name} (holder ${holder.index})`

function decodePiece(plaintext: Uint8Array): Of<typeof pieceShape> {
  const { value, ...rest } = wellFormed(() => pieceCodec.decode(plaintext), malformedPiece)
  return { ...rest, value: value.slice() }
}

export const malformedPiece = (problem: string, cause: unknown): Failure =>
  refuse('E_PIECE', `this is not a piece of a backup: ${problem}`, undefined, cause)

export function refuse(code: `E_${string}`, message: string, hint?: string, cause?: unknown): Failure {
  return new Failure('verification', code, message, {
    hint: hint ?? 'leave it out: the pieces of the other holders may be enough; ask its holder for it again',
    cause,
  })
}

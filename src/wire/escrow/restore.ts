/** Restores a share from its pieces. `piece.ts` has checked each alone; this file compares them. */
import { combine } from '../../protocol/sharing/escrow.js'
import { curveOf } from '../../protocol/group/scheme.js'
import { Secret } from '../../protocol/core/secret.js'
import type { PartyId } from '../../protocol/core/session.js'
import { openBlob } from './blob.js'
import { blobPlace, manifestDigest } from './manifest.js'
import { type Piece, refuse, whoseIs } from './piece.js'
import { Failure } from '../base/failure.js'
import { recordDigest } from '../key/record.js'
import { hex } from '../base/text.js'

/** A restored share, and the engine's auxiliary secret. */
export type Restored = {
  readonly share: Secret
  readonly index: PartyId
  /** Null if the scheme has none, or `lost`. */
  readonly auxiliary: Secret | null
  /** Whether the auxiliary secret did not open: then refresh before signing. */
  readonly lost: boolean
}

/**
 * Restores the share from at least `threshold` pieces. The caller wipes it.
 * @throws Failure (verification) `E_PIECE_FOREIGN`, `E_PIECE_RETIRED` for pieces of another share or epoch,
 *   `E_PIECES_DIFFER` for another manifest, `E_PIECE_TWICE` for two pieces of one holder; (absent)
 *   `E_PIECES_FEW` if more are needed
 */
export function restoreShare(pieces: readonly Piece[]): Restored {
  const first = requireOneManifest(pieces)
  const { manifest, record: r } = first
  const missing = manifest.threshold - pieces.length
  if (missing > 0) {
    const have = new Set(pieces.map(({ holder }) => holder.index))
    const others = manifest.holders.filter(({ index }) => !have.has(index)).map(({ name }) => name)
    throw new Failure(
      'absent',
      'E_PIECES_FEW',
      `${manifest.threshold} pieces restore this share, not ${pieces.length}`,
      { hint: `get ${missing} more of: ${others.join(', ')}` },
    )
  }
  const values = new Map(pieces.map(({ holder, value }) => [holder.index, value]))
  const share = combine(curveOf(r.scheme), manifest.vector, values)
  // A piece from paper has no blob.
  const blob = pieces.find((piece) => piece.blob !== null)?.blob ?? null
  const opened = blob && openBlob(blobPlace(manifest), share, blob)
  return {
    share,
    index: manifest.custodian.index,
    auxiliary: opened && new Secret(opened),
    lost: manifest.blob_sha256 !== null && opened === null,
  }
}

function requireOneManifest(pieces: readonly Piece[]): Piece {
  const [first] = pieces
  if (first === undefined) {
    throw new Failure('absent', 'E_PIECES_FEW', 'no piece is given', {
      hint: 'ask the holders for theirs',
    })
  }
  for (const piece of pieces) requireSameShare(piece, first)
  const digests = pieces.map(({ manifest }) => hex(manifestDigest(manifest)))
  const different = [...new Set(digests)]
  if (different.length > 1) {
    const groups = different.map((one) =>
      pieces.flatMap(({ holder }, i) => (digests[i] === one ? [holder.name] : [])).join(', '),
    )
    throw refuse('E_PIECES_DIFFER', `the pieces belong to different manifests: ${groups.join(' | ')}`)
  }
  const twice = pieces.find(({ holder }, i) =>
    pieces.slice(0, i).some((other) => other.holder.index === holder.index),
  )
  if (twice) throw refuse('E_PIECE_TWICE', `${whoseIs(twice)} is given twice`)
  return first
}

function requireSameShare(piece: Piece, first: Piece): void {
  const [own, r] = [piece.record, first.record]
  const than = `than ${whoseIs(first)}`
  if (hex(own.key_id) !== hex(r.key_id))
    throw refuse('E_PIECE_FOREIGN', `${whoseIs(piece)} is of another key ${than}`)
  if (hex(recordDigest(own)) !== hex(recordDigest(r))) {
    const [older, newer] = own.epoch <= r.epoch ? [piece, first] : [first, piece]
    const numbers = `of epoch ${older.record.epoch}, and ${whoseIs(newer)} of ${newer.record.epoch}`
    throw refuse('E_PIECE_RETIRED', `${whoseIs(older)} is ${numbers}`)
  }
  if (piece.manifest.custodian.index !== first.manifest.custodian.index) {
    const [a, b] = [piece.custodian.name, first.custodian.name]
    throw refuse(
      'E_PIECE_FOREIGN',
      `${whoseIs(piece)} is of the share of ${a}, and ${whoseIs(first)} of that of ${b}`,
    )
  }
}

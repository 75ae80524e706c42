/**
 * A piece on paper, short enough to type: the value, and the digests of the record and the manifest that it
 * belongs to. Record, certificate and manifest are public and come beside it. There is no room for auxiliary
 * data.
 */
import { bytes, codec, mapped, type Of, record, tuple, uint } from '../../protocol/core/codec.js'
import { isPiece } from '../../protocol/sharing/escrow.js'
import { curveOf } from '../../protocol/group/scheme.js'
import { Secret } from '../../protocol/core/secret.js'
import type { PublicRecord } from '../ceremony/certified-record.js'
import { checkManifest, type Manifest, manifestDigest } from '../escrow/manifest.js'
import { malformedPiece, otherManifest, type Piece, refuse, whoseIs } from '../escrow/piece.js'
import { Failure, wellFormed } from '../base/failure.js'
import { format } from '../base/realm.js'
import { type KeyRecord, recordDigest } from '../key/record.js'
import { hex, nameShape } from '../base/text.js'

const fields = {
  format: format('mpc/paper-piece/v1'),
  /** The custodian's name for the key. */
  key: nameShape,
  key_id: bytes(32),
  /** Record digest. */
  epoch: bytes(32),
  /** Manifest digest. */
  manifest: bytes(32),
  holder: record({ index: uint(64, 1), name: nameShape }),
  /** Number of pieces that restore the share. */
  threshold: uint(64, 2),
  /** The split's value at the holder's index, an encoded scalar. */
  value: bytes(32),
}
type Small = Of<ReturnType<typeof record<typeof fields>>>

/** An array without field names, because every byte is about two characters to type. */
const smallShape = mapped(
  tuple(
    fields.format,
    fields.key,
    fields.key_id,
    fields.epoch,
    fields.manifest,
    tuple(uint(64, 1), nameShape),
    fields.threshold,
    fields.value,
  ),
  ([tag, key, key_id, epoch, manifest, [index, name], threshold, value]): Small => ({
    format: tag,
    key,
    key_id,
    epoch,
    manifest,
    holder: { index, name },
    threshold,
    value,
  }),
  ({ format: tag, key, key_id, epoch, manifest, holder, threshold, value }) =>
    [tag, key, key_id, epoch, manifest, [holder.index, holder.name], threshold, value] as const,
)
const smallCodec = codec(smallShape, 512)

/** The paper form of a checked piece; the caller wipes the bytes. */
export const encodePaperPiece = ({ holder, value, manifest }: Pick<Piece, 'holder' | 'value' | 'manifest'>) =>
  smallCodec.encode({
    format: 'mpc/paper-piece/v1',
    key: manifest.key,
    key_id: manifest.key_id,
    epoch: manifest.epoch,
    manifest: manifestDigest(manifest),
    holder: { index: holder.index, name: holder.name },
    threshold: manifest.threshold,
    value: value.reveal(),
  })

/** Whether a plaintext is a paper piece (an array) or a complete one (a map). */
export const isPaperPiece = (plaintext: Uint8Array): boolean => (plaintext[0] ?? 0) >> 5 === 4

/** The records and manifests at hand, possibly some of other keys. */
export type AtHand = { readonly records: readonly PublicRecord[]; readonly manifests: readonly Manifest[] }

/**
 * The piece in a plaintext, with its record and manifest; the caller wipes the plaintext.
 * @throws Failure (verification) that begins with the piece's holder: `E_PIECE` if it is malformed,
 *   `E_PIECE_FOREIGN`, `E_PIECE_RETIRED`, `E_PIECES_DIFFER` if no given record or manifest is the one it
 *   names, `E_PIECE_VALUE` if it does not fit the manifest's vector; and the failures of the manifest.
 *   (usage) `E_PAPER_PUBLIC` if none is given
 */
export function parsePaperPiece(plaintext: Uint8Array, { records, manifests }: AtHand): Piece {
  const small = decodeSmall(plaintext)
  using value = new Secret(small.value)
  const whose = whoseIs(small)
  const [lastRecord, lastManifest] = [records.at(-1), manifests.at(-1)]
  if (lastRecord === undefined || lastManifest === undefined)
    throw needsPublic(whose, lastRecord === undefined)
  const named = records.filter(({ record }) => hex(recordDigest(record)) === hex(small.epoch))
  const r = named[0]?.record
  if (r === undefined) throw otherEpoch(whose, small, lastRecord.record)
  const certificate = named.find((each) => each.certificate !== null)?.certificate ?? null
  const manifest = manifests.find((each) => hex(manifestDigest(each)) === hex(small.manifest))
  if (manifest === undefined) throw otherManifest(whose)
  const holder = manifest.holders[small.holder.index - 1]
  try {
    const custodian = checkManifest(manifest, r)
    const agrees =
      holder?.name === small.holder.name &&
      manifest.threshold === small.threshold &&
      manifest.key === small.key &&
      hex(manifest.key_id) === hex(small.key_id)
    if (!agrees) throw refuse('E_PIECE', 'it says other things of itself than its manifest')
    if (!isPiece(curveOf(r.scheme), manifest.vector, holder.index, value)) {
      throw refuse('E_PIECE_VALUE', 'its value is not the one that the manifest gives this holder')
    }
    return {
      holder,
      value: value.clone(),
      manifest,
      record: r,
      certificate,
      custodian,
      blob: null,
      parts: null,
    }
  } catch (cause) {
    throw cause instanceof Failure ? cause.of(whose) : cause
  }
}

function decodeSmall(plaintext: Uint8Array): Small {
  const small = wellFormed(() => smallCodec.decode(plaintext), malformedPiece)
  return { ...small, value: small.value.slice() }
}

function otherEpoch(whose: string, { key_id, epoch }: Small, r: KeyRecord): Failure {
  if (hex(key_id) !== hex(r.key_id)) {
    return refuse('E_PIECE_FOREIGN', `${whose} is of another key`, 'look for the pieces of this key')
  }
  const before = r.parent !== null && hex(r.parent) === hex(epoch)
  const problem = before
    ? `of a retired epoch, the one before ${r.epoch}`
    : 'of another epoch than the record here'
  return refuse(
    'E_PIECE_RETIRED',
    `${whose} is ${problem}`,
    'give the record of the epoch in which the share was split; if that is retired, its pieces restore nothing in use',
  )
}

const needsPublic = (whose: string, wantsRecord: boolean): Failure =>
  new Failure(
    'usage',
    'E_PAPER_PUBLIC',
    `${whose} is from paper, and needs ${wantsRecord ? "the key's record" : "the custodian's manifest"} beside it`,
    {
      hint: 'give --record FILE and --manifest FILE: those files, or the text of the codes on the second sheet',
    },
  )

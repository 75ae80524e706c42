/**
 * The custodian's copy of a split, sealed beside its share. From it a lost piece is made again, byte for
 * byte, and a second split of one epoch is prevented. Together with one piece it gives the share, so it is as
 * secret as the share.
 */
import { bytesUpTo, codec, CodecError, equalBytes, nullable, record } from '../../protocol/core/codec.js'
import { split } from '../../protocol/sharing/escrow.js'
import { curveOf } from '../../protocol/group/scheme.js'
import { Secret } from '../../protocol/core/secret.js'
import type { PartyId } from '../../protocol/core/session.js'
import { BLOB_LIMIT } from './blob.js'
import { encodeManifest, type Manifest, parseManifest } from './manifest.js'
import { Failure } from '../base/failure.js'
import { format } from '../base/realm.js'

const keptCodec = codec(
  record({
    format: format('mpc/escrow-kept/v1'),
    /** The encoded manifest, as it was signed. */
    manifest: bytesUpTo(1 << 18),
    /** The coefficients of the split, 32 bytes each, without the share. */
    coefficients: bytesUpTo(32 * 63, 32),
    blob: nullable(bytesUpTo(BLOB_LIMIT)),
  }),
  1 << 20,
)

export type Kept = {
  readonly manifest: Manifest
  readonly blob: Uint8Array | null
  /** Every holder's piece; the caller wipes them. */
  readonly pieces: ReadonlyMap<PartyId, Secret>
}

export const encodeKept = (manifest: Manifest, coefficients: Secret, blob: Uint8Array | null): Uint8Array =>
  keptCodec.encode({
    format: 'mpc/escrow-kept/v1',
    manifest: encodeManifest(manifest),
    coefficients: coefficients.reveal(),
    blob,
  })

/**
 * The split in a plaintext, made again with the share. The caller wipes both.
 * @throws Failure `E_ESCROW_KEPT` (decryption) if it is malformed or its pieces do not fit its manifest
 */
export function parseKept(plaintext: Uint8Array, share: Secret): Kept {
  try {
    const kept = keptCodec.decode(plaintext)
    const manifest = parseManifest(kept.manifest)
    using coefficients = new Secret(kept.coefficients.slice())
    const { F, pieces } = split(curveOf(manifest.scheme), share, coefficients, manifest.holders.length)
    const same =
      F.length === manifest.vector.length &&
      F.every((A, k) => equalBytes(A, manifest.vector[k] as Uint8Array))
    if (!same) throw new CodecError('coefficients', 'not those of the manifest')
    return { manifest, blob: kept.blob, pieces }
  } catch (cause) {
    if (!(cause instanceof CodecError || cause instanceof Failure || cause instanceof RangeError)) throw cause
    throw new Failure(
      'decryption',
      'E_ESCROW_KEPT',
      `the kept source of the split is damaged: ${cause.message}`,
      {
        hint: 'put back escrow.age from a copy of this home; nothing was changed',
        cause,
      },
    )
  }
}

/** One custodian's secret part of one epoch of a key, as it is sealed. */
import { bytes, codec, CodecError, oneOf, record, uint } from '../protocol/codec.js'
import { type KeyShare, parseKeyShare } from '../protocol/keyshare.js'
import { SCHEMES, type Scheme } from '../protocol/scheme.js'
import { Secret } from '../protocol/secret.js'
import { Failure } from './failure.js'
import { type KeyRecord, publicShares, recordDigest } from './record.js'
import { hex } from './text.js'

const shareCodec = codec(
  record({
    format: oneOf(['mpc/share/v1']),
    /** Digest of the public record. */
    record: bytes(32),
    scheme: oneOf(SCHEMES),
    index: uint(64, 1),
    share: bytes(32),
  }),
  4096,
)

export const encodeShare = (share: {
  readonly record: Uint8Array
  readonly scheme: Scheme
  readonly index: number
  readonly share: Uint8Array
}): Uint8Array => shareCodec.encode({ format: 'mpc/share/v1', ...share })

/**
 * The share in a plaintext, once it is known to be that of this index in this record. The plaintext stays the caller's
 * to wipe, and so does the share.
 * @throws Failure `E_SHARE` (decryption)
 */
export function parseShare(plaintext: Uint8Array, r: KeyRecord, index: number): KeyShare {
  let secret: Secret | undefined
  try {
    const share = shareCodec.decode(plaintext)
    secret = new Secret(share.share.slice())
    if (hex(share.record) !== hex(recordDigest(r)) || share.index !== index || share.scheme !== r.scheme) {
      throw new CodecError('record', 'of another epoch or member')
    }
    return parseKeyShare({
      scheme: r.scheme,
      threshold: r.threshold,
      index,
      groupPoint: r.group_point,
      publicShares: publicShares(r),
      share: secret,
    })
  } catch (cause) {
    secret?.wipe()
    if (!(cause instanceof CodecError)) throw cause
    throw new Failure(
      'decryption',
      'E_SHARE',
      `the share file is not this member's share: ${cause.message}`,
      {
        hint: 'put back share.age from a copy of this home; nothing was changed',
        cause,
      },
    )
  }
}

/** One custodian's share of one epoch of a key, in its sealed form. */
import {
  bytes,
  type Codec,
  codec,
  CodecError,
  nullable,
  oneOf,
  record,
  uint,
} from '../../protocol/core/codec.js'
import {
  auxSecretShape,
  checkAuxSecret,
  wipeAuxSecret,
  type AuxPublic,
  type AuxSecret,
} from '../../protocol/cggmp24/auxiliary/data.js'
import type { Level } from '../../protocol/cggmp24/integers/level.js'
import { type Auxiliary, needsAuxiliary } from '../../protocol/engines/engine.js'
import { byEngine, engineField, engineOf } from '../../protocol/engines/registry.js'
import { type KeyShare, parseKeyShare } from '../../protocol/sharing/key-share.js'
import { SCHEMES, type Scheme } from '../../protocol/group/scheme.js'
import { Secret } from '../../protocol/core/secret.js'
import { Failure, otherEngine } from '../base/failure.js'
import { format } from '../base/realm.js'
import { auxiliaryOf, type KeyRecord, levelOfKeys, publicShares, recordDigest } from './record.js'
import { hex } from '../base/text.js'

const fields = {
  format: format('mpc/share/v1'),
  /** Digest of the public record. */
  record: bytes(32),
  scheme: oneOf(SCHEMES),
  ...engineField,
  index: uint(64, 1),
  share: bytes(32),
}
const plainCodec = codec(byEngine(record(fields)), 4096)
/** Includes the engine's primes; null if a share was restored without them. */
const codecAt = (level: Level) =>
  codec(byEngine(record({ ...fields, auxiliary: nullable(auxSecretShape(level)) })), 4096)

/** The primes alone, as they accompany the pieces of a split share. */
export const auxSecretCodec = (): Codec<AuxSecret> => codec(auxSecretShape(levelOfKeys()), 2048)

type Sealed = {
  readonly record: Uint8Array
  readonly scheme: Scheme
  readonly index: number
  readonly share: Uint8Array
  readonly auxiliary: AuxSecret | null
}

export function encodeShare({ auxiliary, ...own }: Sealed): Uint8Array {
  const share = { format: 'mpc/share/v1' as const, ...own, engine: engineOf(own.scheme).name }
  if (!needsAuxiliary(own.scheme)) return plainCodec.encode(share)
  return codecAt(levelOfKeys()).encode({ ...share, auxiliary })
}

export type OwnShare = {
  readonly share: KeyShare
  /** Null if the scheme needs none, or if they are lost: then the key must be refreshed before it signs. */
  readonly auxiliary: Auxiliary | null
}

/**
 * The share in a plaintext, checked to be the one of this index in this record. The caller wipes the
 * plaintext and the share.
 * @throws Failure `E_SHARE` (decryption); `E_ENGINE` (configuration)
 */
export function parseShare(plaintext: Uint8Array, r: KeyRecord, index: number): OwnShare {
  let secret: Secret | undefined
  let primes: AuxSecret | undefined
  try {
    const data = auxiliaryOf(r)
    const share = data ? codecAt(data.level).decode(plaintext) : plainCodec.decode(plaintext)
    if ('auxiliary' in share) primes = (share.auxiliary as AuxSecret | null) ?? undefined
    secret = new Secret(share.share.slice())
    if (hex(share.record) !== hex(recordDigest(r)) || share.index !== index || share.scheme !== r.scheme) {
      throw new CodecError('record', 'of another epoch or member')
    }
    if (data && primes) checkAuxSecret(data.level, data.parties.get(index) as AuxPublic, primes)
    return {
      share: parseKeyShare({
        scheme: r.scheme,
        threshold: r.threshold,
        index,
        groupPoint: r.group_point,
        publicShares: publicShares(r),
        share: secret,
      }),
      auxiliary: data && primes ? { data, secret: primes } : null,
    }
  } catch (cause) {
    secret?.wipe()
    if (primes) wipeAuxSecret(primes)
    if (!(cause instanceof CodecError)) throw cause
    throw (
      otherEngine(cause) ??
      new Failure('decryption', 'E_SHARE', `the share file is not this member's share: ${cause.message}`, {
        hint: 'put back share.age from a copy of this home; nothing was changed',
        cause,
      })
    )
  }
}

/** The account of a key, and the forms in which Ethereum writes its signatures. */
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { Failure } from '../../../wire/base/failure.js'
import { derivedKey } from '../../../wire/key/derived-key.js'
import { addressOf } from '../../address.js'
import { badPayload } from '../../bad-payload.js'
import type { Outputs, Subject } from '../../decoder.js'

/** The longest payload of the EVM types, in bytes: nodes take no longer transaction from anybody. */
export const MOST_BYTES = 128 * 1024

/** In place of an address where no key is named. */
export const SOME_KEY = 'the key that signs'

export type Signer = {
  /** EIP-55. */
  readonly address: string
  /** 33 bytes. */
  readonly publicKey: Uint8Array
}

/** @throws Failure `E_PAYLOAD` (verification): the key is of another scheme; `E_PATH` (usage) */
export function signerOf({ record, path }: Subject): Signer {
  if (record.scheme !== 'ecdsa-secp256k1') {
    throw badPayload(`Ethereum takes no signatures of ${record.scheme}`, {
      hint: 'use a key of ecdsa-secp256k1',
    })
  }
  const { publicKey } = derivedKey(record, path)
  return { address: addressOf('evm', publicKey), publicKey }
}

/** A signature with the parity of its point's y, from which the key can be recovered. */
export type Parts = { readonly r: bigint; readonly s: bigint; readonly yParity: 0 | 1 }

/**
 * @param signature 64 bytes, r and s
 * @param digest 32 bytes
 * @throws Failure `E_SIGNATURE_INVALID` (verification) unless it is the key's signature of the digest
 */
export function partsOf(signature: Uint8Array, digest: Uint8Array, { publicKey }: Signer): Parts {
  const { r, s } = secp256k1.Signature.fromBytes(signature, 'compact')
  const key = secp256k1.Point.fromBytes(publicKey)
  for (const yParity of [0, 1] as const) {
    if (recovered({ r, s, yParity }, digest)?.equals(key)) return { r, s, yParity }
  }
  throw new Failure(
    'verification',
    'E_SIGNATURE_INVALID',
    'no public key recovered from the signature is that of the key',
    {
      hint: 'check that the signature was made for this payload, by this key at this path',
    },
  )
}

/** The public key of a signature; null where there is none. */
function recovered({ r, s, yParity }: Parts, digest: Uint8Array) {
  try {
    return new secp256k1.Signature(r, s, yParity).recoverPublicKey(digest)
  } catch {
    return null
  }
}

/** 32 bytes in hex with 0x. */
export const word = (value: bigint): string => `0x${value.toString(16).padStart(64, '0')}`

/** A signature of a message: 65 bytes r, s and v in hex, and each of them. */
export function messageSignature({ r, s, yParity }: Parts): Outputs {
  const v = 27 + yParity
  return { signature: `${word(r)}${word(s).slice(2)}${v.toString(16)}`, r: word(r), s: word(s), v }
}

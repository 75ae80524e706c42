/**
 * The only place that makes and verifies identity signatures, live and offline: `node:crypto`, cofactorless,
 * after checking the length, S < L and that the key has prime order. Two verifiers can then never disagree.
 */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519.js'
import type { Value } from '../../protocol/core/codec.js'
import { Memo } from '../../protocol/core/memo.js'
import type { Secret } from '../../protocol/core/secret.js'
import { type SignedTag, signedBytes } from './domain-tags.js'
import { hex } from './text.js'

const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')
const L = ed25519.Point.Fn.ORDER

/** An Ed25519 key that signs; the seed stays in a `Secret` and in OpenSSL's key object. */
export class SigningKey {
  readonly publicKey: Uint8Array
  readonly #key: KeyObject

  /** @param seed 32 bytes, owned by this object from now on */
  constructor(readonly seed: Secret) {
    const der = Buffer.concat([PKCS8_PREFIX, seed.reveal()])
    this.#key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    der.fill(0)
    this.publicKey = Uint8Array.from(
      createPublicKey(this.#key).export({ format: 'der', type: 'spki' }).subarray(-32),
    )
  }

  /** 64-byte signature of the record (tag, ...fields). */
  sign(tag: SignedTag, ...fields: readonly Value[]): Uint8Array {
    return this.signBytes(signedBytes(tag, fields))
  }

  /** Only for the NATS server's nonce: we sign tagged records everywhere else. */
  signBytes(bytes: Uint8Array): Uint8Array {
    return Uint8Array.from(sign(null, bytes, this.#key))
  }
}

/** Whether a signature covers the record (tag, ...fields). @param publicKey one that `isSigningKey` accepts */
export function verifySignature(
  publicKey: Uint8Array,
  signature: Uint8Array,
  tag: SignedTag,
  ...fields: readonly Value[]
): boolean {
  return verifyEd25519(publicKey, signedBytes(tag, fields), signature)
}

/** Plain Ed25519 over bytes, with the same checks. */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false
  if (littleEndian(signature.subarray(32)) >= L) return false
  const key = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey).toString('base64url') },
    format: 'jwk',
  })
  return verify(null, message, key, signature)
}

/** Whether these bytes are the canonical encoding of a point of prime order: not the identity, no torsion. */
export function isSigningKey(publicKey: Uint8Array): boolean {
  try {
    return looked.of(hex(publicKey), () => {
      const point = ed25519.Point.fromBytes(publicKey, false)
      return !point.is0() && point.isTorsionFree()
    })
  } catch {
    return false
  }
}

const looked = new Memo<boolean>()

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`)
}

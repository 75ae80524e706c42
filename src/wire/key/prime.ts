/**
 * A safe prime made in advance, in its sealed form. Its maker signs it. Anybody who can write into a home can
 * seal to its owner; without the signature, an attacker could place a prime that it knows.
 */
import { attempt, bytes, bytesUpTo, codec, record } from '../../protocol/core/codec.js'
import { digest } from '../../protocol/core/session.js'
import { type SigningKey, verifySignature } from '../base/ed25519.js'
import { format } from '../base/realm.js'
import { SIGNED } from '../base/domain-tags.js'

const primeCodec = codec(
  record({ format: format('mpc/prime/v1'), prime: bytesUpTo(256, 64), signature: bytes(64) }),
  512,
)

// The signature covers a digest, which reveals nothing of the prime.
const named = (prime: Uint8Array): Uint8Array => digest('mpc/prime-digest/v1', prime)

/** @param prime big-endian, secret; the caller wipes it and the result */
export const encodePrime = (prime: Uint8Array, key: SigningKey): Uint8Array =>
  primeCodec.encode({ format: 'mpc/prime/v1', prime, signature: key.sign(SIGNED.prime, named(prime)) })

/** The prime in a plaintext; null unless the owner of `signing` made it. */
export function parsePrime(plaintext: Uint8Array, signing: Uint8Array): Uint8Array | null {
  const parsed = attempt(() => primeCodec.decode(plaintext))
  if (!parsed || !verifySignature(signing, parsed.signature, SIGNED.prime, named(parsed.prime))) return null
  return parsed.prime
}

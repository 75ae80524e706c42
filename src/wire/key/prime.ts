/**
 * A safe prime made ahead, as it is sealed: signed by the identity that made it, because whoever can write into a home
 * can seal to its owner, and a prime that somebody else knows is a key that somebody else knows.
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

// What is signed tells nothing of the prime.
const named = (prime: Uint8Array): Uint8Array => digest('mpc/prime-digest/v1', prime)

/** @param prime big-endian, secret: the caller wipes it, and what is returned */
export const encodePrime = (prime: Uint8Array, key: SigningKey): Uint8Array =>
  primeCodec.encode({ format: 'mpc/prime/v1', prime, signature: key.sign(SIGNED.prime, named(prime)) })

/** The prime in a plaintext, or null unless it is one that the owner of `signing` made. */
export function parsePrime(plaintext: Uint8Array, signing: Uint8Array): Uint8Array | null {
  const parsed = attempt(() => primeCodec.decode(plaintext))
  if (!parsed || !verifySignature(signing, parsed.signature, SIGNED.prime, named(parsed.prime))) return null
  return parsed.prime
}

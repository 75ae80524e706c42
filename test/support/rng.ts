/** Seeded randomness for simulations: SHA-256 in counter mode. Never used by the product. */
import { sha256 } from '@noble/hashes/sha2.js'
import { encode, type Value } from '../../src/protocol/core/codec.js'
import type { Rng } from '../../src/protocol/core/session.js'

export function seededRng(...seed: readonly Value[]): Rng {
  let counter = 0
  return (length) => {
    const out = new Uint8Array(length)
    for (let at = 0; at < length; at += 32) {
      out.set(sha256(encode([...seed, counter++])).subarray(0, Math.min(32, length - at)), at)
    }
    return out
  }
}

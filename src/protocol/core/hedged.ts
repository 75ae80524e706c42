/**
 * Random bytes that hide a secret: the generator's output, hashed with the secret and with everything that
 * tells this use from every other. If the generator repeats itself, as after a machine is restored from a
 * snapshot, two uses still get different bytes, and their answers do not add up to equations that reveal the
 * secret. If somebody knows the generator's output, the bytes are still unknown without the secret. If the
 * generator is good, its output alone makes them random.
 */
import { shake256 } from '@noble/hashes/sha3.js'
import { encode, type Value } from './codec.js'
import type { Secret } from './secret.js'
import type { Rng } from './session.js'

export type Hedged = {
  readonly rng: Rng
  /** Wipes all bytes drawn so far. */
  [Symbol.dispose](): void
}

/**
 * @param fresh the generator; its output is wiped at once
 * @param purpose a tag unique to this use
 * @param secret the secret that the bytes hide; null if it does not exist before they are drawn
 * @param context everything else that this use depends on: the run, the message, who deals to whom
 */
export function hedged(
  fresh: Rng,
  purpose: string,
  secret: Secret | null,
  ...context: readonly Value[]
): Hedged {
  const drawn: Uint8Array[] = []
  const rng: Rng = (length) => {
    const system = fresh(length)
    // The index of the draw is hashed too: even a stuck generator gives every draw different bytes.
    const input = encode(['mpc/hedged/v1', purpose, context, drawn.length, secret?.reveal() ?? null, system])
    const out = shake256(input, { dkLen: length })
    input.fill(0)
    system.fill(0)
    drawn.push(out)
    return out
  }
  return { rng, [Symbol.dispose]: () => drawn.forEach((bytes) => bytes.fill(0)) }
}

/**
 * Random bytes for what hides a secret: what the generator gives, hashed with the secret itself and with all that tells
 * this use from every other. Should the generator repeat itself, as after a machine was put back from a snapshot, two uses
 * still have different bytes, and their answers do not add up to equations that the secret solves. Should somebody know
 * what it gives, the bytes are still unknown without the secret. What the generator gives stays in the hash: where it is
 * good, nothing else matters.
 */
import { shake256 } from '@noble/hashes/sha3.js'
import { encode, type Value } from './codec.js'
import type { Secret } from './secret.js'
import type { Rng } from './session.js'

export type Hedged = {
  readonly rng: Rng
  /** Wipes all that was drawn. */
  [Symbol.dispose](): void
}

/**
 * @param fresh the generator; what it gives is wiped at once
 * @param purpose a tag of this use alone
 * @param secret what the bytes are to hide; null where there is none before they are drawn
 * @param context what else this use depends on: the run, what is signed, who deals to whom
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
    // The place in the sequence as well: a generator that is stuck still gives every draw other bytes.
    const input = encode(['mpc/hedged/v1', purpose, context, drawn.length, secret?.reveal() ?? null, system])
    const out = shake256(input, { dkLen: length })
    input.fill(0)
    system.fill(0)
    drawn.push(out)
    return out
  }
  return { rng, [Symbol.dispose]: () => drawn.forEach((bytes) => bytes.fill(0)) }
}

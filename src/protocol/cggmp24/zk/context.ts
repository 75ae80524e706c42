/**
 * The context that every proof is bound to, and the challenge that follows from it. One deterministic
 * encoding covers everything, so no byte can move from one field to another. A proof is bound to one level,
 * run, epoch, prover, verifier and role, to its whole statement and to all its first messages. One hash
 * covers all of them: no challenge depends on a part only, and no field is free for the prover to choose.
 */
import { sha512 } from '@noble/hashes/sha2.js'
import { bytes, encode, nullable, record, type Shape, text, uint, type Value } from '../../core/codec.js'
import { secp256k1 } from '../../group/curve.js'
import type { PartyId } from '../../core/session.js'
import { bytesBelow, centred, fromBytes, q, toBytes } from '../integers/integers.js'
import { type Level, levelShape } from '../integers/level.js'

export type ProofContext = {
  readonly level: Level
  /** 32 bytes that name the run. */
  readonly ssid: Uint8Array
  /** 32 bytes: digest of the key's record, or of the ceremony's definition while there is no record yet. */
  readonly epoch: Uint8Array
  readonly prover: PartyId
  /** Null if the proof convinces everybody. */
  readonly verifier: PartyId | null
  /** Tells proofs of one kind in one round apart: ψ0 from ψ1, ψ from ψ̂. */
  readonly role: string
}

/** The shape in which a context travels to a job. */
export const contextShape: Shape<ProofContext> = record({
  level: levelShape,
  ssid: bytes(32),
  epoch: bytes(32),
  prover: uint(undefined, 1),
  verifier: nullable(uint(undefined, 1)),
  role: text(32),
})

const WIDE_BYTES = 64

/** A challenge uniform modulo q, centred. */
export function challengeModQ(
  ctx: ProofContext,
  kind: string,
  statement: readonly Value[],
  commitments: readonly Value[],
): bigint {
  return centred(fromBytes(expand(seed(ctx, kind, statement, commitments), WIDE_BYTES)), q)
}

/** A challenge uniform in ±2^bits. */
export function challengePlusMinus(
  ctx: ProofContext,
  kind: string,
  bits: number,
  statement: readonly Value[],
  commitments: readonly Value[],
): bigint {
  const half = 2n ** BigInt(bits - 1)
  return below(2n * half + 1n, seed(ctx, kind, statement, commitments)) - half
}

/** `count` bits, all from one hash. */
export function challengeBits(
  ctx: ProofContext,
  kind: string,
  count: number,
  statement: readonly Value[],
  commitments: readonly Value[],
): readonly (0 | 1)[] {
  const bytes = expand(seed(ctx, kind, statement, commitments), Math.ceil(count / 8))
  return Array.from({ length: count }, (_, k) => (((bytes[k >> 3] as number) >> (k & 7)) & 1) as 0 | 1)
}

/** A uniform element of [0, bound), determined by the context and the statement. */
export function challengeBelow(
  ctx: ProofContext,
  kind: string,
  bound: bigint,
  statement: readonly Value[],
): bigint {
  return below(bound, seed(ctx, kind, statement, []))
}

function seed(
  ctx: ProofContext,
  kind: string,
  statement: readonly Value[],
  commitments: readonly Value[],
): Uint8Array {
  const { level, ssid, epoch, prover, verifier, role } = ctx
  return sha512(
    encode([
      'mpc/cggmp24-challenge/v1',
      [level.name, kind, ssid, epoch, prover, verifier, role],
      [secp256k1.name, toBytes(q), level.ell, level.epsilon, level.ellPrime, level.repetitions],
      statement,
      commitments,
    ]),
  )
}

/** Reduces 128 bits more than the bound has: the bias is below 2^-128. */
const below = (bound: bigint, seed: Uint8Array): bigint => fromBytes(expand(seed, bytesBelow(bound))) % bound

/** SHA-512 in counter mode. */
function expand(seed: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length)
  for (let at = 0, block = 0; at < length; at += 64, block++) {
    out.set(sha512(encode(['mpc/cggmp24-expand/v1', seed, block])).subarray(0, length - at), at)
  }
  return out
}

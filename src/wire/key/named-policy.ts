/** A policy of a key by its number and digest, as records and orders name it. */
import { bytes, type Of, record, uint } from '../../protocol/core/codec.js'

/** How many policies a key can have had. */
export const MOST_POLICIES = 100_000

export const namedPolicyShape = record({
  /** From 1, for each key; for people, and for the order in which policies replace each other. */
  number: uint(MOST_POLICIES, 1),
  /** Of the file's bytes. */
  sha256: bytes(32),
})
export type NamedPolicy = Of<typeof namedPolicyShape>

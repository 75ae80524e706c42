/**
 * The run that a protocol belongs to, and hashing bound to that run.
 * `digest` hashes the deterministic encoding of a tagged record, so no two different records share an input.
 * `Session.digest` adds the session ID to every record.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { encode, type Value } from './codec.js'

/** A participant's number in one run, from 1. In key generation and signing it is the index of its share. */
export type PartyId = number

/** A source of random bytes, handed in by the composition root. */
export type Rng = (length: number) => Uint8Array

/**
 * The system's generator, for signing nonces only. It is never seeded and never replayed, because two
 * signatures under one nonce give away the share. It is not callable, so the compiler accepts neither type
 * for the other.
 */
export type NonceRng = { readonly fresh: (length: number) => Uint8Array }

/** SHA-256 over the record (tag, ...fields): 32 bytes. */
export function digest(tag: string, ...fields: readonly Value[]): Uint8Array {
  return sha256(encode([tag, ...fields]))
}

/** One run of one protocol, as one participant sees it. */
export class Session {
  /** The other parties, in ascending order. */
  readonly peers: readonly PartyId[]

  /**
   * @param sid the session ID, 32 bytes: the handshake makes it, and it covers the run's definition
   * @param self this participant
   * @param parties all participants, self included, ascending, each once
   */
  constructor(
    readonly sid: Uint8Array,
    readonly self: PartyId,
    readonly parties: readonly PartyId[],
  ) {
    if (sid.length !== 32) throw new RangeError('a session id has 32 bytes')
    if (!parties.includes(self)) throw new RangeError('self is not among the parties')
    if (
      parties.some((party, i) => !Number.isSafeInteger(party) || party < 1 || party <= (parties[i - 1] ?? 0))
    ) {
      throw new RangeError('parties must be ascending positive integers')
    }
    this.peers = parties.filter((party) => party !== self)
  }

  /** SHA-256 over (tag, sid, ...fields), for the commitments and challenges of this run: 32 bytes. */
  digest(tag: string, ...fields: readonly Value[]): Uint8Array {
    return digest(tag, this.sid, ...fields)
  }
}

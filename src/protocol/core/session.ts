/**
 * The run that a protocol belongs to, and the hashing that is bound to it.
 * `digest` hashes a tagged record by way of the deterministic encoding, so no two different records share an input;
 * `Session.digest` puts the run into every record.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { encode, type Value } from './codec.js'

/** A participant's number in one run, from 1. In key generation and signing it is the index of its share. */
export type PartyId = number

/** A source of random bytes, handed in by the composition root. */
export type Rng = (length: number) => Uint8Array

/**
 * The system's generator, for signing nonces only: never seeded and never replayed, because two signatures
 * under one nonce give away the share. It is not callable, so the compiler refuses it for an `Rng`, and
 * the reverse.
 */
export type NonceRng = { readonly fresh: (length: number) => Uint8Array }

/** SHA-256 over the record (tag, ...fields): 32 bytes. */
export function digest(tag: string, ...fields: readonly Value[]): Uint8Array {
  return sha256(encode([tag, ...fields]))
}

/** One run of one protocol, as one participant sees it. */
export class Session {
  /** Everybody else, in ascending order. */
  readonly peers: readonly PartyId[]

  /**
   * @param sid 32 bytes that name this run and cover its definition: the handshake makes it
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

  /** SHA-256 over (tag, sid, ...fields): what a commitment or a challenge of this run is made of. */
  digest(tag: string, ...fields: readonly Value[]): Uint8Array {
    return digest(tag, this.sid, ...fields)
  }
}

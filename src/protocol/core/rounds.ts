/** The broadcasts of a run: the part of it that every party has seen. */
import { attempt } from './codec.js'
import type { PartyId, Session } from './session.js'

/** The letters of each round of broadcasts, by round and sender. */
export type Rounds = ReadonlyMap<string, ReadonlyMap<PartyId, Uint8Array>>

/** One letter of each party, in order; null if one is missing or malformed. */
export function decoded<T>(
  session: Session,
  rounds: Rounds,
  round: string,
  decode: (letter: Uint8Array) => T,
): ReadonlyMap<PartyId, T> | null {
  const letters = rounds.get(round)
  return attempt(
    () => new Map(session.parties.map((party) => [party, decode(letters?.get(party) ?? new Uint8Array())])),
  )
}

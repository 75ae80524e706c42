/**
 * The errors that end a protocol, with the parties at fault. A fault that this machine has checked is an
 * accusation; a disagreement without a known author is a `SplitView`.
 */
import type { PartyId } from './session.js'

/**
 * `proven`: signed bytes show it to a third party. `witnessed`: this machine checked it, others must take its
 * word. `pair`: one of two parties is guilty, and an outsider cannot tell which.
 */
export type AccusationKind = 'proven' | 'witnessed' | 'pair'

export type Accusation = {
  readonly party: PartyId
  readonly round: string
  readonly kind: AccusationKind
  readonly reason: string
  /** Set if the fault is in the party's direct letter to this one, and its broadcast holds. */
  readonly dealt?: true
  /** In a run of several entries (`entries.ts`): the number of the entry at fault, from 1; absent for the whole letter. */
  readonly entry?: number
}

/** The first accusation of each party, in the order of the parties. */
export function firstOfEach(accusations: readonly Accusation[]): readonly Accusation[] {
  const byParty = new Map<PartyId, Accusation>()
  for (const accusation of accusations) {
    if (!byParty.has(accusation.party)) byParty.set(accusation.party, accusation)
  }
  return [...byParty.values()].sort((a, b) => a.party - b.party)
}

/** Somebody broke the protocol. It names every party found at fault in the round, not only the first. */
export class ProtocolAbort extends Error {
  override readonly name = 'ProtocolAbort'
  constructor(
    readonly round: string,
    readonly accusations: readonly Accusation[],
  ) {
    super(`round ${round}: ${accusations.map((a) => `party ${a.party} (${a.kind}): ${a.reason}`).join('; ')}`)
  }
}

/** Participants saw different letters in one round. A member or the network did it; nobody is accused. */
export class SplitView extends Error {
  override readonly name = 'SplitView'
  /** @param echoOf the echo of a party that saw these letters; null if nobody could have echoed them */
  constructor(
    readonly round: string,
    readonly echoOf: (letters: ReadonlyMap<PartyId, Uint8Array>) => Uint8Array | null,
  ) {
    super(`round ${round}: participants did not all see the same letters`)
  }
}

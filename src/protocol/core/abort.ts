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

/**
 * Participants saw different letters in one round. A member or the network may be the cause: nobody is
 * accused.
 */
export class SplitView extends Error {
  override readonly name = 'SplitView'
  constructor(readonly round: string) {
    super(`round ${round}: participants did not all see the same letters`)
  }
}

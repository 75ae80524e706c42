/**
 * How a protocol ends badly, and whose fault it was.
 * A fault that this machine checked itself is an accusation; disagreement that has no author is a `SplitView`.
 */
import type { PartyId } from './session.js'

/**
 * `proven`: signed bytes show it to a third party. `witnessed`: this machine checked it, others must take its word.
 * `pair`: one of two, and nobody outside can say which.
 */
export type AccusationKind = 'proven' | 'witnessed' | 'pair'

export type Accusation = {
  readonly party: PartyId
  readonly round: string
  readonly kind: AccusationKind
  readonly reason: string
  /** Whether it is about the letter that this party alone got of it, and all that it said aloud holds. */
  readonly dealt?: true
}

/** Somebody broke the protocol: everybody at fault in the round is named, never only the first. */
export class ProtocolAbort extends Error {
  override readonly name = 'ProtocolAbort'
  constructor(
    readonly round: string,
    readonly accusations: readonly Accusation[],
  ) {
    super(`round ${round}: ${accusations.map((a) => `party ${a.party} (${a.kind}): ${a.reason}`).join('; ')}`)
  }
}

/** Participants saw different letters in one round. Somebody lied, or the network did: nobody is accused. */
export class SplitView extends Error {
  override readonly name = 'SplitView'
  constructor(readonly round: string) {
    super(`round ${round}: participants did not all see the same letters`)
  }
}

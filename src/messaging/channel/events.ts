/** The events of a ceremony: for screens, `--events`, and tests that kill a member at a letter. */

export type CeremonyEvent = {
  readonly event:
    | 'joined'
    | 'hello'
    | 'words'
    | 'round_started'
    | 'letter_sent'
    | 'letter_received'
    | 'waiting'
    | 'quiet'
    | 'heard'
    | 'restarted'
    | 'primes'
    | 'network'
    | 'aborted'
    | 'receipt_sent'
    | 'certificate'
    | 'done'
    | 'silent'
    | 'withdrawn'
    | 'skipped'
    | 'declined'
    | 'needs'
    | 'making'
  readonly attempt?: string
  readonly round?: string
  /**
   * A member's name. With `silent` and `withdrawn`: the asker, which left or may have left. With `skipped`:
   * the asker whose request this member passes over. With `declined`: the member that passes over our
   * request.
   */
  readonly party?: string
  /** With `silent`: the ID of the asker's current request. With `skipped`: null if it is unreadable. */
  readonly request?: string | null
  /** With `skipped`: SHA-256 of the payload, in hex; null if the request cannot be read. */
  readonly sha256?: string | null
  /** With `skipped`: what the payload does, in a sentence; null if it was not decoded. */
  readonly sentence?: string | null
  /**
   * With `skipped`: the reason, as a code and in words. With `declined`: in words only. With `needs`: what the policy
   * still wants for a request.
   */
  readonly code?: string
  readonly reason?: string
  /** With `quiet`: when the member was last heard, milliseconds since 1970. `heard` ends it. */
  readonly since?: number
  /** Names of the members that this one waits for. */
  readonly missing?: readonly string[]
  readonly words?: readonly string[]
  /** With `primes`: how many this member still has to make. With `making`: how many `party` has. */
  readonly left?: number
  /** With `joined`: names of the other participants. */
  readonly others?: readonly string[]
}

export type Emit = (event: CeremonyEvent) => void

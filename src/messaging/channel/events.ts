/** What a ceremony tells of itself as it goes: for screens, for `--events`, for tests that kill at a letter. */

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
    | 'making'
  readonly attempt?: string
  readonly round?: string
  /**
   * A member's name. With `silent` and `withdrawn`: who asked for a signature, and left or may have; with `skipped`: whose
   * request is passed over here; with `declined`: who passes over this member's.
   */
  readonly party?: string
  /** With `silent`: what the asker asks for since, by its id. With `skipped`: null for what cannot be read. */
  readonly request?: string | null
  /** With `skipped`: SHA-256 of the payload, in hex; null for what cannot be read. */
  readonly sha256?: string | null
  /** With `skipped`: why, as a code and in words. `declined`: in words. */
  readonly code?: string
  readonly reason?: string
  /** With `quiet`: when that one was last heard, milliseconds since 1970. `heard`: it speaks again. */
  readonly since?: number
  /** Names of those who are waited for. */
  readonly missing?: readonly string[]
  readonly words?: readonly string[]
  /** With `primes`: how many are still to be made here; with `making`: by that member. */
  readonly left?: number
  /** With `joined`: names of the others who take part. */
  readonly others?: readonly string[]
}

export type Emit = (event: CeremonyEvent) => void

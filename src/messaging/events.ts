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
  readonly attempt?: string
  readonly round?: string
  /** A member's name. With `silent` and `withdrawn`: who asked for a signature, and left or may have. */
  readonly party?: string
  /** With `silent`: what the asker asks for since, by its id. */
  readonly request?: string
  /** With `quiet`: when that one was last heard, milliseconds since 1970. `heard`: it speaks again. */
  readonly since?: number
  /** Names of those who are waited for. */
  readonly missing?: readonly string[]
  readonly words?: readonly string[]
  /** With `primes`: how many are still to be made here. */
  readonly left?: number
  /** With `joined`: names of the others who take part. */
  readonly others?: readonly string[]
}

export type Emit = (event: CeremonyEvent) => void

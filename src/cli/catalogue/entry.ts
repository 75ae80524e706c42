/** What `mpc explain` says of an error code. */
export type Entry = {
  /** What happened, in general; the error itself says what exactly. */
  readonly meaning: string
  /** What to do about it. */
  readonly next: string
}

export const entry = (meaning: string, next: string): Entry => ({ meaning, next })

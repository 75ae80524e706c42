/** How long to wait for whom: minutes for people, less in tests. */

/** Milliseconds to wait for people to come (`join`) and for a letter (`round`). */
export type Patience = {
  readonly join: number
  readonly round: number
  /** A deadline for everything together, milliseconds since 1970; null if none was set. */
  readonly total: number | null
  /** In signing: how long each signer waits for the one before it to give the order. */
  readonly silence?: number
  /** In signing: how long an asker may be silent before it counts as gone. */
  readonly asker?: number
  /** In signing: how often a request is announced again. */
  readonly again?: number
  /** How long to wait for receipts over a signature, which is finished without them. */
  readonly receipts?: number
  /** How long this member keeps trying to finish a signature that another member already has. */
  readonly handOver?: number
  /** How long members that disagree show each other their letters. */
  readonly showing?: number
}

const SPANS = {
  silence: 30_000,
  asker: 20_000,
  again: 5000,
  receipts: 5000,
  handOver: 3000,
  showing: 5000,
} as const

/** One of the shorter waits, or its default. */
export const spanOf = (patience: Patience, what: keyof typeof SPANS): number => patience[what] ?? SPANS[what]

/** The deadline of a wait for people that begins now. */
export const joinUntil = ({ join, total }: Patience, now: number): number => total ?? now + join
/** The deadline of a wait for a letter that begins now. */
export const roundUntil = ({ round, total }: Patience, now: number): number => total ?? now + round

/** The time from `notBefore`, inclusive, to `expires`, exclusive; milliseconds since 1970. */
export type Validity = { readonly notBefore: number; readonly expires: number }

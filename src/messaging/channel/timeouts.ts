/** How long to wait for whom. People wait in minutes; tests say less. */

/** How long to wait: for people to come, and for a letter; milliseconds. */
export type Patience = {
  readonly join: number
  readonly round: number
  /** When everything together is over, if somebody said so; milliseconds since 1970. */
  readonly total: number | null
  /** In signing, how long each signer waits for the one before it to give the order. */
  readonly silence?: number
  /** In signing, for how long who asked may say nothing before it is thought to have left. */
  readonly asker?: number
  /** How often what is asked for is said again. */
  readonly again?: number
  /** How long to wait for receipts over a signature, which is done without them. */
  readonly receipts?: number
  /** How long a signature that another has already may take to come about here by itself. */
  readonly handOver?: number
  /** How long members who disagree show each other what they hold. */
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

/** One of the shorter waits, as it is if nobody says otherwise. */
export const spanOf = (patience: Patience, what: keyof typeof SPANS): number => patience[what] ?? SPANS[what]

/** When a wait for people that begins now is over. */
export const joinUntil = ({ join, total }: Patience, now: number): number => total ?? now + join
/** When a wait for a letter that begins now is over. */
export const roundUntil = ({ round, total }: Patience, now: number): number => total ?? now + round

/** From `notBefore` on and before `expires`, in milliseconds since 1970. */
export type Validity = { readonly notBefore: number; readonly expires: number }

/** An instruction's reading, in words and for rules; the programs' readers make it. */
import { decimal } from '../decimal.js'
import type { Effect, Row } from '../decoder.js'
import type { Account } from './message.js'
import { U64_MAX } from './fields.js'

/** A sentence. Those of severity 0 say that control or everything may go, those of 1 that something is not known. */
export type Warning = { readonly severity: 0 | 1 | 2; readonly text: string }

export type Reading = {
  /** The program and the instruction: `System: transfer`. */
  readonly title: string
  /** Its deed, without a subject: `sends 1.5 SOL to ...`. Null if it only serves the transaction. */
  readonly does: string | null
  readonly rows: readonly Row[]
  readonly effects: readonly Effect[]
  readonly warnings: readonly Warning[]
}

export const CHAIN = 'solana'
export const NATIVE = 'native'

export const row = (label: string, value: string): Row => ({ label, value })
export const severe = (text: string): Warning => ({ severity: 0, text })
export const notable = (text: string): Warning => ({ severity: 1, text })
export const minor = (text: string): Warning => ({ severity: 2, text })

type Amount = { readonly asset: string | null; readonly amount: bigint | null }
const LAMPORTS_UNKNOWN: Amount = { asset: NATIVE, amount: null }

export const lamports = (amount: bigint): Amount => ({ asset: NATIVE, amount })
/** All that an account holds, which the message does not say. */
export const allLamports = (): Amount => LAMPORTS_UNKNOWN

/** Value goes to an account. Null: it goes to nobody. */
export const transfers = ({ asset, amount }: Amount, to: Account | null): Effect => ({
  chain: CHAIN,
  kind: 'transfer',
  asset,
  amount,
  recipient: to?.address ?? null,
})

/** Somebody may dispose of an asset, up to the amount; an account without a limit if that is null. */
export const allows = ({ asset, amount }: Amount, to: string | null): Effect => ({
  chain: CHAIN,
  kind: 'approve',
  asset,
  amount: amount === U64_MAX ? null : amount,
  recipient: to,
})

/** A program does something that moves nothing by itself. */
export const calls = (program: string): Effect => ({
  chain: CHAIN,
  kind: 'call',
  asset: null,
  amount: null,
  recipient: program,
})

/** 1 SOL is 10^9 lamports. */
export const sol = (amount: bigint): string => `${decimal(amount, 9)} SOL`

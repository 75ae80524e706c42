/** A Solana message with its accounts in place of their numbers. */
import { type Compiled, type CompiledLookup, compiledMessage, lookupsOf } from './compiled.js'

export type Account = {
  /** Null if it stands in a lookup table: what the table holds is not known here. */
  readonly address: string | null
  /** For people: the address, or the place in its table. */
  readonly name: string
  readonly isSigner: boolean
}

export type Instruction = {
  readonly program: string
  readonly accounts: readonly Account[]
  readonly data: Uint8Array
}

export type Lookup = { readonly table: string; readonly writable: number; readonly readonly: number }

export type Message = {
  readonly version: 'legacy' | 0
  /** Addresses of all whose signature it needs, in the order of the signatures; the first pays the fee. */
  readonly signers: readonly string[]
  /** Base58: a recent blockhash, or the value of a nonce account. */
  readonly lifetime: string
  readonly instructions: readonly Instruction[]
  readonly lookups: readonly Lookup[]
}

/**
 * @param key address that is marked as this key wherever it stands; none by default
 * @throws Failure `E_PAYLOAD` (verification) unless validators accept it, and it encodes to the same bytes again
 */
export function parseMessage(bytes: Uint8Array, key?: string): Message {
  const compiled = compiledMessage(bytes)
  const lookups = lookupsOf(compiled)
  const accounts = [...fixedAccounts(compiled, key), ...lookedUp(lookups)]
  const at = (index: number): Account => accounts[index] as Account
  return {
    version: compiled.version,
    signers: compiled.staticAccounts.slice(0, compiled.header.numSignerAccounts),
    lifetime: compiled.lifetimeToken,
    instructions: compiled.instructions.map(({ programAddressIndex, accountIndices, data }) => ({
      program: compiled.staticAccounts[programAddressIndex] as string,
      accounts: (accountIndices ?? []).map(at),
      data: Uint8Array.from(data ?? []),
    })),
    lookups: lookups.map(({ lookupTableAddress, writableIndexes, readonlyIndexes }) => ({
      table: lookupTableAddress,
      writable: writableIndexes.length,
      readonly: readonlyIndexes.length,
    })),
  }
}

const fixedAccounts = ({ header, staticAccounts }: Compiled, key?: string): Account[] =>
  staticAccounts.map((address, i) => ({
    address,
    name: address === key ? `${address} (this key)` : address,
    isSigner: i < header.numSignerAccounts,
  }))

/** First what may be written of all tables, then the rest: the order in which instructions count them. */
const lookedUp = (lookups: readonly CompiledLookup[]): Account[] =>
  [
    ...lookups.flatMap((each) => entries(each, each.writableIndexes)),
    ...lookups.flatMap((each) => entries(each, each.readonlyIndexes)),
  ].map((name) => ({ address: null, name, isSigner: false }))

const entries = ({ lookupTableAddress }: CompiledLookup, indexes: readonly number[]): string[] =>
  indexes.map((index) => `not known here: entry ${index} of lookup table ${lookupTableAddress}`)

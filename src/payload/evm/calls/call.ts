/** A call of a contract, and what reads one function of it. */
import type { Report } from '../base/report.js'
import { type AbiType, abiFunction, type Value } from './abi.js'

export type Call = {
  /** Null where it is valid on every chain. */
  readonly chain: bigint | null
  /** EIP-55: who makes the call. */
  readonly from: string
  /** EIP-55: whose code runs. */
  readonly to: string
  /** In wei. */
  readonly value: bigint
  readonly data: Uint8Array
  /** Whether the code of `to` runs as if it were that of `from`, over its coins, tokens and storage. */
  readonly delegate: boolean
}

export type Context = {
  readonly call: Call
  readonly out: Report
  /** Reads calls that this one makes. Gives what each does, in words: `sends 1 ETH to 0x...`. */
  readonly inner: (calls: readonly Call[]) => readonly string[]
}

export type Reader = {
  readonly signature: string
  readonly selector: string
  /**
   * The reading of a call; null if it is not understood. The function reports rows, effects and warnings, and
   * gives the deed in words, from a verb in the third person.
   */
  readonly read: (call: Call) => ((context: Context) => string) | null
}

/**
 * Reads one function.
 * @param makesSense whether a call with these arguments can be understood, beyond that they are canonical
 */
export function reader<const T extends readonly unknown[]>(
  name: string,
  types: T & readonly AbiType[],
  say: (values: Value<T>, context: Context) => string,
  makesSense: (values: Value<T>, call: Call) => boolean = () => true,
): Reader {
  const { signature, selector, decode } = abiFunction(name, types)
  return {
    signature,
    selector,
    read(call) {
      const values = decode(call.data)
      return values === null || !makesSense(values, call) ? null : (context) => say(values, context)
    },
  }
}

/** The same, for contracts that pass a test. */
export const only = (test: (call: Call) => boolean, readers: readonly Reader[]): readonly Reader[] =>
  readers.map((each) => ({
    ...each,
    read: (call) => (test(call) ? each.read(call) : null),
  }))

/** A list of more entries is not understood. */
const MOST_ENTRIES = 64

export const isSome = (list: readonly unknown[]): boolean => list.length > 0 && list.length <= MOST_ENTRIES

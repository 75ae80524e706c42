/**
 * Calls in one call: Multicall3 and its forerunners, which make the calls themselves, and `multicall` of many
 * contracts, which runs each of its entries as a call of the contract itself by the same caller.
 */
import { type Call, type Context, type Reader, reader } from './call.js'
import { contractName, named } from './contracts.js'

/** Words for a call that makes others: those of the others are in their own rows, but for a single one. */
export function inOne(within: readonly string[], by: string): string {
  return within.length === 1
    ? `makes one call by way of ${by}: ${within[0]}`
    : `makes ${within.length} calls by way of ${by}`
}

type Entry = {
  readonly to: string
  readonly data: Uint8Array
  readonly value?: bigint
  readonly mayFail: boolean
}

function aggregate(context: Context, entries: readonly Entry[]): string {
  const { call, out, inner } = context
  out.effect('call', { recipient: call.to })
  if (contractName(call.chain, call.to) !== 'Multicall3') {
    out.warn(
      'caution',
      `${call.to} is no Multicall3 that is known here: it may do something else than these calls.`,
    )
  }
  out.row('makes calls', `${entries.length}, as ${call.to}`)
  const failing = entries.filter(({ mayFail }) => mayFail).length
  if (failing > 0) out.row('may fail alone', `${failing} of them`)
  const { chain, to: from } = call
  const calls = entries.map(({ to, data, value = 0n }) => ({ chain, from, to, value, data, delegate: false }))
  return inOne(inner(calls), named(chain, call.to))
}

function ownCalls({ call, out, inner }: Context, list: readonly Uint8Array[]): string {
  out.effect('call', { recipient: call.to })
  out.warn('caution', `${call.to} is not known here: it may do something else than these calls.`)
  out.row('makes calls', `${list.length}, of ${call.to} itself`)
  const calls = list.map((data): Call => ({ ...call, value: 0n, data }))
  return inOne(inner(calls), call.to)
}

const PAIR = { each: ['address', 'bytes'] } as const
type Pair = readonly [to: string, data: Uint8Array]
const entriesOf = (pairs: readonly Pair[], mayFail: boolean): readonly Entry[] =>
  pairs.map(([to, data]) => ({ to, data, mayFail }))

export const multicall: readonly Reader[] = [
  reader('aggregate', [PAIR], ([pairs], context) => aggregate(context, entriesOf(pairs, false))),
  reader('blockAndAggregate', [PAIR], ([pairs], context) => aggregate(context, entriesOf(pairs, false))),
  reader('tryAggregate', ['bool', PAIR], ([all, pairs], context) =>
    aggregate(context, entriesOf(pairs, !all)),
  ),
  reader('tryBlockAndAggregate', ['bool', PAIR], ([all, pairs], context) =>
    aggregate(context, entriesOf(pairs, !all)),
  ),
  reader('aggregate3', [{ each: ['address', 'bool', 'bytes'] }], ([list], context) =>
    aggregate(
      context,
      list.map(([to, mayFail, data]) => ({ to, mayFail, data })),
    ),
  ),
  reader('aggregate3Value', [{ each: ['address', 'bool', 'uint256', 'bytes'] }], ([list], context) =>
    aggregate(
      context,
      list.map(([to, mayFail, value, data]) => ({ to, mayFail, value, data })),
    ),
  ),
  reader('multicall', ['bytes[]'], ([list], context) => ownCalls(context, list)),
  reader('multicall', ['uint256', 'bytes[]'], ([, list], context) => ownCalls(context, list)),
  reader('multicall', ['bytes32', 'bytes[]'], ([, list], context) => ownCalls(context, list)),
]

/**
 * The deeds of a call, decoded inwards: rows, effects and warnings. A function that is not known, or
 * arguments that are not canonical, are said to be unknown; nothing is guessed.
 */
import { hex } from '../../../wire/base/text.js'
import { coins, coinsAndWei, sizeAndHash } from '../base/amounts.js'
import type { Report } from '../base/report.js'
import type { Call, Context, Reader } from './call.js'
import { isMultiSend, named } from './contracts.js'
import { erc20 } from './erc20.js'
import { multicall } from './multicall.js'
import { nft } from './nft.js'
import { permit2 } from './permit2.js'
import { multiSend, safe } from './safe.js'
import { wrapped } from './wrapped.js'

/** Calls within calls are read so far inwards. */
const MOST_DEPTH = 3
/** So many calls within calls are read, all together. */
const MOST_CALLS = 64

const bySelector = (readers: readonly Reader[]): ReadonlyMap<string, Reader> =>
  new Map(readers.map((each) => [each.selector, each]))

const CALLS = bySelector([...erc20, ...nft, ...permit2, ...wrapped, ...multicall, ...safe, ...multiSend])
/** By delegatecall another contract's code runs over the caller's own storage: `transfer` there moves no token. */
const DELEGATECALLS = bySelector(multiSend)

type State = {
  /** How many calls within calls are still read. */
  calls: number
  /** Readers of functions beyond those that are built in. */
  readonly more: readonly Reader[]
}

const fresh = (more: readonly Reader[]): State => ({ calls: MOST_CALLS, more })

/**
 * Rows of the call itself, its recipient and value, are the caller's.
 * @param more what reads functions beyond those that are built in
 * @returns the deed in words, from a verb in the third person: `transfers 5 USDC to 0x...`
 */
export const readCall = (call: Call, out: Report, more: readonly Reader[] = []): string =>
  walk(call, out, 0, fresh(more))

/** For what is no transaction itself but makes calls: what a Safe's owners sign as typed data. */
export const contextOf = (call: Call, out: Report, more: readonly Reader[] = []): Context =>
  contextAt(call, out, 0, fresh(more))

function walk(call: Call, out: Report, depth: number, state: State): string {
  const { chain, from, to, value, data, delegate } = call
  if (depth > 0) {
    out.row('made by', from)
    out.row(delegate ? 'runs the code of' : 'to', named(chain, to))
    out.row('value', coinsAndWei(value, chain))
  }
  if (delegate) {
    out.effect('delegatecall', { recipient: to })
    warnDelegatecall(call, out)
  } else if (value > 0n || data.length === 0) {
    out.effect('transfer', { asset: 'native', amount: value, recipient: to })
  }
  if (depth > 0 && from === to) {
    out.warn('danger', `${from} calls itself: if it is a Safe, this may change who controls it.`)
  }
  const deed = data.length === 0 ? plain(call) : deedOf(call, contextAt(call, out, depth, state), state)
  if (depth > 0) out.row('does', deed)
  return deed
}

function warnDelegatecall({ chain, from, to }: Call, out: Report): void {
  const runs = `Delegatecall: ${from} runs the code of ${named(chain, to)}`
  if (isMultiSend(chain, to)) out.warn('caution', `${runs}, which is known to make the calls that are shown.`)
  else out.warn('danger', `${runs}, which may do anything with all that ${from} has.`)
}

const plain = ({ chain, to, value, delegate }: Call): string =>
  delegate ? `runs the code of ${named(chain, to)}` : `sends ${coins(value, chain)} to ${named(chain, to)}`

function deedOf(call: Call, context: Context, { more }: State): string {
  const { out } = context
  const { chain, data, value, delegate } = call
  out.row('data', sizeAndHash(data))
  const sent = value > 0n && !delegate ? `, with ${coins(value, chain)}` : ''
  const selector = data.length < 4 ? null : `0x${hex(data.subarray(0, 4))}`
  const builtIn = selector === null ? undefined : (delegate ? DELEGATECALLS : CALLS).get(selector)
  const candidates = [...(builtIn ? [builtIn] : []), ...(delegate ? [] : more)]
  for (const each of candidates.filter((candidate) => candidate.selector === selector)) {
    const say = each.read(call)
    if (say === null) continue
    out.row('function', each.signature)
    return `${say(context)}${sent}`
  }
  return `${unknown(call, selector, builtIn?.signature, out)}${sent}`
}

/** @param signature of the function that has the selector and is known, but does not fit */
function unknown({ to }: Call, selector: string | null, signature: string | undefined, out: Report): string {
  out.row('function', selector === null ? 'none, the data is too short' : `${selector}, not known here`)
  out.effect('unknown', { recipient: to })
  const why =
    signature === undefined
      ? ''
      : ` It begins like ${signature}, but goes on otherwise, or ${to} is not known to have that function.`
  const what = selector === null ? `data of no function, sent to ${to},` : `the function ${selector} of ${to}`
  out.warn('danger', `What ${what} does is not known here.${why}`)
  return selector === null
    ? `calls ${to} with data that names no function`
    : `calls the unknown function ${selector} of ${to}`
}

function contextAt(call: Call, out: Report, depth: number, state: State): Context {
  return { call, out, inner: (calls) => within(call, calls, out, depth + 1, state) }
}

function within(
  call: Call,
  calls: readonly Call[],
  out: Report,
  depth: number,
  state: State,
): readonly string[] {
  if (depth > MOST_DEPTH && calls.length > 0) {
    out.effect('unknown', { recipient: call.to })
    out.warn('danger', `Calls lie more than ${MOST_DEPTH} deep: what the deeper ones do is not shown.`)
    return calls.map(() => 'calls too deep to be shown')
  }
  const first = calls.slice(0, state.calls)
  state.calls -= first.length
  const deeds = first.map((each, i) => walk(each, out.within(i + 1), depth, state))
  if (first.length === calls.length) return deeds
  out.effect('unknown', { recipient: call.to })
  out.warn(
    'danger',
    `There are more than ${MOST_CALLS} calls: what ${calls.length - first.length} of them do is not shown.`,
  )
  return [...deeds, ...calls.slice(first.length).map(() => 'calls beyond those that are shown')]
}

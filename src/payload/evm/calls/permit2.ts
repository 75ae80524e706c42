/** Permit2 (github.com/Uniswap/permit2): one contract that holds allowances for every token. */
import { expiryOf } from '../base/amounts.js'
import { type Context, isSome, only, type Reader, reader } from './call.js'
import { contractName } from './contracts.js'
import { approval, recipientRow } from './erc20.js'
import { tokenIn } from './tokens.js'

const DETAILS = ['address', 'uint160', 'uint48', 'uint48'] as const
type Details = readonly [token: string, amount: bigint, expiration: bigint, nonce: bigint]
const TRANSFER = ['address', 'address', 'uint160', 'address'] as const
type Transfer = readonly [from: string, to: string, amount: bigint, token: string]

function permit(context: Context, owner: string, spender: string, [contract, amount, expiration]: Details) {
  const token = tokenIn(context, contract)
  const words = approval(context, { kind: 'permit', token, owner, spender, amount, bits: 160 })
  context.out.row('allowed until', expiryOf(expiration))
  return words
}

function move(context: Context, [from, to, amount, contract]: Transfer): string {
  const token = tokenIn(context, contract)
  context.out.row('owner', from)
  recipientRow(context.out, to, contract)
  context.out.row('amount', token.exact(amount))
  context.out.effect('transfer', { asset: contract, amount, recipient: to })
  return `${token.short(amount)} of ${from} to ${to}`
}

const readers: readonly Reader[] = [
  reader(
    'approve',
    ['address', 'address', 'uint160', 'uint48'],
    ([contract, spender, amount, expiration], context) => {
      const token = tokenIn(context, contract)
      const owner = context.call.from
      const words = approval(context, { kind: 'approve', token, owner, spender, amount, bits: 160 })
      context.out.row('allowed until', expiryOf(expiration))
      return `allows ${spender} to spend ${words} by way of Permit2`
    },
  ),

  reader(
    'permit',
    ['address', [DETAILS, 'address', 'uint256'], 'bytes'],
    ([owner, [details, spender]], context) => {
      const words = permit(context, owner, spender, details)
      return `uses a permit by which ${owner} allows ${spender} to spend ${words} by way of Permit2`
    },
  ),

  reader(
    'permit',
    ['address', [{ each: DETAILS }, 'address', 'uint256'], 'bytes'],
    ([owner, [list, spender]], context) => {
      const words = list.map((details) => permit(context, owner, spender, details))
      return `uses a permit by which ${owner} allows ${spender} to spend ${list.length === 1 ? words[0] : `${list.length} tokens`} by way of Permit2`
    },
    ([, [list]]) => isSome(list),
  ),

  reader(
    'transferFrom',
    TRANSFER,
    (transfer, context) => `transfers ${move(context, transfer)} by way of Permit2`,
  ),

  reader(
    'transferFrom',
    [{ each: TRANSFER }],
    ([list], context) => {
      const words = list.map((transfer) => move(context, transfer))
      return `transfers ${list.length === 1 ? words[0] : `${list.length} amounts`} by way of Permit2`
    },
    ([list]) => isSome(list),
  ),
]

export const permit2 = only(({ chain, to }) => contractName(chain, to) === 'Permit2', readers)

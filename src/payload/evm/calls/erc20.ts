/**
 * Fungible tokens: ERC-20, its increaseAllowance of OpenZeppelin, and permits (EIP-2612, and DAI's own). ERC-721 shares
 * `transferFrom` and `approve`, and NFTs older than it `transfer`: there the number is the id of a token. For a contract
 * that is not known here nobody can tell which.
 */
import { timeOf } from '../base/amounts.js'
import type { Report } from '../base/report.js'
import { type Context, type Reader, reader } from './call.js'
import { NOBODY } from './contracts.js'
import { allowance, type Token, tokenIn, tokenName, tokenOrNft, warnUnlimited } from './tokens.js'

/** Warns where tokens are as good as burnt. */
export function recipientRow(out: Report, recipient: string, contract: string): void {
  out.row('recipient', recipient)
  if (recipient === NOBODY) out.warn('danger', 'The recipient is the zero address: what goes there is lost.')
  if (recipient === contract) {
    out.warn('danger', `The recipient ${recipient} is the token's contract: what goes there is lost.`)
  }
}

export type Approval = {
  readonly kind: 'approve' | 'permit'
  readonly token: Token
  readonly owner: string
  readonly spender: string
  readonly amount: bigint
  readonly bits: number
}

/** Rows, effect and warnings of an allowance; the words are those of what is approved: `5 USDC`. */
export function approval({ out }: Pick<Context, 'out'>, what: Approval, label = 'amount'): string {
  const { kind, token, owner, spender, amount, bits } = what
  const allowed = allowance(token, amount, bits)
  out.row('owner', owner)
  out.row('spender', spender)
  out.row(label, allowed.exact)
  out.effect(kind, { asset: token.contract, amount: allowed.amount, recipient: spender })
  if (allowed.unlimited) warnUnlimited(out, token, owner, spender)
  return allowed.short
}

export const erc20: readonly Reader[] = [
  reader('transfer', ['address', 'uint256'], ([to, amount], context) => {
    const token = tokenIn(context, context.call.to, tokenOrNft)
    recipientRow(context.out, to, token.contract)
    context.out.row('amount', token.exact(amount))
    context.out.effect('transfer', { asset: token.contract, amount, recipient: to })
    return `transfers ${token.short(amount)} to ${to}`
  }),

  reader('transferFrom', ['address', 'address', 'uint256'], ([from, to, amount], context) => {
    const token = tokenIn(context, context.call.to, tokenOrNft)
    context.out.row('owner', from)
    recipientRow(context.out, to, token.contract)
    context.out.row('amount', token.exact(amount))
    context.out.effect('transfer', { asset: token.contract, amount, recipient: to })
    return `transfers ${token.short(amount)} of ${from} to ${to}`
  }),

  reader('approve', ['address', 'uint256'], ([spender, amount], context) => {
    const token = tokenIn(context, context.call.to, tokenOrNft)
    const what = { kind: 'approve', token, owner: context.call.from, spender, amount, bits: 256 } as const
    const words = approval(context, what)
    return amount === 0n && token.symbol !== null
      ? `takes back what ${spender} may spend of ${tokenName(token)}`
      : `allows ${spender} to spend ${words}`
  }),

  reader('increaseAllowance', ['address', 'uint256'], ([spender, amount], context) => {
    const token = tokenIn(context, context.call.to)
    const what = { kind: 'approve', token, owner: context.call.from, spender, amount, bits: 256 } as const
    const words = approval(context, what, 'amount, beyond what is allowed already')
    context.out.warn('caution', `What ${spender} may spend already is not known here; this adds to it.`)
    return `allows ${spender} to spend ${words} more`
  }),

  reader(
    'permit',
    ['address', 'address', 'uint256', 'uint256', 'uint8', 'bytes32', 'bytes32'],
    ([owner, spender, amount, deadline], context) => {
      const token = tokenIn(context, context.call.to)
      const words = approval(context, { kind: 'permit', token, owner, spender, amount, bits: 256 })
      context.out.row('valid until', timeOf(deadline))
      return `uses a permit by which ${owner} allows ${spender} to spend ${words}`
    },
  ),

  reader(
    'permit',
    ['address', 'address', 'uint256', 'uint256', 'bool', 'uint8', 'bytes32', 'bytes32'],
    ([owner, spender, , expiry, allowed], context) => {
      const token = tokenIn(context, context.call.to)
      const amount = allowed ? 2n ** 256n - 1n : 0n
      const words = approval(context, { kind: 'permit', token, owner, spender, amount, bits: 256 })
      context.out.row('valid until', expiry === 0n ? 'for ever' : timeOf(expiry))
      return `uses a permit by which ${owner} allows ${spender} to spend ${words}`
    },
  ),
]

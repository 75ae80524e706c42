/** Tokens that are told apart by an id: ERC-721, ERC-1155. */
import { sizeAndHash } from '../base/amounts.js'
import { type Context, isSome, type Reader, reader } from './call.js'
import { recipientRow } from './erc20.js'

function contractRow({ call, out }: Context): void {
  out.row('contract of the tokens', call.to)
  out.warn('caution', `What the tokens of ${call.to} are is not known here.`)
}

function move(
  context: Context,
  from: string,
  to: string,
  tokens: readonly (readonly [bigint, bigint])[],
): string {
  const { call, out } = context
  contractRow(context)
  out.row('owner', from)
  recipientRow(out, to, call.to)
  for (const [id, amount] of tokens) {
    out.row('token', `id ${id}, amount ${amount}`)
    out.effect('transfer', { asset: call.to, amount, recipient: to })
  }
  const [first] = tokens
  const what = tokens.length === 1 ? `${first?.[1]} of the token ${first?.[0]}` : `${tokens.length} tokens`
  return `transfers ${what} of ${call.to} from ${from} to ${to}`
}

const extra = ({ out }: Context, data: Uint8Array): void => {
  if (data.length > 0) out.row('data for the recipient', sizeAndHash(data))
}

export const nft: readonly Reader[] = [
  reader('setApprovalForAll', ['address', 'bool'], ([operator, allowed], context) => {
    const { call, out } = context
    contractRow(context)
    out.row('owner', call.from)
    out.row('operator', operator)
    out.row('may move every token', allowed ? 'yes' : 'no longer')
    out.effect('approve', { asset: call.to, amount: allowed ? null : 0n, recipient: operator })
    if (!allowed) return `takes back what ${operator} may move of ${call.to}`
    out.warn(
      'danger',
      `Unlimited: ${operator} may move every token of ${call.to} that ${call.from} has or will have.`,
    )
    return `allows ${operator} to move every token of ${call.to}`
  }),

  reader('safeTransferFrom', ['address', 'address', 'uint256'], ([from, to, id], context) =>
    move(context, from, to, [[id, 1n]]),
  ),

  reader('safeTransferFrom', ['address', 'address', 'uint256', 'bytes'], ([from, to, id, data], context) => {
    const deed = move(context, from, to, [[id, 1n]])
    extra(context, data)
    return deed
  }),

  reader(
    'safeTransferFrom',
    ['address', 'address', 'uint256', 'uint256', 'bytes'],
    ([from, to, id, amount, data], context) => {
      const deed = move(context, from, to, [[id, amount]])
      extra(context, data)
      return deed
    },
  ),

  reader(
    'safeBatchTransferFrom',
    ['address', 'address', 'uint256[]', 'uint256[]', 'bytes'],
    ([from, to, ids, amounts, data], context) => {
      const deed = move(
        context,
        from,
        to,
        ids.map((id, i) => [id, amounts[i] as bigint]),
      )
      extra(context, data)
      return deed
    },
    ([, , ids, amounts]) => isSome(ids) && ids.length === amounts.length,
  ),
]

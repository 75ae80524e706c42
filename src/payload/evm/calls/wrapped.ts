/** The native coin in a token and out of it, by the contracts that are known to do this (WETH9). */
import { coinsAndWei } from '../base/amounts.js'
import { only, type Reader, reader } from './call.js'
import { wrapperOf } from './contracts.js'
import { tokenIn } from './tokens.js'

const readers: readonly Reader[] = [
  reader('deposit', [], (_, context) => {
    const { call, out } = context
    const token = tokenIn(context, call.to)
    out.effect('call', { recipient: call.to })
    return `turns the coins sent into ${token.short(call.value)}`
  }),
  reader('withdraw', ['uint256'], ([amount], context) => {
    const { call, out } = context
    const token = tokenIn(context, call.to)
    out.row('amount', token.exact(amount))
    out.effect('call', { recipient: call.to })
    return `turns ${token.short(amount)} into ${coinsAndWei(amount, call.chain)}`
  }),
]

export const wrapped = only(({ chain, to }) => wrapperOf(chain, to) !== null, readers)

/**
 * Safe accounts (github.com/safe-global/safe-smart-account): a transaction that a Safe makes, and MultiSend, whose code
 * a Safe runs to make many.
 */
import { hex } from '../../../wire/base/text.js'
import { eip55 } from '../../address.js'
import { coinsAndWei, sizeAndHash } from '../base/amounts.js'
import { type Call, type Context, type Reader, reader } from './call.js'
import { isMultiSend, named, NOBODY } from './contracts.js'
import { inOne } from './multicall.js'
import { tokenIn } from './tokens.js'

/** A transaction of a Safe, without its nonce. */
export type SafeTransaction = {
  readonly to: string
  readonly value: bigint
  readonly data: Uint8Array
  /** 0 for a call, 1 for a delegatecall. */
  readonly operation: bigint
  readonly safeTxGas: bigint
  readonly baseGas: bigint
  readonly gasPrice: bigint
  readonly gasToken: string
  readonly refundReceiver: string
}

/** A Safe does calls and delegatecalls, and nothing else. */
export const isOperation = (operation: bigint): boolean => operation <= 1n

/** @param safe EIP-55 */
export function safeTransaction(safe: string, tx: SafeTransaction, context: Context): string {
  const { call, out, inner } = context
  out.row('Safe', safe)
  out.warn('note', `Whether ${safe} is a Safe is not known here.`)
  out.effect('call', { recipient: safe })
  refund(tx, context)
  const { to, value, data } = tx
  const [deed] = inner([{ chain: call.chain, from: safe, to, value, data, delegate: tx.operation === 1n }])
  return `has the Safe ${safe} do this: ${deed}`
}

/** The payment of a Safe to whoever submits its transaction. */
function refund(tx: SafeTransaction, context: Context): void {
  if (tx.gasPrice === 0n) return
  const { call, out } = context
  const isCoin = tx.gasToken === NOBODY
  const price = isCoin
    ? coinsAndWei(tx.gasPrice, call.chain)
    : tokenIn(context, tx.gasToken).exact(tx.gasPrice)
  const receiver = tx.refundReceiver === NOBODY ? 'whoever submits it' : tx.refundReceiver
  out.row('the Safe also pays', `${price} for each unit of gas, to ${receiver}`)
  out.row('for gas beyond the call', `${tx.baseGas}`)
  out.row('for gas of the call', `up to ${tx.safeTxGas}`)
  out.effect('transfer', {
    asset: isCoin ? 'native' : tx.gasToken,
    recipient: tx.refundReceiver === NOBODY ? null : tx.refundReceiver,
  })
  out.warn('danger', `The Safe also pays for gas, to ${receiver}: see the rows on gas.`)
}

type Sent = Pick<Call, 'to' | 'value' | 'data' | 'delegate'>

/**
 * MultiSend's own packing: operation 1 byte, to 20, value 32, length of the data 32, data. Null if it is not that, or if
 * a recipient is the zero address, which version 1.5.0 reads as the Safe itself and others do not.
 */
function unpacked(bytes: Uint8Array): readonly Sent[] | null {
  const sent: Sent[] = []
  const number = (at: number): bigint => BigInt(`0x${hex(bytes.subarray(at, at + 32))}`)
  for (let at = 0; at < bytes.length; ) {
    const head = at + 85
    if (head > bytes.length || (bytes[at] as number) > 1) return null
    const length = number(at + 53)
    const to = eip55(bytes.subarray(at + 1, at + 21))
    if (to === NOBODY || length > BigInt(bytes.length - head)) return null
    const end = head + Number(length)
    sent.push({
      delegate: bytes[at] === 1,
      to,
      value: number(at + 21),
      data: bytes.subarray(head, end),
    })
    at = end
  }
  return sent
}

const ADDRESS = 'address'

export const safe: readonly Reader[] = [
  reader(
    'execTransaction',
    [ADDRESS, 'uint256', 'bytes', 'uint8', 'uint256', 'uint256', 'uint256', ADDRESS, ADDRESS, 'bytes'],
    (
      [to, value, data, operation, safeTxGas, baseGas, gasPrice, gasToken, refundReceiver, signatures],
      context,
    ) => {
      const tx = { to, value, data, operation, safeTxGas, baseGas, gasPrice, gasToken, refundReceiver }
      const deed = safeTransaction(context.call.to, tx, context)
      context.out.row('signatures of owners', sizeAndHash(signatures))
      return deed
    },
    ([, , , operation]) => isOperation(operation),
  ),
]

/** The one function that is also read where a Safe runs its code by delegatecall. */
export const multiSend: readonly Reader[] = [
  reader(
    'multiSend',
    ['bytes'],
    ([transactions], context) => {
      const sent = unpacked(transactions) ?? []
      const { call, out, inner } = context
      const { chain, delegate } = call
      if (!delegate) out.effect('call', { recipient: call.to })
      if (!isMultiSend(chain, call.to)) {
        out.warn(
          'danger',
          `${call.to} is no MultiSend that is known here: it may do something else than these calls.`,
        )
      }
      const from = delegate ? call.from : call.to
      out.row('makes calls', `${sent.length}, as ${from}`)
      return inOne(inner(sent.map((each) => ({ ...each, chain, from }))), named(chain, call.to))
    },
    ([transactions]) => unpacked(transactions) !== null,
  ),
]

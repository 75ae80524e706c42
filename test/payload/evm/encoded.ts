/** Calls as viem encodes them, in transactions of a test key; and what a decoder says of them. */
import { encodeFunctionData, encodePacked, type Hex, parseAbi, serializeTransaction, size } from 'viem'
import type { Decoded } from '../../../src/payload/decoder.js'
import { evmTx } from '../../../src/payload/evm/evm-tx.js'
import { bytesOf, COW_KEY, decoded, testKey } from './subjects.js'

export const key = testKey(COW_KEY)
export const ALICE = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
export const BOB = '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC'
/** A contract that nothing here knows. */
export const SOMETHING = '0x90F79bf6EB2c4f870365E785982E1f101E93b906'
export const A_SAFE = '0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65'
export const USDC = '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48'
export const DAI = '0x6B175474E89094C44Da98b954EedeAC495271d0F'
export const PERMIT2 = '0x000000000022D473030F116dDEE9F6B43aC78BA3'
export const MULTICALL3 = '0xcA11bde05977b3631167028862bE2a173976CA11'
export const MULTISEND = '0x38869bf66a61cF6bDB996A6aE40D5853Fd43B526'
export const NOBODY = '0x0000000000000000000000000000000000000000'
export const MOST = 2n ** 256n - 1n

/** @param signature `transfer(address,uint256)` */
export const encoded = (signature: string, ...args: readonly unknown[]): Hex =>
  encodeFunctionData({ abi: parseAbi([`function ${signature}`] as never), args } as never)

export const exec = (to: string, data: Hex, changes: Record<string, unknown> = {}): Hex => {
  const tx = {
    value: 0n,
    operation: 0,
    safeTxGas: 0n,
    baseGas: 0n,
    gasPrice: 0n,
    gasToken: NOBODY,
    refundReceiver: NOBODY,
    ...changes,
  }
  return encoded(
    'execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)',
    to,
    tx.value,
    data,
    tx.operation,
    tx.safeTxGas,
    tx.baseGas,
    tx.gasPrice,
    tx.gasToken,
    tx.refundReceiver,
    `0x${'11'.repeat(65)}`,
  )
}

type Sent = { readonly to: string; readonly data: Hex; readonly value?: bigint; readonly operation?: number }

export const packed = (list: readonly Sent[]): Hex =>
  `0x${list
    .map(({ to, data, value = 0n, operation = 0 }) =>
      encodePacked(
        ['uint8', 'address', 'uint256', 'uint256', 'bytes'],
        [operation, to as Hex, value, BigInt(size(data)), data],
      ).slice(2),
    )
    .join('')}`

export const multiSend = (list: readonly Sent[]): Hex => encoded('multiSend(bytes)', packed(list))

export function transaction(to: string, data: Hex, changes: Record<string, unknown> = {}): Uint8Array {
  const fields = { chainId: 1, nonce: 0, gas: 100_000n, maxFeePerGas: 1n, to: to as Hex, data, ...changes }
  return bytesOf(serializeTransaction(fields as never))
}

/** The decoder's reading of a call in a transaction of the test key. */
export const seen = (to: string, data: Hex, changes: Record<string, unknown> = {}): Decoded =>
  decoded(evmTx, transaction(to, data, changes), key)

/** Effects but for the fee, each as `kind asset amount recipient`. */
export const effectsOf = ({ view }: Decoded): readonly string[] =>
  view.effects
    .filter(({ kind }) => kind !== 'fee')
    .map(({ kind, asset, amount, recipient }) => `${kind} ${asset} ${amount} ${recipient}`)

/** A transfer of test ether. */
import { Transaction } from 'micro-eth-signer'

/** Nobody has a key of it. */
const RECIPIENT = '0x000000000000000000000000000000000000dEaD'
const SEPOLIA = 11_155_111n
const GWEI = 10n ** 9n

/** Unsigned: EIP-1559, on Sepolia. */
export const transfer = (): Uint8Array =>
  Transaction.prepare({
    type: 'eip1559',
    chainId: SEPOLIA,
    nonce: 0n,
    to: RECIPIENT,
    value: 10n ** 16n,
    maxFeePerGas: 20n * GWEI,
    maxPriorityFeePerGas: GWEI,
  }).toBytes({ includeSignature: false })

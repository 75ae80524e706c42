/** Amounts of bitcoin and rates of fees, for people. */
import { Decimal } from '@scure/btc-signer/transaction.js'

/** `1.5 BTC`. @param amount in satoshis */
export const btc = (amount: bigint): string => `${Decimal.encode(amount)} BTC`

/** `7.1 sat/vB`, rounded down. */
export function rate(fee: bigint, vsize: number): string {
  const tenths = (fee * 10n) / BigInt(vsize)
  return `${tenths / 10n}.${tenths % 10n} sat/vB`
}

/** Above this, wallets have usually made a mistake. */
const HIGH_RATE = 500n

/** Why a fee is suspicious, as a sentence; null if it is not. @param amount what the transaction is for */
export function feeWarning(fee: bigint, vsize: number, amount: bigint): string | null {
  if (fee * 10n > amount) {
    const percent = amount === 0n ? '' : `, ${(fee * 100n) / amount} % of the amount`
    return `The fee is high: ${btc(fee)}${percent}.`
  }
  return fee > HIGH_RATE * BigInt(vsize) ? `The fee is high: ${rate(fee, vsize)}.` : null
}

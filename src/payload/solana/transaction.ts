/** Solana transactions: a message behind the signatures that it requires, each in the place of its signer. */
import { getTransactionDecoder, getTransactionEncoder, type Transaction } from '@solana/transactions'
import { equalBytes } from '../../protocol/core/codec.js'
import { MOST_BYTES, tooLarge } from './compiled.js'
import { badPayload } from '../bad-payload.js'

/**
 * The bytes of the message in a transaction; the signatures are left out.
 * @throws Failure `E_PAYLOAD` (verification)
 */
export function messageIn(transaction: Uint8Array): Uint8Array {
  if (transaction.length > MOST_BYTES) throw tooLarge(transaction.length)
  let decoded: Transaction
  let again: Uint8Array
  try {
    decoded = getTransactionDecoder().decode(transaction)
    again = Uint8Array.from(getTransactionEncoder().encode(decoded))
  } catch (cause) {
    throw badPayload(
      'the bytes are no Solana transaction: its message is malformed, or the signatures are not as many as it needs',
      {
        cause,
      },
    )
  }
  if (!equalBytes(again, transaction)) {
    throw badPayload('the transaction does not encode again to the same bytes')
  }
  return Uint8Array.from(decoded.messageBytes)
}

/**
 * A transaction with the signature of one signer; the places of the others hold zeros, as the network's tools expect.
 * @param signers all that the message requires, in its order
 */
export function transactionOf(
  message: Uint8Array,
  signers: readonly string[],
  signed: { readonly by: string; readonly signature: Uint8Array },
): Uint8Array {
  const signatures = Object.fromEntries(
    signers.map((signer) => [signer, signer === signed.by ? signed.signature : null]),
  )
  return Uint8Array.from(
    getTransactionEncoder().encode({ messageBytes: message, signatures } as unknown as Transaction),
  )
}

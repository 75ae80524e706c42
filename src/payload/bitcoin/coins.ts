/** The coins that inputs spend, and what shows that they are as the PSBT says. */
import { RawTx } from '@scure/btc-signer/script.js'
import { sha256x2 } from '@scure/btc-signer/utils.js'
import { equalBytes } from '../../protocol/core/codec.js'
import { hex } from '../../wire/base/text.js'
import { badPayload } from '../bad-payload.js'
import { MOST_MONEY, type PsbtInput } from './psbt-file.js'

export type Coin = {
  /** In satoshis. */
  readonly amount: bigint
  /** The script that it was paid to. */
  readonly script: Uint8Array
  /** The previous transaction is there, and its hash is the one that the input names. */
  readonly isProven: boolean
}

/**
 * A transaction's ID: the double SHA-256 of its bytes without witnesses, written in reverse.
 * @param transaction as the library decodes it
 */
export const txidOf = (transaction: ReturnType<typeof RawTx.decode>): string =>
  hex(sha256x2(RawTx.encode({ ...transaction, segwitFlag: false })).reverse())

/** Whether anything says which coin an input spends. */
export const isDescribed = ({ fields: { nonWitnessUtxo, witnessUtxo } }: PsbtInput): boolean =>
  nonWitnessUtxo !== undefined || witnessUtxo !== undefined

/**
 * The coin of an input. A signature of segwit v0 says nothing of the other inputs' amounts, and one of taproot
 * (BIP-341) says them all; so callers ask for a previous transaction where a lie would cost something.
 * @throws Failure `E_PAYLOAD` (verification) if nothing says which coin it is, or two fields differ
 */
export function coinOf({ number, txid, vout, fields }: PsbtInput): Coin {
  const { nonWitnessUtxo: previous, witnessUtxo: said } = fields
  if (previous && txidOf(previous) !== txid)
    throw badPayload(`the previous transaction of input ${number} is not the one that the input names`)
  const proven = previous?.outputs[vout]
  if (previous && !proven) throw badPayload(`input ${number} spends an output that its transaction lacks`)
  if (proven && said && (proven.amount !== said.amount || !equalBytes(proven.script, said.script)))
    throw badPayload(`input ${number} says of its coin what its previous transaction does not`, {
      hint: 'sign nothing of this: somebody lies about an amount',
    })
  const coin = proven ?? said
  if (!coin) throw badPayload(`input ${number} says neither its amount nor its script`, { hint: ASK })
  if (coin.amount > MOST_MONEY) throw badPayload(`input ${number} is of more than 21 million BTC`)
  return { amount: coin.amount, script: coin.script, isProven: proven !== undefined }
}

/** @throws Failure `E_PAYLOAD` (verification) if the amount stands on the word of the PSBT alone */
export function demandProof({ isProven }: Coin, number: number): void {
  if (isProven) return
  throw badPayload(`the previous transaction of input ${number} is missing, so its amount may be a lie`, {
    hint: ASK,
  })
}

const ASK = 'ask the wallet to put the previous transactions into the PSBT (non_witness_utxo)'

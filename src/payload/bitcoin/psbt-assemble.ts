/** A PSBT with the key's signatures, and the transaction where nothing else is missing. */
import { base64 } from '@scure/base'
import { RawTx } from '@scure/btc-signer/script.js'
import { hex } from '../../wire/base/text.js'
import type { Outputs } from '../decoder.js'
import { txidOf } from './coins.js'
import { encodeMaps, type Pair } from './maps.js'
import { finalOf, type Reading, ready } from './reading.js'
import { inWitness, isOutputKey, type Solution, transactionOf } from './transaction.js'

/** Types of fields: BIP-370, BIP-174, BIP-371. */
const TX_MODIFIABLE = 0x06
const PARTIAL_SIG = 0x02
const TAP_KEY_SIG = 0x13

/** @param signatures 64 bytes for each own input, in their order */
export function assemblePsbt(reading: Reading, signatures: readonly Uint8Array[]): Outputs {
  const { psbt, own, foreign } = reading
  if (signatures.length !== own.length) throw new Error('not one signature for each input of the key')
  const solved = own.map((each, i) => ({ ...each, value: inWitness(each, signatures[i] as Uint8Array) }))
  const maps = psbt.maps.map((map, i) => {
    if (i === 0) return map.map(closed)
    return [...map, ...solved.filter(({ input }) => input.number === i).map(pairOf)]
  })
  const signed = base64.encode(encodeMaps(maps))
  if (!foreign.every(({ input }) => ready(input))) return { psbt: signed }
  return { psbt: signed, ...finalised(reading, solved) }
}

type Solved = Reading['own'][number] & { readonly value: Uint8Array }

const pairOf = ({ key, value }: Solved): Pair => ({
  key: isOutputKey(key) ? Uint8Array.of(TAP_KEY_SIG) : Uint8Array.of(PARTIAL_SIG, ...key.publicKey),
  value,
})

/** BIP-370: a signature of all inputs and outputs ends the time in which they may change (bits 0 and 1). */
const closed = (pair: Pair): Pair =>
  pair.key.length === 1 && pair.key[0] === TX_MODIFIABLE
    ? { ...pair, value: pair.value.map((flags) => flags & ~0b11) }
    : pair

function finalised({ psbt, coins, own, transaction: shown }: Reading, solved: readonly Solved[]): Outputs {
  const solve = (input: (typeof psbt.inputs)[number]): Solution => {
    const each = solved.find((other) => other.input === input)
    if (!each) return finalOf(input)
    const { key, value } = each
    return isOutputKey(key) ? { tapKeySig: value } : { partialSig: [[key.publicKey, value]] }
  }
  const transaction = transactionOf(psbt, coins, solve)
  for (const { input } of own) transaction.finalizeIdx(input.number - 1)
  const bytes = transaction.extract()
  const { inputs, ...rest } = RawTx.decode(bytes)
  const bare = inputs.map((input) => ({ ...input, finalScriptSig: new Uint8Array() }))
  if (txidOf({ ...rest, inputs: bare }) !== shown.id)
    throw new Error('the final transaction is not the one that was shown')
  return { transaction: hex(bytes), txid: transaction.id }
}

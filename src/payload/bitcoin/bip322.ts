/** `bip322`: a text signed with the key of an address (BIP-322 2.0.0, "Simple"). */
import { schnorr } from '@noble/curves/secp256k1.js'
import { concatBytes } from '@noble/hashes/utils.js'
import { base64 } from '@scure/base'
import { RawWitness } from '@scure/btc-signer/script.js'
import { Transaction } from '@scure/btc-signer/transaction.js'
import { hex, visible } from '../../wire/base/text.js'
import { bitcoinName } from '../address.js'
import { badPayload } from '../bad-payload.js'
import type { Decoder, Row, View } from '../decoder.js'
import { textIn, textRows } from '../lines.js'
import { txidOf } from './coins.js'
import { ownerOf } from './own.js'
import { scriptAddress } from './scripts.js'
import { inWitness, isOutputKey, SIGHASH_ALL, SIGHASH_DEFAULT, signatureHash } from './transaction.js'

/** People read all of it; the BIP recommends a few kilobytes. */
const MOST_BYTES = 65_536
const RETURN = Uint8Array.of(0x6a)

export const bip322: Decoder = {
  type: 'bip322',
  schemes: ['ecdsa-secp256k1', 'schnorr-taproot'],
  read: (file) => file,
  outline(payload) {
    const view = viewOf(payload, readText(payload), 'an address that only a key names', [])
    return { ...view, warnings: [...view.warnings, 'No key is named: the address that signs is not known.'] }
  },
  decode(payload, subject) {
    const text = readText(payload)
    const { asked: key } = ownerOf(subject)
    const address = scriptAddress(key.script) as string
    const coin = { amount: 0n, script: key.script }
    const sighash = isOutputKey(key) ? SIGHASH_DEFAULT : SIGHASH_ALL
    const message = signatureHash(toSign(payload, key.script), [coin], { index: 0, key, sighash })
    return {
      view: viewOf(payload, text, `${address} on ${bitcoinName()}`, [
        { label: 'address', value: address },
        { label: 'path', value: key.path ?? 'the key itself' },
      ]),
      messages: [{ path: key.path, message }],
      assemble([signature]) {
        if (!signature) throw new Error('no signature')
        const first = inWitness({ key, sighash, message }, signature)
        const witness = base64.encode(RawWitness.encode(isOutputKey(key) ? [first] : [first, key.publicKey]))
        // Version 1.0.0 of the BIP put a prefix before the base64; programs older than that take none.
        return { signature: witness, prefixed_signature: `smp${witness}`, address }
      },
    }
  },
}

function readText(payload: Uint8Array): string {
  if (payload.length > MOST_BYTES) throw badPayload(`the text has more than ${MOST_BYTES} bytes`)
  const text = textIn(payload)
  if (text === null) throw badPayload('the payload is not UTF-8 text')
  return text
}

const viewOf = (payload: Uint8Array, text: string, who: string, rows: readonly Row[]): View => ({
  type: 'bip322',
  sentence: `Signs the text ${visible(text)} as ${who}.`,
  rows: [
    ...rows,
    { label: 'length', value: `${payload.length} bytes` },
    ...textRows(text),
    { label: 'message hash', value: hex(messageHash(payload)) },
  ],
  effects: [],
  warnings: /\s$/u.test(text) ? ['The text ends with a blank or a line break, which is signed too.'] : [],
})

/** "message_hash is a BIP340-tagged hash of the message". */
const messageHash = (text: Uint8Array): Uint8Array => schnorr.utils.taggedHash('BIP0322-signed-message', text)

/** The virtual transaction that pays the address; its input does not exist, so nothing can be spent by it. */
export const toSpendId = (text: Uint8Array, script: Uint8Array): string =>
  txidOf({
    version: 0,
    segwitFlag: false,
    witnesses: undefined,
    inputs: [
      {
        txid: new Uint8Array(32),
        index: 0xffff_ffff,
        // OP_0 and a push of 32 bytes.
        finalScriptSig: concatBytes(Uint8Array.of(0, 32), messageHash(text)),
        sequence: 0,
      },
    ],
    outputs: [{ amount: 0n, script }],
    lockTime: 0,
  })

/** The virtual transaction that spends it, and whose witness is the signature. */
export function toSign(text: Uint8Array, script: Uint8Array): Transaction {
  const transaction = new Transaction({ version: 0, lockTime: 0, allowUnknownOutputs: true })
  const witnessUtxo = { amount: 0n, script }
  transaction.addInput({ txid: toSpendId(text, script), index: 0, sequence: 0, witnessUtxo })
  transaction.addOutput({ amount: 0n, script: RETURN })
  return transaction
}

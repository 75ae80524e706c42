/** A transaction that spends two coins of a key, under two paths, and gives the change back to it. */
import { OutScript } from '@scure/btc-signer/payment.js'
import type { RawTx } from '@scure/btc-signer/script.js'
import { Transaction } from '@scure/btc-signer/transaction.js'
import { parsePath } from '../../protocol/group/derive.js'
import { type OwnKey, ownerOf } from '../bitcoin/own.js'
import { txidOf } from '../bitcoin/coins.js'
import type { RootKey } from '../../wire/key/derived-key.js'

const COINS = [
  { path: 'm/0/0', amount: 70_000n },
  { path: 'm/0/1', amount: 50_000n },
]
const PAID = 100_000n
const CHANGE = { path: 'm/1/0', amount: 19_000n }

/** A PSBT of version 0. */
export function twoCoins(record: RootKey): Uint8Array {
  const { keyAt, fingerprint } = ownerOf({ record, path: null })
  const transaction = new Transaction()
  const derivationOf = (key: OwnKey) => derivation(record, key, Number.parseInt(fingerprint, 16))
  for (const { path, amount } of COINS) {
    const key = keyAt(path)
    const previous = paying(key.script, amount)
    transaction.addInput({
      txid: txidOf(previous),
      index: 0,
      nonWitnessUtxo: previous,
      witnessUtxo: { amount, script: key.script },
      ...derivationOf(key),
    })
  }
  transaction.addOutput({ amount: PAID, script: nobody() })
  const change = keyAt(CHANGE.path)
  transaction.addOutput({ amount: CHANGE.amount, script: change.script, ...derivationOf(change) })
  return transaction.toPSBT()
}

/** BIP-174's entry for a key, or BIP-371's. */
function derivation({ scheme }: RootKey, { path, groupPoint }: OwnKey, fingerprint: number) {
  const der = { fingerprint, path: [...parsePath(path as string)] }
  if (scheme !== 'schnorr-taproot')
    return { bip32Derivation: [[groupPoint, der]] as [Uint8Array, typeof der][] }
  const point = groupPoint.slice(1)
  const entry: [Uint8Array, { hashes: Uint8Array[]; der: typeof der }] = [point, { hashes: [], der }]
  return { tapInternalKey: point, tapBip32Derivation: [entry] }
}

/** A transaction that pays this script; it spends what does not exist. */
const paying = (script: Uint8Array, amount: bigint): ReturnType<typeof RawTx.decode> => ({
  version: 2,
  segwitFlag: false,
  witnesses: undefined,
  inputs: [
    { txid: new Uint8Array(32).fill(7), index: 0, finalScriptSig: new Uint8Array(), sequence: 0xffff_ffff },
  ],
  outputs: [{ amount, script }],
  lockTime: 0,
})

/** P2WPKH of a hash that is no key's. */
const nobody = (): Uint8Array => OutScript.encode({ type: 'wpkh', hash: new Uint8Array(20).fill(7) })

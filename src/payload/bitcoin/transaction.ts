/** The transaction that is signed, with nothing but what signatures cover; its hashes, size and final form. */
import { OutScript } from '@scure/btc-signer/payment.js'
import { Transaction } from '@scure/btc-signer/transaction.js'
import { hash160 } from '@scure/btc-signer/utils.js'
import { ecdsaForms } from '../../wire/ceremony/signature.js'
import { visible } from '../../wire/base/text.js'
import { badPayload } from '../bad-payload.js'
import type { Coin } from './coins.js'
import type { OwnKey } from './own.js'
import type { Psbt, PsbtInput } from './psbt-file.js'

/** Data that finalise an input, or let the library do so. */
export type Solution = {
  readonly finalScriptSig?: Uint8Array
  readonly finalScriptWitness?: Uint8Array[]
  /** 33 bytes of key; DER and the sighash type. */
  readonly partialSig?: [Uint8Array, Uint8Array][]
  readonly tapKeySig?: Uint8Array
}

export const SIGHASH_DEFAULT = 0
export const SIGHASH_ALL = 1

/**
 * Its scripts are not checked again: those of the key are what they must be, others are none of its business.
 * @throws Failure `E_PAYLOAD` (verification) if the library refuses an input, as where no lock time suits all of them
 */
export function transactionOf(
  { version, lockTime, inputs, outputs }: Psbt,
  coins: readonly Coin[],
  solve: (input: PsbtInput) => Solution = () => ({}),
): Transaction {
  const transaction = new Transaction({
    version,
    lockTime,
    allowUnknownOutputs: true,
    disableScriptCheck: true,
  })
  for (const [i, input] of inputs.entries()) {
    const { requiredHeightLocktime, requiredTimeLocktime } = input.fields
    const { amount, script } = coins[i] as Coin
    try {
      const { txid, vout: index, sequence } = input
      const required = {
        ...(requiredHeightLocktime !== undefined && { requiredHeightLocktime }),
        ...(requiredTimeLocktime !== undefined && { requiredTimeLocktime }),
      }
      const witnessUtxo = { amount, script }
      transaction.addInput({ txid, index, sequence, witnessUtxo, ...required, ...solve(input) }, true)
    } catch (cause) {
      throw badPayload(
        `input ${input.number} does not fit into the transaction: ${visible(reasonOf(cause))}`,
        {
          hint: 'a lock time that it requires may contradict that of an input before it',
          cause,
        },
      )
    }
  }
  for (const { amount, script } of outputs) transaction.addOutput({ amount, script }, true)
  return transaction
}

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : 'not acceptable')

/** 32 bytes that the key signs for an input: BIP-143 for P2WPKH, BIP-341 for P2TR. */
export type Spend = {
  /** From 0. */
  readonly index: number
  readonly key: Pick<OwnKey, 'publicKey'>
  readonly sighash: number
}

export function signatureHash(
  transaction: Transaction,
  coins: readonly Pick<Coin, 'amount' | 'script'>[],
  { index, key, sighash }: Spend,
): Uint8Array {
  if (isOutputKey(key)) {
    const scripts = coins.map(({ script }) => script)
    return transaction.preimageWitnessV1(
      index,
      scripts,
      sighash,
      coins.map(({ amount }) => amount),
    )
  }
  // BIP-143: the script code of P2WPKH is the P2PKH script of the same hash.
  const scriptCode = OutScript.encode({ type: 'pkh', hash: hash160(key.publicKey) })
  return transaction.preimageWitnessV0(index, scriptCode, sighash, (coins[index] as Coin).amount)
}

/** Whether it is a key of taproot, 32 bytes. */
export const isOutputKey = ({ publicKey }: Pick<OwnKey, 'publicKey'>): boolean => publicKey.length === 32

/** A witness as large as the key's can be: 72 bytes of DER with the sighash type, or 64 or 65 bytes. */
export const largestWitness = (key: Pick<OwnKey, 'publicKey'>, sighash: number): Uint8Array[] =>
  isOutputKey(key)
    ? [new Uint8Array(sighash === SIGHASH_DEFAULT ? 64 : 65)]
    : [new Uint8Array(72), key.publicKey]

/**
 * A signature as witnesses hold it: DER with the sighash type, or 64 bytes with the type unless it is DEFAULT.
 * @param signature 64 bytes
 */
export function inWitness(
  {
    key,
    sighash,
    message,
  }: { readonly key: Pick<OwnKey, 'publicKey'>; readonly sighash: number; readonly message: Uint8Array },
  signature: Uint8Array,
): Uint8Array {
  if (!isOutputKey(key)) return Uint8Array.of(...ecdsaForms(key.publicKey, message, signature).der, sighash)
  return sighash === SIGHASH_DEFAULT ? signature : Uint8Array.of(...signature, sighash)
}

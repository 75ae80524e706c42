/** A PSBT, checked: which inputs the key signs and what it signs of them, who gets each output, and the fee. */
import type { Transaction } from '@scure/btc-signer/transaction.js'
import { equalBytes } from '../../protocol/core/codec.js'
import { Failure } from '../../wire/base/failure.js'
import { badPayload } from '../bad-payload.js'
import type { Subject } from '../decoder.js'
import { type Coin, coinOf, demandProof } from './coins.js'
import { type OwnKey, ownerOf, type Payee, payees, spenders } from './own.js'
import {
  type InputFields,
  MOST_MONEY,
  parsePsbt,
  type Psbt,
  type PsbtInput,
  type PsbtOutput,
} from './psbt-file.js'
import { carriesData } from './scripts.js'
import {
  isOutputKey,
  largestWitness,
  SIGHASH_ALL,
  SIGHASH_DEFAULT,
  signatureHash,
  type Solution,
  transactionOf,
} from './transaction.js'

/** An input that the key signs. */
export type OwnInput = {
  readonly input: PsbtInput
  readonly coin: Coin
  readonly key: OwnKey
  readonly sighash: number
  /** 32 bytes. */
  readonly message: Uint8Array
}

export type Reading = {
  readonly psbt: Psbt
  /** Of all inputs. */
  readonly coins: readonly Coin[]
  /** In the order of the inputs. */
  readonly own: readonly OwnInput[]
  readonly foreign: readonly { readonly input: PsbtInput; readonly coin: Coin }[]
  readonly outputs: readonly (PsbtOutput & Payee)[]
  readonly fee: bigint
  /** In virtual bytes, at most; of inputs that others have yet to sign it is a guess. */
  readonly vsize: number
  /** Without signatures. */
  readonly transaction: Transaction
}

/**
 * @param payload canonical bytes
 * @throws Failure `E_PAYLOAD` (verification), `E_PATH` (usage), `E_FOREIGN_INPUT` (refused)
 */
export function readPsbt(payload: Uint8Array, subject: Subject): Reading {
  const owner = ownerOf(subject)
  const psbt = parsePsbt(payload)
  const coins = psbt.inputs.map(coinOf)
  const coinAt = ({ number }: PsbtInput): Coin => coins[number - 1] as Coin
  const keys = spenders(owner, psbt.inputs, (input) => coinAt(input).script)
  const whole = psbt.inputs.map((input, i) => ({ input, coin: coinAt(input), key: keys[i] ?? null }))
  const signed = whole.flatMap(({ input, coin, key }) =>
    key === null ? [] : [{ input, coin, key, sighash: sighashOf(input, key) }],
  )
  for (const { input, coin, key } of signed) checkOwn(input, coin, key)
  const foreign = whole.filter(({ key }) => key === null)
  if (foreign.length > 0 && subject.allowForeignInputs !== true) throw foreignInputs(foreign)
  // A taproot signature says all amounts (BIP-341); one of segwit v0 says that of its own input (BIP-143).
  if (!isOutputKey(owner.asked)) for (const { input, coin } of whole) demandProof(coin, input.number)
  const transaction = transactionOf(psbt, coins)
  return {
    psbt,
    coins,
    own: signed.map((each) => ({
      ...each,
      message: signatureHash(transaction, coins, { ...each, index: each.input.number - 1 }),
    })),
    foreign,
    outputs: payees(owner, psbt.outputs).map((payee, i) => ({
      ...(psbt.outputs[i] as PsbtOutput),
      ...payee,
    })),
    fee: feeOf(psbt, coins),
    vsize: transactionOf(psbt, coins, (input) => guess(input, signed)).vsize,
    transaction,
  }
}

/** The one sighash type that signs all of the transaction. */
function sighashOf({ number, fields }: PsbtInput, key: OwnKey): number {
  const usual = isOutputKey(key) ? SIGHASH_DEFAULT : SIGHASH_ALL
  const sighash = fields.sighashType ?? usual
  if (sighash === usual || sighash === SIGHASH_ALL) return sighash
  throw badPayload(`input ${number} asks for a signature that leaves parts of the transaction open`, {
    hint: 'only the sighash types ALL and, for taproot, DEFAULT are signed',
  })
}

/** Fields that an input of the key may not have, and what they make of it. */
const NOT_OURS: readonly (readonly [keyof InputFields, string])[] = [
  ['finalScriptWitness', 'is final already'],
  ['finalScriptSig', 'is final already'],
  ['partialSig', 'is signed already'],
  ['tapKeySig', 'is signed already'],
  ['tapScriptSig', 'is signed already'],
  ['redeemScript', 'has a redeem script (P2SH)'],
  ['witnessScript', 'has a witness script (P2WSH)'],
  ['tapLeafScript', 'has a taproot script'],
  ['tapMerkleRoot', 'has a tree of taproot scripts'],
  ['p2cKeyTweak', 'has a key that is tweaked'],
  ['musig2ParticipantPubkeys', 'is of several signers (MuSig2)'],
  ['musig2PubNonce', 'is of several signers (MuSig2)'],
  ['musig2PartialSig', 'is of several signers (MuSig2)'],
  ['spTweak', 'is a silent payment'],
]

function checkOwn({ number, fields }: PsbtInput, coin: Coin, key: OwnKey): void {
  const [, what] = NOT_OURS.find(([field]) => fields[field] !== undefined) ?? []
  if (what !== undefined) throw badPayload(`input ${number} is of this key, but ${what}`)
  const internal = fields.tapInternalKey
  if (internal && !(isOutputKey(key) && equalBytes(internal, key.groupPoint.subarray(1))))
    throw badPayload(`input ${number} is of this key, but names another internal key`)
  // A message to be signed by BIP-322 looks like a transaction that spends nothing.
  if (coin.amount === 0n)
    throw badPayload(`input ${number} is of 0 BTC, so it may be a message (BIP-322)`, {
      hint: 'sign a text with --type bip322',
    })
}

const foreignInputs = (foreign: Reading['foreign']): Failure =>
  new Failure(
    'refused',
    'E_FOREIGN_INPUT',
    `coins of other keys are spent by ${numbered(
      'input',
      foreign.map(({ input }) => input),
    )}`,
    { hint: "a transaction that several keys sign needs a rule of the key's policy" },
  )

/** @throws Failure `E_PAYLOAD` (verification) if more is paid than spent */
export function feeOf({ outputs }: Psbt, coins: readonly Coin[]): bigint {
  const spent = sum(coins)
  if (spent > MOST_MONEY) throw badPayload('the inputs come to more than 21 million BTC')
  const fee = spent - sum(outputs)
  if (fee < 0n) throw badPayload('the outputs come to more than the inputs')
  return fee
}

type Signed = Pick<OwnInput, 'input' | 'key' | 'sighash'>

/** An input's final scripts, as far as their size goes. */
function guess(input: PsbtInput, signed: readonly Signed[]): Solution {
  const own = signed.find((each) => each.input === input)
  if (own) return { finalScriptWitness: largestWitness(own.key, own.sighash) }
  return ready(input) ? finalOf(input) : { finalScriptWitness: [new Uint8Array(72), new Uint8Array(33)] }
}

/** Whether its own signers have made it final. */
export const ready = ({ fields: { finalScriptSig, finalScriptWitness } }: PsbtInput): boolean =>
  (finalScriptSig?.length ?? 0) + (finalScriptWitness?.length ?? 0) > 0

export const finalOf = ({ fields: { finalScriptSig, finalScriptWitness } }: PsbtInput): Solution => ({
  ...(finalScriptSig !== undefined && { finalScriptSig }),
  ...(finalScriptWitness !== undefined && { finalScriptWitness }),
})

const NAMED = 5

/** `output 2`, `inputs 2, 3, 4, 5, 6 and 3 more`. */
export function numbered(what: 'input' | 'output', some: readonly { readonly number: number }[]): string {
  const numbers = some.slice(0, NAMED).map(({ number }) => number)
  const more = some.length > NAMED ? ` and ${some.length - NAMED} more` : ''
  return `${what}${some.length === 1 ? '' : 's'} ${numbers.join(', ')}${more}`
}

/** Money that goes to somebody. */
export const isPaid = ({ own, script }: Reading['outputs'][number]): boolean =>
  own === null && !carriesData(script)

export const sum = (amounts: readonly { readonly amount: bigint }[]): bigint =>
  amounts.reduce((total, { amount }) => total + amount, 0n)

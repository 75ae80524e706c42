/** A PSBT in words, as far as they hold without a key: what it spends and pays, and what it leaves to be trusted. */
import { NETWORK, TEST_NETWORK } from '@scure/btc-signer/utils.js'
import { bitcoinChain } from '../address.js'
import type { Effect, Row, View } from '../decoder.js'
import { type Coin, coinOf, isDescribed } from './coins.js'
import { btc, feeWarning, rate } from './money.js'
import { parsePsbt, type Psbt, type PsbtInput, type PsbtOutput } from './psbt-file.js'
import { more, transactionRows } from './psbt-view.js'
import { outputWarnings } from './psbt-warnings.js'
import { feeOf, finalOf, numbered, ready, sum } from './reading.js'
import { carriesData, dataText, kindOf, scriptAddress, shortHex } from './scripts.js'
import { type Solution, transactionOf } from './transaction.js'

/** Of an input that does not say what it spends. */
const NO_COIN: Coin = { amount: 0n, script: new Uint8Array(), isProven: false }

type Outline = {
  readonly psbt: Psbt
  /** Null where the input does not say. */
  readonly coins: readonly (Coin | null)[]
  /** Null where an input does not say its amount. */
  readonly fee: bigint | null
  /** In virtual bytes; of inputs that are not final it is a guess. */
  readonly vsize: number
}

/** @throws Failure `E_PAYLOAD` (verification) */
export function psbtOutline(payload: Uint8Array): View {
  const psbt = parsePsbt(payload)
  const coins = psbt.inputs.map((input) => (isDescribed(input) ? coinOf(input) : null))
  const known = coins.filter((coin) => coin !== null)
  const some = coins.map((coin) => coin ?? NO_COIN)
  const outline: Outline = {
    psbt,
    coins,
    fee: known.length === coins.length ? feeOf(psbt, known) : null,
    vsize: transactionOf(psbt, some, solved).vsize,
  }
  return {
    type: 'psbt',
    sentence: sentenceOf(outline),
    rows: [
      { label: 'network', value: 'not named in a PSBT: each address is given for both' },
      ...psbt.outputs.flatMap(outputRows),
      ...moneyRows(outline),
      ...psbt.inputs.flatMap((input, i) => inputRows(input, coins[i] ?? null)),
      ...transactionRows(psbt, transactionOf(psbt, some)),
    ],
    effects: effectsOf(outline),
    warnings: warningsOf(outline),
  }
}

function sentenceOf({ psbt: { inputs, outputs }, fee }: Outline): string {
  const spends = inputs.length === 1 ? '1 coin' : `${inputs.length} coins`
  const to = outputs.length === 1 ? '1 output' : `${outputs.length} outputs`
  const costs = fee === null ? 'a fee that is not known' : `a fee of ${btc(fee)}`
  return `Spends ${spends} and pays ${btc(sum(outputs))} to ${to} on Bitcoin, for ${costs}.`
}

function outputRows({ number, amount, script }: PsbtOutput): Row[] {
  const label = `output ${number}`
  if (!carriesData(script)) return [{ label, value: btc(amount) }, ...whereTo(script)]
  const text = dataText(script)
  return [
    { label, value: `${btc(amount)} lost, with data (OP_RETURN)` },
    ...(text === null ? [] : [more(text)]),
    more(shortHex(script)),
  ]
}

function inputRows({ number, txid, vout }: PsbtInput, coin: Coin | null): Row[] {
  const label = `input ${number}`
  const spent = more(`${txid}:${vout}`)
  if (coin === null) return [{ label, value: 'neither its amount nor its script is said' }, spent]
  return [{ label, value: btc(coin.amount) }, ...whereTo(coin.script), spent]
}

function whereTo(script: Uint8Array): Row[] {
  const address = scriptAddress(script, NETWORK)
  if (address === null) return [more(`no address: ${kindOf(script)}, ${shortHex(script)}`)]
  return [
    { label: 'main network', value: address },
    { label: 'test network', value: scriptAddress(script, TEST_NETWORK) as string },
  ]
}

function moneyRows({ psbt: { outputs }, coins, fee, vsize }: Outline): Row[] {
  const known = coins.filter((coin) => coin !== null)
  const isAll = known.length === coins.length
  return [
    { label: 'total in', value: `${isAll ? '' : 'more than '}${btc(sum(known))}` },
    { label: 'total out', value: btc(sum(outputs)) },
    { label: 'fee', value: fee === null ? 'not known' : btc(fee) },
    ...(fee === null ? [] : [{ label: 'fee rate', value: `about ${rate(fee, vsize)}` }]),
  ]
}

/** Any output may be change: only a key tells. */
const effectsOf = ({ psbt: { outputs }, fee }: Outline): Effect[] => {
  const base = { chain: bitcoinChain(), asset: 'native' }
  return [
    ...outputs.map(
      ({ script, amount }): Effect =>
        carriesData(script)
          ? { ...base, kind: 'unknown', amount, recipient: null }
          : { ...base, kind: 'transfer', amount, recipient: scriptAddress(script) },
    ),
    { ...base, kind: 'fee', amount: fee, recipient: null },
  ]
}

function warningsOf({ psbt: { inputs, outputs }, coins, fee, vsize }: Outline): string[] {
  const [severe, minor] = outputWarnings(outputs)
  const high = fee === null ? null : feeWarning(fee, vsize, sum(outputs))
  const unproven = inputs.filter((_, i) => coins[i]?.isProven === false)
  return [
    ...(high === null ? [] : [high]),
    ...severe,
    ...(unproven.length === 0
      ? []
      : [`The PSBT alone says the amount of ${numbered('input', unproven)}: no transaction proves it.`]),
    ...minor,
    'No key is named: which inputs it signs, and what comes back to it, is not known.',
  ]
}

/** An input's final scripts, or some that are as large as those of P2WPKH. */
const solved = (input: PsbtInput): Solution =>
  ready(input) ? finalOf(input) : { finalScriptWitness: [new Uint8Array(72), new Uint8Array(33)] }

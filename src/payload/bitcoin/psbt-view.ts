/** A PSBT in words, and what it does. */
import { rfc3339 } from '../../wire/base/text.js'
import { bitcoinChain, bitcoinName } from '../address.js'
import type { Effect, Row, View } from '../decoder.js'
import { btc, rate } from './money.js'
import type { Psbt } from './psbt-file.js'
import { psbtWarnings } from './psbt-warnings.js'
import { isPaid, type Reading, ready, sum } from './reading.js'
import { carriesData, dataText, kindOf, scriptAddress, shortHex } from './scripts.js'
import { SIGHASH_ALL } from './transaction.js'

export const psbtView = (reading: Reading): View => ({
  type: 'psbt',
  sentence: sentenceOf(reading),
  rows: [
    { label: 'network', value: bitcoinName() },
    // The payments stand first: inputs may be many.
    ...reading.outputs.flatMap(outputRows),
    ...moneyRows(reading),
    ...inputRows(reading),
    ...transactionRows(reading.psbt, reading.transaction),
    { label: 'sighash type', value: sighashNames(reading.own) },
  ],
  effects: effectsOf(reading),
  warnings: psbtWarnings(reading),
})

function sentenceOf({ own, foreign, outputs, fee }: Reading): string {
  const paid = outputs.filter(isPaid)
  const [first] = paid
  const to =
    paid.length === 1 && first
      ? (scriptAddress(first.script) ?? kindOf(first.script))
      : `${paid.length} recipients`
  const does =
    paid.length === 0 ? `Moves ${btc(sum(outputs))} within this key` : `Sends ${btc(sum(paid))} to ${to}`
  const part = foreign.length === 0 ? '' : ` Signs ${own.length} of ${own.length + foreign.length} inputs.`
  return `${does} on ${bitcoinName()}, for a fee of ${btc(fee)}.${part}`
}

const whose = (path: string | null): string => (path === null ? 'this key' : `this key at ${path}`)

/** A further line of the row above. */
export const more = (value: string): Row => ({ label: '', value })

const inputRows = ({ psbt, coins, own }: Reading): Row[] =>
  psbt.inputs.flatMap((input, i) => {
    const { amount, script } = coins[i] as Reading['coins'][number]
    const key = own.find((each) => each.input === input)?.key
    const wait = relativeLock(psbt.version, input.sequence)
    return [
      {
        label: `input ${input.number}`,
        value: `${btc(amount)} of ${key ? whose(key.path) : 'ANOTHER key'}`,
      },
      more(whereTo(script)),
      more(`${input.txid}:${input.vout}`),
      ...(wait === null ? [] : [more(wait)]),
    ]
  })

const outputRows = ({ number, amount, script, own }: Reading['outputs'][number]): Row[] => {
  const label = `output ${number}`
  if (!carriesData(script)) {
    return [
      { label, value: `${btc(amount)} ${own ? `back to ${whose(own.path)}` : 'paid away'}` },
      more(whereTo(script)),
    ]
  }
  const text = dataText(script)
  return [
    { label, value: `${btc(amount)} lost, with data (OP_RETURN)` },
    ...(text === null ? [] : [more(text)]),
    more(shortHex(script)),
  ]
}

const whereTo = (script: Uint8Array): string =>
  scriptAddress(script) ?? `no address: ${kindOf(script)}, ${shortHex(script)}`

function moneyRows({ coins, own, outputs, fee, vsize, foreign }: Reading): Row[] {
  const back = sum(outputs.filter((output) => output.own !== null))
  const spent = sum(own.map(({ coin }) => coin))
  const isGuess = foreign.some(({ input }) => !ready(input))
  return [
    { label: 'total in', value: btc(sum(coins)) },
    { label: 'total out', value: btc(sum(outputs)) },
    // Others may pay into it.
    spent < back
      ? { label: 'comes to this key', value: btc(back - spent) }
      : { label: 'leaves this key', value: btc(spent - back) },
    { label: 'fee', value: btc(fee) },
    { label: 'fee rate', value: `${isGuess ? 'about' : 'at least'} ${rate(fee, vsize)}` },
  ]
}

export const transactionRows = (psbt: Psbt, transaction: Reading['transaction']): Row[] => [
  { label: 'lock time', value: lockTimeOf(transaction.lockTime, psbt) },
  {
    label: 'replaceable',
    value: psbt.inputs.some(({ sequence }) => sequence < 0xffff_fffe)
      ? 'yes, by one with a higher fee that is signed anew (BIP-125)'
      : 'no',
  },
  { label: 'version', value: `transaction ${psbt.version}, PSBT ${psbt.psbtVersion}` },
  ...(psbt.unknownFields === 0
    ? []
    : [{ label: 'other fields', value: `${psbt.unknownFields}, not understood and not signed` }]),
  { label: 'unsigned txid', value: transaction.id },
]

const sighashNames = (own: Reading['own']): string =>
  [...new Set(own.map(({ sighash }) => (sighash === SIGHASH_ALL ? 'ALL' : 'DEFAULT')))].join(', ')

/** nLockTime: a height below 500 million, else seconds since 1970; in force unless all sequences are final. */
function lockTimeOf(lockTime: number, { inputs }: Psbt): string {
  if (lockTime === 0) return 'none'
  const when = lockTime < 500_000_000 ? `block ${lockTime}` : rfc3339(lockTime * 1000)
  return inputs.every(({ sequence }) => sequence === 0xffff_ffff)
    ? `none (${when} is named, but not in force)`
    : `not before ${when}`
}

/** BIP-68: without the highest bit, 16 bits of blocks, or of 512 seconds where bit 22 is set. */
function relativeLock(version: number, sequence: number): string | null {
  const count = sequence & 0xffff
  if (version < 2 || sequence >= 0x8000_0000 || count === 0) return null
  const age = (sequence & (1 << 22)) === 0 ? `${count} blocks` : `${count * 512} seconds`
  return `not before its coin is ${age} old`
}

function effectsOf({ outputs, fee }: Reading): Effect[] {
  const base = { chain: bitcoinChain(), asset: 'native' }
  return [
    ...outputs.map(({ script, amount, own }): Effect => {
      if (carriesData(script)) return { ...base, kind: 'unknown', amount, recipient: null }
      return { ...base, kind: own ? 'change' : 'transfer', amount, recipient: scriptAddress(script) }
    }),
    { ...base, kind: 'fee', amount: fee, recipient: null },
  ]
}

/** A Solana message as people and rules see it. */
import type { Effect, Row, View } from '../decoder.js'
import { type Fee, feeAtWorst } from './fee.js'
import type { Message } from './message.js'
import { readInstruction } from './programs.js'
import { CHAIN, minor, NATIVE, notable, type Reading, row, sol, type Warning } from './reading.js'
import { SYSTEM } from './system.js'

/** With more steps than these, the sentence counts them and leaves each to the rows. */
const MOST_STEPS = 4

/**
 * Effects are those of the whole transaction, whoever pays: it runs whole or not at all, and whom a token account
 * belongs to is not known here.
 * @param key address of the key that is asked to sign, which is among the signers; null if none is named
 */
export function viewOf(type: string, message: Message, key: string | null): View {
  const readings = message.instructions.map((instruction) => readInstruction(instruction, key))
  const fee = feeAtWorst(message)
  const isPayer = key === null || message.signers[0] === key
  const nonce = hasNonce(message)
  return {
    type,
    sentence: sentenceOf(readings, isPayer),
    rows: [
      row('version', message.version === 'legacy' ? 'legacy' : '0'),
      row('network', 'not named in the message: whichever knows the blockhash or the nonce'),
      ...signerRows(message, key),
      row(nonce ? 'durable nonce' : 'recent blockhash', message.lifetime),
      feeRow(fee),
      ...message.lookups.map(({ table, writable, readonly }, i) =>
        row(`lookup table ${i + 1}`, `${table}: ${writable} that may change, ${readonly} that may not`),
      ),
      ...readings.flatMap((reading, i) => [
        row(`instruction ${i + 1}`, reading.title),
        ...reading.rows.map(({ label, value }) => row(`${i + 1} ${label}`, value)),
      ]),
    ],
    effects: [
      ...readings.flatMap((reading, i) => (i === 0 && nonce && reading.does === null ? [] : reading.effects)),
      ...(isPayer ? [feeEffect(fee)] : []),
    ],
    warnings: sorted([
      ...readings.flatMap(({ warnings }) => warnings),
      ...fee.warnings,
      ...general(message, key),
    ]),
  }
}

/**
 * Whether the network takes it for a transaction of a durable nonce: its first instruction begins with the number of
 * AdvanceNonceAccount, whatever follows it.
 */
function hasNonce({ instructions: [first] }: Message): boolean {
  return first?.program === SYSTEM && [4, 0, 0, 0].every((byte, i) => first.data[i] === byte)
}

function signerRows({ signers, instructions }: Message, key: string | null): Row[] {
  const named = (signer: string): string => {
    if (key === null) return signer
    return signer === key ? `${signer} (this key)` : `${signer} (another key)`
  }
  return [
    ...signers.map((signer, i) => row(i === 0 ? 'fee payer, signer 1' : `signer ${i + 1}`, named(signer))),
    row('instructions', String(instructions.length)),
  ]
}

function feeRow({ signatures, base, priority }: Fee): Row {
  const parts = `${sol(base)} for ${signatures} ${signatures === 1 ? 'signature' : 'signatures'}`
  if (priority === null) return row('fee', `not known: ${parts} and a priority fee that is not understood`)
  return row('fee at worst', `${sol(base + priority)}: ${parts}, ${sol(priority)} for priority`)
}

const feeEffect = ({ base, priority }: Fee): Effect => ({
  chain: CHAIN,
  kind: 'fee',
  asset: NATIVE,
  amount: priority === null ? null : base + priority,
  recipient: null,
})

function sentenceOf(readings: readonly Reading[], isPayer: boolean): string {
  const steps = readings.filter(({ does }) => does !== null)
  const [only] = steps
  if (only === undefined)
    return isPayer ? 'Pays a fee on Solana and does nothing else.' : 'Does nothing on Solana.'
  if (steps.length === 1) {
    const does = String(only.does)
    return `${does.charAt(0).toUpperCase()}${does.slice(1)} on Solana.`
  }
  const said = steps.length > MOST_STEPS ? counted(steps) : steps.map(({ does }) => does)
  return `Takes ${steps.length} steps on Solana: ${said.join('; ')}.`
}

function counted(steps: readonly Reading[]): string[] {
  const counts = new Map<string, number>()
  for (const { title } of steps) counts.set(title, (counts.get(title) ?? 0) + 1)
  return [...counts].map(([title, count]) => `${count} x ${title}`)
}

function general(message: Message, key: string | null): Warning[] {
  return [
    ...(message.lookups.length > 0
      ? [notable('Some addresses stand in lookup tables, which only the chain knows: they are not shown.')]
      : []),
    ...(hasNonce(message)
      ? [notable('It uses a durable nonce: once signed it does not lapse until that nonce is used.')]
      : []),
    ...(message.signers.length > 1
      ? [
          minor(
            `It needs ${message.signers.length} signatures; signatures that were in the file are not kept.`,
          ),
        ]
      : []),
    ...(key === null
      ? [minor('No key is named: whether it is among the signers, and what is its own, is not known.')]
      : message.signers[0] === key
        ? []
        : [minor('Another key pays the fee.')]),
  ]
}

/** The most severe first, each once. */
const sorted = (warnings: readonly Warning[]): string[] => [
  ...new Set([...warnings].sort((a, b) => a.severity - b.severity).map(({ text }) => text)),
]

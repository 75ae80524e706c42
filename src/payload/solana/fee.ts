/** The Compute Budget program, and what the transaction costs at worst. */
import { type Fields, Undecodable } from './fields.js'
import type { Instruction, Message } from './message.js'
import { notable, type Reading, row, type Warning } from './reading.js'

export const COMPUTE_BUDGET = 'ComputeBudget111111111111111111111111111111'

/** Programs whose instructions hold signatures that cost as much as the transaction's; the first byte counts them. */
const PRECOMPILES = new Set([
  'Ed25519SigVerify111111111111111111111111111',
  'KeccakSecp256k11111111111111111111111111111',
  'Secp256r1SigVerify1111111111111111111111111',
])

const LAMPORTS_A_SIGNATURE = 5000n
const MICROLAMPORTS = 1_000_000n
/** Compute units of a transaction, whatever it asks for. */
const MOST_UNITS = 1_400_000n
/** The network's most for an instruction where the transaction sets no limit; it reckons less for some. */
const UNITS_AN_INSTRUCTION = 200_000n

export function readComputeBudget(fields: Fields): Reading {
  const [title, line] = budget(fields)
  return { title: `Compute budget: ${title}`, does: null, rows: [line], effects: [], warnings: [] }
}

function budget(fields: Fields): [string, ReturnType<typeof row>] {
  switch (fields.u8()) {
    case 1:
      return ['heap', row('heap', `${fields.u32()} bytes`)]
    case 2:
      return ['unit limit', row('most compute units', String(fields.u32()))]
    case 3:
      return ['unit price', row('price of a unit', `${fields.u64()} millionths of a lamport`)]
    case 4:
      return ['data limit', row('most account data', `${fields.u32()} bytes`)]
    default:
      throw new Undecodable()
  }
}

export type Fee = {
  /** Signatures that are paid for. */
  readonly signatures: number
  /** In lamports. */
  readonly base: bigint
  /** In lamports; null if the compute budget is not understood. */
  readonly priority: bigint | null
  readonly warnings: readonly Warning[]
}

/** Above this a priority fee is pointed out: 0.01 SOL. */
const MUCH = 10_000_000n

export function feeAtWorst({ signers, instructions }: Message): Fee {
  const precompiled = instructions
    .filter(({ program }) => PRECOMPILES.has(program))
    .map(({ data }) => data[0] ?? 0)
    .reduce((sum, count) => sum + count, 0)
  const signatures = signers.length + precompiled
  const base = LAMPORTS_A_SIGNATURE * BigInt(signatures)
  const priority = priorityFee(instructions)
  return { signatures, base, priority, warnings: warningsOf(priority) }
}

function warningsOf(priority: bigint | null): Warning[] {
  if (priority === null) return [notable('The compute budget is not understood, so the fee is not known.')]
  return priority > MUCH ? [notable('The priority fee is above 0.01 SOL.')] : []
}

/**
 * Price times units, rounded up. A limit or a price that stands twice makes the transaction fail, so the larger counts.
 */
function priorityFee(instructions: readonly Instruction[]): bigint | null {
  let limit: bigint | null = null
  let price = 0n
  for (const { program, data } of instructions) {
    if (program !== COMPUTE_BUDGET) continue
    const view = new DataView(data.buffer, data.byteOffset, data.length)
    if (data[0] === 2 && data.length === 5) limit = max(limit ?? 0n, BigInt(view.getUint32(1, true)))
    else if (data[0] === 3 && data.length === 9) price = max(price, view.getBigUint64(1, true))
    // The network ignores bytes after the fields, so what is not laid out exactly may still set a price.
    else if (!((data[0] === 1 || data[0] === 4) && data.length === 5)) return null
  }
  const units = limit ?? UNITS_AN_INSTRUCTION * BigInt(instructions.length)
  return (price * (units < MOST_UNITS ? units : MOST_UNITS) + MICROLAMPORTS - 1n) / MICROLAMPORTS
}

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b)

/**
 * The bytes of a Solana message, parsed by @solana/transaction-messages and held to the rules by which validators drop a
 * message before they run it (`sanitize` in Solana's SDK).
 */
import {
  type CompiledTransactionMessage,
  type CompiledTransactionMessageWithLifetime,
  getCompiledTransactionMessageDecoder,
  getCompiledTransactionMessageEncoder,
} from '@solana/transaction-messages'
import { equalBytes } from '../../protocol/core/codec.js'
import { badPayload } from '../bad-payload.js'

type AnyVersion = CompiledTransactionMessage & CompiledTransactionMessageWithLifetime
export type Compiled = Exclude<AnyVersion, { version: 1 }>

export type CompiledLookup = {
  readonly lookupTableAddress: string
  readonly writableIndexes: readonly number[]
  readonly readonlyIndexes: readonly number[]
}

/** A transaction fits into one packet: 1280 bytes of IPv6 less 48 of headers. */
export const MOST_BYTES = 1232
const SIGNATURE_BYTES = 64
/** Instructions that a transaction may run, those called by programs included; more fail. */
const MOST_INSTRUCTIONS = 64
/** An instruction names an account in one byte. */
const MOST_ACCOUNTS = 256
/** Versions have the highest bit of the first byte; a legacy message begins with its number of signers. */
const VERSION_FLAG = 0x80

/** @throws Failure `E_PAYLOAD` (verification) unless validators accept it, and it encodes to the same bytes again */
export function compiledMessage(bytes: Uint8Array): Compiled {
  const compiled = parsed(bytes)
  checkAccounts(compiled, bytes.length)
  checkInstructions(compiled)
  return compiled
}

export const lookupsOf = (compiled: Compiled): readonly CompiledLookup[] =>
  compiled.version === 0 ? (compiled.addressTableLookups ?? []) : []

export const tooLarge = (size: number): Error =>
  badPayload(`the transaction has ${size} bytes; Solana takes at most ${MOST_BYTES}`)

const unknownVersion = (version: number): Error =>
  badPayload(`the message has version ${version}, which is not known here`, {
    hint: 'ask for a legacy or a version 0 transaction',
  })

function parsed(bytes: Uint8Array): Compiled {
  const first = bytes[0]
  if (first === undefined) throw badPayload('the message is empty')
  if (bytes.length > MOST_BYTES) throw tooLarge(bytes.length)
  if (first > VERSION_FLAG) throw unknownVersion(first - VERSION_FLAG)
  let compiled: AnyVersion
  let end: number
  let again: Uint8Array
  try {
    ;[compiled, end] = getCompiledTransactionMessageDecoder().read(bytes, 0)
    again = Uint8Array.from(getCompiledTransactionMessageEncoder().encode(compiled))
  } catch (cause) {
    throw badPayload('the bytes are no Solana message: a length or an array is malformed', { cause })
  }
  if (end < bytes.length) throw badPayload(`the message has ${bytes.length - end} bytes after its end`)
  // The library reads a length beyond the end as 0, and takes lengths that are longer than they need to be.
  if (!equalBytes(again, bytes)) throw badPayload('the message does not encode again to the same bytes')
  // For the compiler: the library knows version 1, and its first byte is refused above.
  if (compiled.version === 1) throw unknownVersion(compiled.version)
  return compiled
}

function checkAccounts(compiled: Compiled, length: number): void {
  const { header, staticAccounts } = compiled
  const { numSignerAccounts, numReadonlySignerAccounts, numReadonlyNonSignerAccounts } = header
  if (numReadonlySignerAccounts >= numSignerAccounts) {
    throw badPayload('the message has no signer that could pay its fee')
  }
  if (numSignerAccounts + numReadonlyNonSignerAccounts > staticAccounts.length) {
    throw badPayload('the header counts more accounts than the message has')
  }
  const size = 1 + SIGNATURE_BYTES * numSignerAccounts + length
  if (size > MOST_BYTES) throw tooLarge(size)
  if (new Set(staticAccounts).size !== staticAccounts.length) {
    throw badPayload('the message names an account twice; validators refuse it')
  }
  const taken = lookupsOf(compiled).map((each) => each.writableIndexes.length + each.readonlyIndexes.length)
  if (taken.includes(0)) {
    throw badPayload('the message names a lookup table and takes no address from it; validators refuse it')
  }
  if (accountsOf(compiled) > MOST_ACCOUNTS) {
    throw badPayload(`the message names more than ${MOST_ACCOUNTS} accounts`)
  }
}

const accountsOf = (compiled: Compiled): number =>
  lookupsOf(compiled)
    .map((each) => each.writableIndexes.length + each.readonlyIndexes.length)
    .reduce((sum, taken) => sum + taken, compiled.staticAccounts.length)

/** A program stands in the message itself, and is not the account that pays the fee. */
function checkInstructions(compiled: Compiled): void {
  const { instructions, staticAccounts } = compiled
  if (instructions.length > MOST_INSTRUCTIONS) {
    throw badPayload(
      `the message has ${instructions.length} instructions; no more than ${MOST_INSTRUCTIONS} can run`,
    )
  }
  const accounts = accountsOf(compiled)
  for (const [i, { programAddressIndex, accountIndices = [] }] of instructions.entries()) {
    if (programAddressIndex === 0 || programAddressIndex >= staticAccounts.length) {
      throw badPayload(`instruction ${i + 1} names no program`)
    }
    if (accountIndices.some((index) => index >= accounts)) {
      throw badPayload(`instruction ${i + 1} uses an account that the message lacks`)
    }
  }
}

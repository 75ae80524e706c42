/** The fields and the accounts of one instruction, taken in order by whoever knows its layout. */
import { base58 } from '@scure/base'
import { textIn } from '../lines.js'
import type { Account, Instruction } from './message.js'

/** The instruction is not laid out as its program has it: it is shown as unknown, never as a guess. */
export class Undecodable extends Error {
  override readonly name = 'Undecodable'
}

export const U64_MAX = 2n ** 64n - 1n

/** Numbers are little-endian. Every method throws `Undecodable` where too little is left. */
export class Fields {
  #at = 0
  #accounts = 0

  constructor(private readonly instruction: Instruction) {}

  u8(): number {
    return this.#view(1).getUint8(0)
  }

  u32(): number {
    return this.#view(4).getUint32(0, true)
  }

  u64(): bigint {
    return this.#view(8).getBigUint64(0, true)
  }

  address(): string {
    return base58.encode(this.#bytes(32))
  }

  /** Text with its length in front, as bincode writes it: 8 bytes, then UTF-8. */
  text(): string {
    const length = this.u64()
    if (length > BigInt(this.instruction.data.length)) throw new Undecodable()
    return utf8(this.#bytes(Number(length)))
  }

  account(): Account {
    const account = this.instruction.accounts[this.#accounts]
    if (account === undefined) throw new Undecodable()
    this.#accounts += 1
    return account
  }

  /** As many accounts as there are names. */
  skip(count: number): void {
    for (let i = 0; i < count; i += 1) this.account()
  }

  /** All data that is left. */
  rest(): Uint8Array {
    return this.#bytes(this.instruction.data.length - this.#at)
  }

  /** Accounts that nobody has taken. */
  get further(): readonly Account[] {
    return this.instruction.accounts.slice(this.#accounts)
  }

  /** Some programs ignore data after the fields; what they ignore today they may read tomorrow. */
  end(): void {
    if (this.#at !== this.instruction.data.length) throw new Undecodable()
  }

  #view(length: number): DataView {
    const bytes = this.#bytes(length)
    return new DataView(bytes.buffer, bytes.byteOffset, length)
  }

  #bytes(length: number): Uint8Array {
    const bytes = this.instruction.data.slice(this.#at, this.#at + length)
    if (bytes.length !== length) throw new Undecodable()
    this.#at += length
    return bytes
  }
}

/** @throws Undecodable unless it is UTF-8 */
export function utf8(bytes: Uint8Array): string {
  const text = textIn(bytes)
  if (text === null) throw new Undecodable()
  return text
}

/** Keys and messages of the tests of Solana's decoder: keys by Node, messages by @solana/kit. */
import { createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto'
import { base58 } from '@scure/base'
import {
  type AccountMeta,
  AccountRole,
  type Address,
  address,
  type AddressesByLookupTableAddress,
  appendTransactionMessageInstructions,
  type Blockhash,
  compileTransactionMessage,
  compressTransactionMessageUsingAddressLookupTables,
  createTransactionMessage,
  getCompiledTransactionMessageEncoder,
  type Instruction,
  setTransactionMessageFeePayer,
  setTransactionMessageLifetimeUsingBlockhash,
  type TransactionMessage,
  type TransactionSigner,
} from '@solana/kit'
import type { Decoded, Subject } from '../../../src/payload/decoder.js'
import { solanaTx } from '../../../src/payload/solana/decoder.js'

export type Person = { readonly address: Address; readonly privateKey: KeyObject }

export function newPerson(): Person {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const x = publicKey.export({ format: 'jwk' }).x as string
  return { address: address(base58.encode(Uint8Array.from(Buffer.from(x, 'base64url')))), privateKey }
}

export const us = newPerson()
export const other = newPerson()
export const third = newPerson()

/** A place that nobody has a key for. */
export const place = (byte: number): Address => address(base58.encode(new Uint8Array(32).fill(byte)))
export const [source, target, mint, delegate] = [place(11), place(12), place(13), place(14)]
export const BLOCKHASH = place(99) as string as Blockhash

/** A signer, as builders of instructions want for an account; it signs nothing here. */
export const signer = ({ address: of }: Person): TransactionSigner => ({
  address: of,
  signTransactions: () => Promise.resolve([]),
})

export const subject = (of: Address, path: string | null = null): Subject =>
  ({
    record: { scheme: 'eddsa-ed25519', group_point: base58.decode(of), chain_code: null },
    path,
  }) as unknown as Subject

type Whole = Parameters<typeof compileTransactionMessage>[0]

/** The bytes of a message, as @solana/kit makes them. */
export function messageOf(
  instructions: readonly Instruction[],
  {
    payer = us.address,
    version = 'legacy',
    tables = {},
  }: {
    readonly payer?: Address
    readonly version?: 'legacy' | 0
    readonly tables?: AddressesByLookupTableAddress
  } = {},
): Uint8Array {
  const lifetime = { blockhash: BLOCKHASH, lastValidBlockHeight: 1n }
  const whole = (empty: TransactionMessage): Whole =>
    setTransactionMessageLifetimeUsingBlockhash(
      lifetime,
      setTransactionMessageFeePayer(payer, appendTransactionMessageInstructions(instructions, empty)),
    )
  const message =
    version === 'legacy'
      ? whole(createTransactionMessage({ version }))
      : compressTransactionMessageUsingAddressLookupTables(
          whole(createTransactionMessage({ version })) as Whole & { readonly version: 0 },
          tables,
        )
  return Uint8Array.from(getCompiledTransactionMessageEncoder().encode(compileTransactionMessage(message)))
}

export const decoded = (message: Uint8Array, of: Address = us.address): Decoded =>
  solanaTx.decode(message, subject(of))

/** An instruction of any program; accounts that sign are those of people. */
export const instruction = (
  program: string,
  accounts: readonly (Address | Person | AccountMeta)[],
  data: Uint8Array | readonly number[],
): Instruction => ({
  programAddress: address(program),
  accounts: accounts.map((each) => {
    if (typeof each === 'string') return { address: each, role: AccountRole.WRITABLE }
    return 'role' in each ? each : { address: each.address, role: AccountRole.WRITABLE_SIGNER }
  }),
  data: Uint8Array.from(data),
})

/** Whether OpenSSL accepts it. */
export function isSigned(by: string, message: Uint8Array, signature: Uint8Array): boolean {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(base58.decode(by)).toString('base64url') }
  return verify(null, message, createPublicKey({ key: jwk, format: 'jwk' }), signature)
}

export const signedBy = (person: Person, message: Uint8Array): Uint8Array =>
  Uint8Array.from(sign(null, message, person.privateKey))

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
export const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

/** The bytes of a published transaction, in the form in which its source has them. */
export function transactionOf(vector: {
  readonly base64?: string
  readonly hex?: string
  readonly base58?: string
}): Uint8Array {
  if (vector.base64 !== undefined) return Uint8Array.from(Buffer.from(vector.base64, 'base64'))
  if (vector.hex !== undefined) return Uint8Array.from(Buffer.from(vector.hex, 'hex'))
  return base58.decode(vector.base58 ?? '')
}

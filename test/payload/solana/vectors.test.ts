/** Transactions that others published, each decoded also by @solana/kit, with signatures that OpenSSL accepts. */
import { base58 } from '@scure/base'
import {
  address,
  getCompiledTransactionMessageDecoder,
  getTransactionDecoder,
  type ReadonlyUint8Array,
} from '@solana/kit'
import { describe, expect, test } from 'vitest'
import { parseMessage } from '../../../src/payload/solana/message.js'
import { solanaTx } from '../../../src/payload/solana/decoder.js'
import vectors from '../../vectors/solana/transactions.json' with { type: 'json' }
import { failureOf } from '../../wire/support.js'
import { base64, decoded, isSigned, transactionOf, us, utf8 } from './support.js'

describe.each(vectors)('$name', (vector) => {
  const transaction = transactionOf(vector)
  const kit = getTransactionDecoder().decode(transaction)
  const compiled = getCompiledTransactionMessageDecoder().decode(kit.messageBytes)
  const [payer, first] = Object.entries(kit.signatures)[0] as [string, ReadonlyUint8Array]
  const message = Uint8Array.from(kit.messageBytes)

  test('its message is read from every form of the transaction, and from the message itself', () => {
    for (const file of [
      transaction,
      utf8(base64(transaction)),
      utf8(Buffer.from(transaction).toString('hex')),
    ]) {
      expect(solanaTx.read(file)).toEqual(message)
    }
    expect(solanaTx.read(message)).toEqual(message)
    expect(solanaTx.read(utf8(`0x${Buffer.from(message).toString('hex')}\n`))).toEqual(message)
  })

  test('it says what @solana/kit says', () => {
    const parsed = parseMessage(message)
    expect(parsed.version).toBe(compiled.version)
    expect(parsed.signers).toEqual(Object.keys(kit.signatures))
    expect(parsed.lifetime).toBe(compiled.lifetimeToken)
    if (compiled.version === 1) throw new Error('no vector is of version 1')
    expect(parsed.instructions.map(({ program, data }) => ({ program, data }))).toEqual(
      compiled.instructions.map(({ programAddressIndex, data }) => ({
        program: compiled.staticAccounts[programAddressIndex],
        data: Uint8Array.from(data ?? []),
      })),
    )
    expect(parsed.instructions.map(({ accounts }) => accounts.map((account) => account.address))).toEqual(
      compiled.instructions.map(({ accountIndices = [] }) =>
        accountIndices.map((index) => compiled.staticAccounts[index] ?? null),
      ),
    )
  })

  test('its source names the same fee payer, lifetime and instructions', () => {
    const { view } = decoded(message, address(payer))
    if (vector.feePayer !== undefined) expect(payer).toBe(vector.feePayer)
    const value = (label: string) => view.rows.find((row) => row.label === label)?.value
    if (vector.lifetime !== undefined) {
      expect(value('recent blockhash') ?? value('durable nonce')).toBe(vector.lifetime)
    }
    const titles = view.rows.filter(({ label }) => /^instruction \d+$/.test(label)).map((row) => row.value)
    expect(titles).toEqual(vector.titles)
  })

  test('what is signed is what the fee payer has signed, and its signature goes to its place', () => {
    const { messages, assemble } = decoded(message, address(payer))
    expect(messages).toEqual([{ path: null, message }])
    const signature = Uint8Array.from(first)
    expect(isSigned(payer, messages[0]?.message as Uint8Array, signature)).toBe(true)
    const outputs = assemble([signature])
    expect(outputs).toMatchObject({ signature: base58.encode(signature), txid: base58.encode(signature) })
    const made = Uint8Array.from(Buffer.from(String(outputs['transaction']), 'base64'))
    const again = getTransactionDecoder().decode(made)
    expect(again.messageBytes).toEqual(kit.messageBytes)
    expect(Object.values(again.signatures).map((each) => each !== null)).toEqual(
      Object.keys(kit.signatures).map((signer) => signer === payer),
    )
    if (Object.keys(kit.signatures).length === 1) expect(made).toEqual(transaction)
  })

  test('every other required signer may sign it, and nobody else', () => {
    const signers = Object.keys(kit.signatures)
    for (const signer of signers) expect(decoded(message, address(signer)).view.type).toBe('solana-tx')
    const failure = failureOf(() => decoded(message, us.address))
    expect(failure).toMatchObject({ kind: 'verification', code: 'E_PAYLOAD' })
    expect(failure.message).toContain('not among the signers')
  })
})

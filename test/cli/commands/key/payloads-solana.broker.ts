/** A Solana transaction, signed with an Ed25519 key from a ceremony; other libraries accept what comes out. */
import { createHash } from 'node:crypto'
import { address, getTransactionDecoder, type SignatureBytes } from '@solana/kit'
import { getTransferSolInstruction } from '@solana-program/system'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isSigned, messageOf, other, us } from '../../../payload/solana/support.js'
import { Pair } from '../../../support/signed-payloads.js'

describe('payloads of an Ed25519 key', () => {
  let pair: Pair
  let payer: string

  beforeAll(async () => {
    pair = await Pair.of('sol', 'eddsa-ed25519')
    payer = (await pair.about('key address sol --type sol')).address as string
  })
  afterAll(() => pair.end())

  /** A transfer of 0.25 SOL. */
  const transfer = (from: string): Uint8Array => {
    const source = { address: address(from), signTransactions: () => Promise.resolve([]) }
    const instruction = getTransferSolInstruction({
      source,
      destination: other.address,
      amount: 250_000_000n,
    })
    return messageOf([instruction], { payer: address(from) })
  }

  test('a Solana transaction verifies', async () => {
    const message = transfer(payer)
    const { outputs, view, signature, messages } = await pair.signs({
      type: 'solana-tx',
      in: 'message.b64',
      content: Buffer.from(message).toString('base64'),
    })
    const digest = createHash('sha256').update(message).digest('hex')
    expect(messages).toEqual([{ path: null, digest }])
    const transaction = getTransactionDecoder().decode(Buffer.from(outputs.transaction as string, 'base64'))
    expect(Buffer.from(transaction.messageBytes)).toEqual(Buffer.from(message))
    const signed = transaction.signatures[address(payer)] as SignatureBytes
    expect(Buffer.from(signed).toString('hex')).toBe(signature)
    expect(isSigned(payer, message, signed)).toBe(true)
    expect(view.effects[0]).toEqual({
      chain: 'solana',
      kind: 'transfer',
      asset: 'native',
      amount: '250000000',
      recipient: other.address,
    })
  })

  test('hex with and without 0x, base64 and the bytes themselves are one payload', () =>
    pair.seesAlike('solana-tx', transfer(payer)))

  test("somebody else's transaction, and one that is called raw, are refused", async () => {
    const foreign = await pair.refuses('solana-tx', transfer(us.address))
    expect(foreign).toMatchObject({ code: 9, error: { code: 'E_PAYLOAD' } })
    expect(foreign.error.message).toContain('is not among the signers')
    expect(await pair.refuses('raw', transfer(payer))).toMatchObject({
      code: 9,
      error: { hint: 'use --type solana-tx, which shows what it does' },
    })
    await pair.refusesDigests()
  })
})

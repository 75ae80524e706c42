/** Ethereum and Bitcoin payloads, signed with an ECDSA key from a ceremony; other libraries accept what comes out. */
import { createHash } from 'node:crypto'
import * as bitcoin from 'bitcoinjs-lib'
import {
  type Hex,
  keccak256,
  parseTransaction,
  recoverMessageAddress,
  recoverTransactionAddress,
  recoverTypedDataAddress,
  type TransactionSerialized,
} from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectFinal, isValid, verifiesText } from '../../../payload/bitcoin/verifiers.js'
import { bytesOf, psbtOf, Watched } from '../../../payload/bitcoin/wallet.js'
import { etherTransfer, permit, SHOP } from '../../../support/payloads.js'
import { Pair } from '../../../support/signed-payloads.js'

describe('payloads of an ECDSA key', () => {
  let pair: Pair
  const addressAt = async (type: string, ...path: string[]): Promise<string> =>
    (await pair.about('key', 'address', 'treasury', '--type', type, ...path)).address as string

  beforeAll(async () => {
    pair = await Pair.of('ecdsa-secp256k1')
  }, 600_000)
  afterAll(() => pair.end())

  test('an Ethereum transaction recovers to the address of the key', async () => {
    const { outputs, view } = await pair.signs('evm-tx', etherTransfer())
    const raw = outputs.raw_transaction as TransactionSerialized
    expect(await recoverTransactionAddress({ serializedTransaction: raw })).toBe(await addressAt('evm'))
    expect(parseTransaction(raw)).toMatchObject({
      to: SHOP.toLowerCase(),
      value: 50_000_000_000_000_000n,
      nonce: 7,
    })
    expect(outputs.txid).toBe(keccak256(raw))
    expect(view.effects[0]).toEqual({
      chain: 'evm:11155111',
      kind: 'transfer',
      asset: 'native',
      amount: '50000000000000000',
      recipient: SHOP,
    })
  })

  test('typed data recovers to the address of a derived key', async () => {
    const owner = await addressAt('evm', '--path', 'm/0/7')
    const data = permit(owner)
    const { outputs, path, signatures } = await pair.signs('eip712', JSON.stringify(data), 'm/0/7')
    const signature = outputs.signature as Hex
    expect(await recoverTypedDataAddress({ ...data, signature } as never)).toBe(owner)
    expect([path, signatures[0].path]).toEqual(['m/0/7', 'm/0/7'])
  })

  test('a message for personal_sign recovers to the address of the key', async () => {
    const message = 'I own this address.\n'
    const { outputs } = await pair.signs('eip191', message)
    expect(await recoverMessageAddress({ message, signature: outputs.signature as Hex })).toBe(
      await addressAt('evm'),
    )
  })

  test('a PSBT with two inputs under two paths is final, and both inputs verify', async () => {
    const { public_key, chain_code } = await pair.about('key', 'export-public', 'treasury')
    const wallet = new Watched(
      'ecdsa-secp256k1',
      bytesOf(public_key as string),
      bytesOf(chain_code as string),
    )
    const file = psbtOf(
      wallet,
      [{ path: 'm/0/3' }, { path: 'm/1/8', amount: 250_000n }],
      [{ amount: 300_000n }, { amount: 48_000n, path: 'm/1/9' }],
    )
    const { outputs, signatures, signature } = await pair.signs('psbt', Buffer.from(file).toString('base64'))
    expectFinal(wallet, file, outputs.transaction as string)
    const theirs = bitcoin.Psbt.fromBase64(outputs.psbt as string)
    expect(theirs.validateSignaturesOfAllInputs(isValid)).toBe(true)
    const final = theirs.finalizeAllInputs().extractTransaction()
    expect([final.toHex(), final.getId()]).toEqual([outputs.transaction, outputs.txid])
    expect((signatures as { path: string }[]).map(({ path }) => path)).toEqual(['m/0/3', 'm/1/8'])
    expect(signature).toBeNull()
  })

  test('a text that is signed as an address verifies', async () => {
    const { outputs } = await pair.signs('bip322', 'I own this')
    const address = await addressAt('btc-p2wpkh')
    expect(verifiesText('I own this', address, outputs.signature as string)).toBe(true)
    expect(verifiesText('I own that', address, outputs.signature as string)).toBe(false)
  })

  test('what is not to be signed is refused before anybody is asked', async () => {
    const digest = createHash('sha256').update('a transaction').digest()
    for (const type of ['raw', 'text', 'digest']) {
      expect(await pair.refuses(type, digest), type).toMatchObject({ code: 8, error: { code: 'E_DIGEST' } })
    }
    const foreign = await pair.refuses('evm-tx', EIP155_SIGNED)
    expect(foreign).toMatchObject({ code: 9, error: { code: 'E_PAYLOAD' } })
    expect(foreign.error.message).toContain('from is not this key')
    const asRaw = await pair.refuses('raw', bytesOf(etherTransfer().slice(2)))
    expect(asRaw).toMatchObject({
      code: 9,
      error: { code: 'E_PAYLOAD', hint: 'use --type evm-tx, which shows what it does' },
    })
    expect(await pair.refuses('solana-tx', 'AQ==')).toMatchObject({ code: 2, error: { code: 'E_TYPE' } })
  })
})

/** EIP-155's example, signed by its key. */
const EIP155_SIGNED =
  'f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195fe537' +
  '567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83'

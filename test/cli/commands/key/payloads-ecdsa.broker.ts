/** Ethereum and Bitcoin payloads, signed with an ECDSA key from a ceremony; other libraries accept what comes out. */
import * as bitcoin from 'bitcoinjs-lib'
import {
  type Hex,
  hashMessage,
  hashTypedData,
  keccak256,
  parseTransaction,
  recoverMessageAddress,
  recoverTransactionAddress,
  recoverTypedDataAddress,
  type TransactionSerialized,
} from 'viem'
import * as ecc from 'tiny-secp256k1'
import { privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectFinal, isValid, verifiesText } from '../../../payload/bitcoin/verifiers.js'
import { bytesOf, psbtOf, Watched } from '../../../payload/bitcoin/wallet.js'
import { etherTransfer, permit, SHOP } from '../../../support/payloads.js'
import { Pair } from '../../../support/signed-payloads.js'

describe('payloads of an ECDSA key', () => {
  let pair: Pair
  const addressAt = async (type: string, path = ''): Promise<string> =>
    (await pair.about(`key address eth --type ${type}${path}`)).address as string

  beforeAll(async () => {
    pair = await Pair.of('eth', 'ecdsa-secp256k1')
  }, 600_000)
  afterAll(() => pair.end())

  test('an Ethereum transaction recovers to the address of the key', async () => {
    const unsigned = etherTransfer()
    const { outputs, view, messages } = await pair.signs({ type: 'evm-tx', in: 'tx.hex', content: unsigned })
    expect(messages).toEqual([{ path: null, digest: keccak256(unsigned as Hex).slice(2) }])
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

  test('typed data recovers to the address of the key', async () => {
    const owner = await addressAt('evm')
    const data = permit(owner)
    const { outputs, view } = await pair.signs({
      type: 'eip712',
      in: 'typed.json',
      content: JSON.stringify(data),
    })
    const signature = outputs.signature as Hex
    expect(await recoverTypedDataAddress({ ...data, signature } as never)).toBe(owner)
    expect(view.effects[0]).toMatchObject({
      chain: 'evm:1',
      kind: 'permit',
      amount: '1500000000',
      recipient: SHOP,
    })
  })

  test('typed data recovers to the address of a derived key', async () => {
    const owner = await addressAt('evm', ' --path m/0/7')
    const data = permit(owner)
    const { outputs, path, signatures, messages } = await pair.signs({
      type: 'eip712',
      in: 'typed.json',
      content: JSON.stringify(data),
      path: 'm/0/7',
    })
    expect(messages).toEqual([{ path: 'm/0/7', digest: hashTypedData(data as never).slice(2) }])
    const signature = outputs.signature as Hex
    expect(await recoverTypedDataAddress({ ...data, signature } as never)).toBe(owner)
    expect([path, signatures[0].path]).toEqual(['m/0/7', 'm/0/7'])
  })

  test('a message for personal_sign recovers to the address of the key', async () => {
    const message = 'I own this address.\n'
    const { outputs, messages } = await pair.signs({ type: 'eip191', in: 'message.txt', content: message })
    expect(messages).toEqual([{ path: null, digest: hashMessage(message).slice(2) }])
    expect(await recoverMessageAddress({ message, signature: outputs.signature as Hex })).toBe(
      await addressAt('evm'),
    )
  })

  test('a PSBT with two inputs under two paths is final, and both inputs verify', async () => {
    const { public_key, chain_code } = await pair.about('key export-public eth')
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
    const { outputs, signatures, signature, messages } = await pair.signs({
      type: 'psbt',
      in: 'two.psbt',
      content: file,
    })
    expect(Object.keys(outputs as object).sort()).toEqual(['psbt', 'transaction', 'txid'])
    expect(signatures).toHaveLength(2)
    for (const [i, { digest }] of (messages as { digest: string }[]).entries()) {
      const { public_key, signature } = signatures[i]
      expect(ecc.verify(bytesOf(digest), bytesOf(public_key), bytesOf(signature)), digest).toBe(true)
    }
    expectFinal(wallet, file, outputs.transaction as string)
    const theirs = bitcoin.Psbt.fromBase64(outputs.psbt as string)
    expect(theirs.validateSignaturesOfAllInputs(isValid)).toBe(true)
    const final = theirs.finalizeAllInputs().extractTransaction()
    expect([final.toHex(), final.getId()]).toEqual([outputs.transaction, outputs.txid])
    expect((signatures as { path: string }[]).map(({ path }) => path)).toEqual(['m/0/3', 'm/1/8'])
    expect(signature).toBeNull()
  })

  test('a text that is signed as an address verifies', async () => {
    const { outputs } = await pair.signs({ type: 'bip322', in: 'text.txt', content: 'I own this' })
    const address = await addressAt('btc-p2wpkh')
    expect(verifiesText('I own this', address, outputs.signature as string)).toBe(true)
    expect(verifiesText('I own that', address, outputs.signature as string)).toBe(false)
  })

  test('hex with and without 0x, base64 and the bytes themselves are one payload', async () => {
    await pair.seesAlike('evm-tx', bytesOf(etherTransfer().slice(2)))
    const { public_key, chain_code } = await pair.about('key export-public eth')
    const wallet = new Watched(
      'ecdsa-secp256k1',
      bytesOf(public_key as string),
      bytesOf(chain_code as string),
    )
    await pair.seesAlike('psbt', psbtOf(wallet, [{ path: 'm/0/3' }], [{ amount: 90_000n }]))
  })

  test('what is not to be signed is refused before anybody is asked', async () => {
    await pair.refusesDigests()
    const theirs = privateKeyToAccount(`0x${'42'.repeat(32)}`)
    const signed = await theirs.signTransaction({
      type: 'eip1559',
      chainId: 1,
      nonce: 0,
      gas: 21_000n,
      maxFeePerGas: 30_000_000_000n,
      to: SHOP,
      value: 1n,
    })
    expect(await pair.refuses('evm-tx', signed)).toMatchObject({ code: 9, error: { code: 'E_PAYLOAD' } })
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

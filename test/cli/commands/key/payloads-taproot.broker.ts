/** Bitcoin payloads, signed with a taproot key from a ceremony; other libraries accept what comes out. */
import * as bitcoin from 'bitcoinjs-lib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectFinal, isValid, verifiesText } from '../../../payload/bitcoin/verifiers.js'
import { bytesOf, psbtOf, Watched } from '../../../payload/bitcoin/wallet.js'
import { decodedXpub } from '../../../support/payloads.js'
import { Pair } from '../../../support/signed-payloads.js'

describe('payloads of a taproot key', () => {
  let pair: Pair

  beforeAll(async () => {
    pair = await Pair.of('schnorr-taproot')
  })
  afterAll(() => pair.end())

  test('a PSBT with two inputs under two paths is final, and both inputs verify', async () => {
    const { xpub } = await pair.about('key', 'export-public', 'treasury')
    const { point, chainCode } = decodedXpub(xpub as string)
    const wallet = new Watched('schnorr-taproot', point, chainCode)
    const file = psbtOf(
      wallet,
      [{ path: 'm/0/3' }, { path: null, amount: 250_000n }],
      [{ amount: 300_000n }, { amount: 48_000n, path: 'm/1/9' }],
    )
    const { outputs, signatures } = await pair.signs('psbt', file)
    expectFinal(wallet, file, outputs.transaction as string)
    const theirs = bitcoin.Psbt.fromBase64(outputs.psbt as string)
    expect(theirs.validateSignaturesOfAllInputs(isValid)).toBe(true)
    expect(theirs.finalizeAllInputs().extractTransaction().toHex()).toBe(outputs.transaction)
    expect((signatures as { path: string }[]).map(({ path }) => path)).toEqual(['m/0/3', null])
  })

  test('a text that is signed as a derived address verifies', async () => {
    const { outputs } = await pair.signs('bip322', 'I own this', 'm/0/5')
    const { address } = await pair.about(
      'key',
      'address',
      'treasury',
      '--type',
      'btc-p2tr',
      '--path',
      'm/0/5',
    )
    expect(verifiesText('I own this', address as string, outputs.signature as string)).toBe(true)
    expect(verifiesText('I own that', address as string, outputs.signature as string)).toBe(false)
  })

  test('32 bytes are refused, and so is an Ethereum transaction', async () => {
    expect(await pair.refuses('raw', bytesOf('11'.repeat(32)))).toMatchObject({ code: 8 })
    expect(await pair.refuses('evm-tx', '0x02')).toMatchObject({ code: 2, error: { code: 'E_TYPE' } })
  })
})

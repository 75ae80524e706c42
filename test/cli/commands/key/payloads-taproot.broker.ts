/** Bitcoin payloads, signed with a taproot key from a ceremony; other libraries accept what comes out. */
import * as bitcoin from 'bitcoinjs-lib'
import * as ecc from 'tiny-secp256k1'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectFinal, isValid, verifiesText } from '../../../payload/bitcoin/verifiers.js'
import { bytesOf, psbtOf, Watched } from '../../../payload/bitcoin/wallet.js'
import { decodedXpub } from '../../../support/payloads.js'
import { Pair } from '../../../support/signed-payloads.js'

describe('payloads of a taproot key', () => {
  let pair: Pair

  beforeAll(async () => {
    pair = await Pair.of('tap', 'schnorr-taproot')
  })
  afterAll(() => pair.end())

  test('a PSBT with two inputs under two paths is final, and both inputs verify', async () => {
    const { xpub } = await pair.about('key export-public tap')
    const { point, chainCode } = decodedXpub(xpub as string)
    const wallet = new Watched('schnorr-taproot', point, chainCode)
    const file = psbtOf(
      wallet,
      [{ path: 'm/0/3' }, { path: null, amount: 250_000n }],
      [{ amount: 300_000n }, { amount: 48_000n, path: 'm/1/9' }],
    )
    const content = Buffer.from(file).toString('base64')
    const { outputs, signatures, messages } = await pair.signs({ type: 'psbt', in: 'two.psbt', content })
    for (const [i, { digest }] of (messages as { digest: string }[]).entries()) {
      const { public_key, signature } = signatures[i]
      expect(ecc.verifySchnorr(bytesOf(digest), bytesOf(public_key), bytesOf(signature)), digest).toBe(true)
    }
    expectFinal(wallet, file, outputs.transaction as string)
    const theirs = bitcoin.Psbt.fromBase64(outputs.psbt as string)
    expect(theirs.validateSignaturesOfAllInputs(isValid)).toBe(true)
    expect(theirs.finalizeAllInputs().extractTransaction().toHex()).toBe(outputs.transaction)
    expect((signatures as { path: string }[]).map(({ path }) => path)).toEqual(['m/0/3', null])
  })

  test('a text that is signed as a derived address verifies', async () => {
    const { outputs } = await pair.signs({
      type: 'bip322',
      in: 'text.txt',
      content: 'I own this',
      path: 'm/0/5',
    })
    const { address } = await pair.about('key address tap --type btc-p2tr --path m/0/5')
    expect(verifiesText('I own this', address as string, outputs.signature as string)).toBe(true)
    expect(verifiesText('I own that', address as string, outputs.signature as string)).toBe(false)
  })

  test('32 bytes are refused, and so is an Ethereum transaction', async () => {
    await pair.refusesDigests()
    expect(await pair.refuses('evm-tx', '0x02')).toMatchObject({ code: 2, error: { code: 'E_TYPE' } })
  })
})

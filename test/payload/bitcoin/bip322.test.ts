/** Signed texts: the vectors of BIP-322, and signatures that bitcoinjs-lib's transactions verify. */
import { WIF } from '@scure/btc-signer/payment.js'
import * as bitcoin from 'bitcoinjs-lib'
import { describe, expect, test } from 'vitest'
import { bip322, toSign, toSpendId } from '../../../src/payload/bitcoin/bip322.js'
import { HOSTILE, hostileTexts } from '../../support/hostile.js'
import vectors from '../../vectors/bitcoin/bip322.json' with { type: 'json' }
import { messageHash, verifiesText } from './verifiers.js'
import { bytesOf, failureOf, hexOf, rowsOf, Wallet } from './wallet.js'

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('the vectors of the BIP', () => {
  test.each(vectors.tx_hashes)('transactions of "$message"', (each) => {
    const script = bitcoin.address.toOutputScript(each.address)
    const text = utf8(each.message)
    expect(toSpendId(text, script)).toBe(each.to_spend_tx_hash)
    expect(toSign(text, script).id).toBe(each.to_sign_tx_hash)
    expect(hexOf(messageHash(text))).toBe(each.message_hash)
  })

  test.each(vectors.simple)('$type: "$message"', ({ message, private_key, address, type, signatures }) => {
    const secret = BigInt(`0x${hexOf(WIF().decode(private_key))}`)
    const wallet = new Wallet(type === 'p2tr' ? 'schnorr-taproot' : 'ecdsa-secp256k1', secret)
    const result = bip322.decode(utf8(message), wallet.subject())
    expect(rowsOf(result, 'address')[0]).toBe(address)
    // The checker of this test accepts theirs and ours, and no other text.
    for (const signature of signatures.map((text) => text.replace(/^smp/, '')))
      expect(verifiesText(message, address, signature)).toBe(true)
    const ours = result.assemble(wallet.signatures(result))
    expect(ours['address']).toBe(address)
    expect(ours['prefixed_signature']).toBe(`smp${ours['signature']}`)
    expect(verifiesText(message, address, ours['signature'] as string)).toBe(true)
    expect(verifiesText(`${message} `, address, ours['signature'] as string)).toBe(false)
  })
})

describe.each(['ecdsa-secp256k1', 'schnorr-taproot'] as const)('%s', (scheme) => {
  const wallet = new Wallet(scheme)

  test('signs as the address at the path', () => {
    const result = bip322.decode(utf8('I own this'), wallet.subject('m/3/4'))
    const { address } = wallet.payment('m/3/4')
    expect(result.view.sentence).toBe(`Signs the text "I own this" as ${address} on Bitcoin.`)
    expect(rowsOf(result, 'path')).toEqual(['m/3/4'])
    expect(result.messages.map(({ path }) => path)).toEqual(['m/3/4'])
    const { signature } = result.assemble(wallet.signatures(result))
    expect(verifiesText('I own this', address, signature as string)).toBe(true)
  })
})

describe('a text', () => {
  const wallet = new Wallet('ecdsa-secp256k1')
  const decode = (text: string) => bip322.decode(bip322.read(utf8(text)), wallet.subject())

  test('is shown in full, line by line, with what is signed', () => {
    const long = `first\n${'ä'.repeat(130)}`
    const result = decode(long)
    expect(rowsOf(result, 'length')).toEqual(['266 bytes'])
    expect(rowsOf(result, 'line 1')).toEqual(['"first"'])
    expect(rowsOf(result, 'line 2')).toEqual(
      ['60', '60', '10'].map((count) => `"${'ä'.repeat(Number(count))}"`),
    )
    expect(result.view.effects).toEqual([])
    expect(result.view.warnings).toEqual([])
  })

  test('is signed as it is, also what stands after it', () => {
    const hash = (text: string) => hexOf(decode(text).messages[0]?.message as Uint8Array)
    expect(new Set(['', 'a', 'a\n', 'a ', '\ufeffa'].map(hash)).size).toBe(5)
    expect(decode('a\n').view.warnings).toEqual([
      'The text ends with a blank or a line break, which is signed too.',
    ])
  })

  test('cannot touch the screen', () => {
    for (const text of hostileTexts) {
      const { view } = decode(text)
      for (const shown of [view.sentence, ...view.rows.map(({ value }) => value)])
        expect(shown).not.toMatch(HOSTILE)
    }
  })

  test('that is none, or is too long, is refused', () => {
    const refused = (bytes: Uint8Array) => failureOf(() => bip322.decode(bytes, wallet.subject()))
    expect(refused(bytesOf('ff00'))).toMatchObject({
      code: 'E_PAYLOAD',
      message: 'the payload is not UTF-8 text',
    })
    expect(refused(new Uint8Array(65_537)).message).toBe('the text has more than 65536 bytes')
    expect(failureOf(() => bip322.decode(utf8('a'), wallet.subject("m/0'"))).code).toBe('E_PATH')
  })
})

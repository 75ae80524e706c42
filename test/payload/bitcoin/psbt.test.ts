/** PSBTs of a key: what is shown, what is signed, and that others accept the result. */
import * as bitcoin from 'bitcoinjs-lib'
import { describe, expect, test } from 'vitest'
import { psbt as decoder } from '../../../src/payload/bitcoin/psbt.js'
import { expectFinal, isValid } from './verifiers.js'
import {
  asV2,
  bytesOf,
  changed,
  decoded,
  hexOf,
  PAYEE,
  paying,
  psbtOf,
  refusal,
  rowsOf,
  Wallet,
} from './wallet.js'

const SCHEMES = ['ecdsa-secp256k1', 'schnorr-taproot'] as const
const TWO = [
  { path: 'm/0/7', amount: 100_000n },
  { path: 'm/1/3', amount: 200_000n },
]
const OUTS = [{ amount: 250_000n }, { amount: 48_000n, path: 'm/1/4' }]

describe.each(SCHEMES)('%s', (scheme) => {
  const wallet = new Wallet(scheme)
  const file = psbtOf(wallet, TWO, OUTS)
  const result = decoded(file, wallet.subject())

  test('two inputs under two paths are signed, and every input verifies', () => {
    expect(result.messages.map(({ path }) => path)).toEqual(['m/0/7', 'm/1/3'])
    const { psbt, transaction, txid } = result.assemble(wallet.signatures(result))
    expectFinal(wallet, file, transaction as string)
    const final = bitcoin.Transaction.fromHex(transaction as string)
    expect([final.getId()]).toEqual(rowsOf(result, 'unsigned txid'))
    expect(txid).toBe(final.getId())
    // The PSBT alone is as good: bitcoinjs-lib validates, finalises and extracts the same transaction.
    const theirs = bitcoin.Psbt.fromBase64(psbt as string)
    expect(theirs.validateSignaturesOfAllInputs(isValid)).toBe(true)
    expect(theirs.finalizeAllInputs().extractTransaction().toHex()).toBe(transaction)
  })

  test('everything is shown', () => {
    const { view } = result
    expect(view.type).toBe('psbt')
    expect(view.sentence).toBe(`Sends 0.0025 BTC to ${PAYEE.address} on Bitcoin, for a fee of 0.00002 BTC.`)
    expect(rowsOf(result, 'network')).toEqual(['Bitcoin'])
    const ids = bitcoin.Psbt.fromBuffer(file).txInputs.map(({ hash }) => hexOf(hash.toReversed()))
    expect(rowsOf(result, 'input 1')).toEqual([
      '0.001 BTC of this key at m/0/7',
      wallet.payment('m/0/7').address,
      `${ids[0]}:1`,
    ])
    expect(rowsOf(result, 'input 2')).toEqual([
      '0.002 BTC of this key at m/1/3',
      wallet.payment('m/1/3').address,
      `${ids[1]}:1`,
    ])
    expect(rowsOf(result, 'output 1')).toEqual(['0.0025 BTC paid away', PAYEE.address])
    expect(rowsOf(result, 'output 2')).toEqual([
      '0.00048 BTC back to this key at m/1/4',
      wallet.payment('m/1/4').address,
    ])
    expect(rowsOf(result, 'total in')).toEqual(['0.003 BTC'])
    expect(rowsOf(result, 'total out')).toEqual(['0.00298 BTC'])
    expect(rowsOf(result, 'leaves this key')).toEqual(['0.00252 BTC'])
    expect(rowsOf(result, 'fee')).toEqual(['0.00002 BTC'])
    expect(rowsOf(result, 'lock time')).toEqual(['none'])
    expect(rowsOf(result, 'replaceable')).toEqual(['no'])
    expect(rowsOf(result, 'version')).toEqual(['transaction 2, PSBT 0'])
    expect(view.warnings).toEqual([])
    expect(view.effects).toEqual([
      { chain: 'bitcoin', kind: 'transfer', asset: 'native', amount: 250_000n, recipient: PAYEE.address },
      {
        chain: 'bitcoin',
        kind: 'change',
        asset: 'native',
        amount: 48_000n,
        recipient: wallet.payment('m/1/4').address,
      },
      { chain: 'bitcoin', kind: 'fee', asset: 'native', amount: 2000n, recipient: null },
    ])
  })

  test('the sighash type is shown', () => {
    const type = scheme === 'schnorr-taproot' ? 'DEFAULT' : 'ALL'
    expect(rowsOf(result, 'sighash type')).toEqual([type])
  })

  test('the fee rate is that of the final transaction, or a little less', () => {
    const { transaction } = result.assemble(wallet.signatures(result))
    const rate = 2000 / bitcoin.Transaction.fromHex(transaction as string).virtualSize()
    const [shown = ''] = rowsOf(result, 'fee rate')
    const number = Number(/^at least ([0-9.]+) sat\/vB$/.exec(shown)?.[1])
    expect(number).toBeLessThanOrEqual(rate)
    expect(number).toBeGreaterThan(rate * 0.98)
  })

  test('version 2 is the same transaction, and closed once it is signed', () => {
    const v2 = asV2(file, ({ global }) => {
      global.txModifiable = 0b111
    })
    const again = decoded(v2, wallet.subject())
    expect(again.messages).toEqual(result.messages)
    expect(rowsOf(again, 'version')).toEqual(['transaction 2, PSBT 2'])
    const { psbt, transaction } = again.assemble(wallet.signatures(again))
    expect(transaction).toBe(result.assemble(wallet.signatures(result))['transaction'])
    // BIP-370: bits 0 and 1 are cleared, bit 2 stays.
    expect(hexOf(Uint8Array.from(Buffer.from(psbt as string, 'base64')))).toContain('01060104')
  })

  test('an input without a derivation is signed under the path of the request', () => {
    const bare = psbtOf(wallet, [{ path: 'm/5', fields: {} }], [{ amount: 90_000n }])
    expect(decoded(bare, wallet.subject('m/5')).messages.map(({ path }) => path)).toEqual(['m/5'])
    expect(refusal(bare, wallet.subject()).message).toBe('no input is of this key')
  })

  test('the previous transaction may have witnesses, which its ID does not cover', () => {
    const previous = paying(wallet.payment('m/0/0').output, 100_000n)
    previous.setWitness(0, [new Uint8Array(64), new Uint8Array(33)])
    const made = new bitcoin.Psbt()
      .addInput({
        hash: previous.getId(),
        index: 1,
        nonWitnessUtxo: previous.toBuffer(),
        ...wallet.derivation('m/0/0'),
      })
      .addOutput({ script: PAYEE.output, value: 90_000n })
    expect(decoded(made.toBuffer(), wallet.subject()).messages).toHaveLength(1)
  })

  test('the key itself spends, and takes change', () => {
    const own = psbtOf(wallet, [{ path: null }], [{ amount: 90_000n, path: null, fields: {} }])
    const spent = decoded(own, wallet.subject())
    expect(spent.messages.map(({ path }) => path)).toEqual([null])
    expect(spent.view.sentence).toBe('Moves 0.0009 BTC within this key on Bitcoin, for a fee of 0.0001 BTC.')
    expectFinal(wallet, own, spent.assemble(wallet.signatures(spent))['transaction'] as string)
  })

  test('fields that are not understood travel with it', () => {
    const key = { type: 0xf0, key: bytesOf('01') }
    const strange = changed(file, ({ global, inputs, outputs }) => {
      for (const map of [global, inputs[0], outputs[0]]) if (map) map.unknown = [[key, bytesOf('1b5b324a')]]
    })
    const again = decoded(strange, wallet.subject())
    expect(rowsOf(again, 'other fields')).toEqual(['3, not understood and not signed'])
    expect(again.messages).toEqual(result.messages)
    const { psbt } = again.assemble(wallet.signatures(again))
    expect(hexOf(Uint8Array.from(Buffer.from(psbt as string, 'base64')))).toContain('02f001041b5b324a')
  })

  test('hex, base64 and bytes are one payload, in whatever order the fields come', () => {
    const read = decoder.read(file)
    const buffer = Buffer.from(file)
    for (const text of [buffer.toString('hex'), `0x${buffer.toString('hex')}\n`, buffer.toString('base64')])
      expect(decoder.read(new TextEncoder().encode(text))).toEqual(read)
    expect(decoder.read(read)).toEqual(read)
  })
})

describe('taproot', () => {
  const wallet = new Wallet('schnorr-taproot')

  test('the sighash type ALL is signed and written', () => {
    const file = changed(psbtOf(wallet, TWO, OUTS), ({ inputs }) => {
      for (const input of inputs) input.sighashType = 1
    })
    const result = decoded(file, wallet.subject())
    expect(rowsOf(result, 'sighash type')).toEqual(['ALL'])
    const { psbt, transaction } = result.assemble(wallet.signatures(result))
    expectFinal(wallet, file, transaction as string)
    expect(
      bitcoin.Transaction.fromHex(transaction as string).ins.map(({ witness }) => witness[0]?.length),
    ).toEqual([65, 65])
    expect(bitcoin.Psbt.fromBase64(psbt as string).validateSignaturesOfAllInputs(isValid)).toBe(true)
  })

  test('no previous transaction is needed, because the signature says all amounts', () => {
    const file = psbtOf(
      wallet,
      TWO.map((each) => ({ ...each, witnessOnly: true })),
      OUTS,
    )
    const result = decoded(file, wallet.subject())
    expectFinal(wallet, file, result.assemble(wallet.signatures(result))['transaction'] as string)
    const lie = changed(file, ({ inputs: [, second] }) => {
      if (second?.witnessUtxo) second.witnessUtxo.amount += 1n
    })
    for (const [i, { message }] of decoded(lie, wallet.subject()).messages.entries())
      expect(message).not.toEqual(result.messages[i]?.message)
  })
})

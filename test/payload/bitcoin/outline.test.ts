/** What a PSBT and a text say without a key; other libraries have the same addresses, amounts and IDs. */
import * as bitcoin from 'bitcoinjs-lib'
import { describe, expect, test } from 'vitest'
import { bip322 } from '../../../src/payload/bitcoin/bip322.js'
import { psbt } from '../../../src/payload/bitcoin/psbt.js'
import type { Decoder, View } from '../../../src/payload/decoder.js'
import { failureOf } from '../../wire/support.js'
import { asV2, bytesOf, decoded, psbtOf, STRANGER, Wallet } from './wallet.js'

const outlineOf = ({ outline, read }: Decoder, file: Uint8Array): View => outline(read(file))
const values = (view: View, label: string): string[] =>
  view.rows.filter((row) => row.label === label).map(({ value }) => value)

const NO_KEY = 'No key is named: which inputs it signs, and what comes back to it, is not known.'

describe.each(['ecdsa-secp256k1', 'schnorr-taproot'] as const)('a PSBT of %s', (scheme) => {
  const wallet = new Wallet(scheme)
  const file = psbtOf(
    wallet,
    [{ amount: 200_000n }, { script: STRANGER.payment(null).output }],
    [{ amount: 150_000n }, { amount: 140_000n, path: 'm/1/0' }],
    800_000,
  )

  test('shows what bitcoinjs-lib finds in it, for both networks', () => {
    const view = outlineOf(psbt, file)
    const theirs = bitcoin.Psbt.fromBuffer(Buffer.from(file))
    const on = (network: bitcoin.Network): string[] => [
      ...theirs.txOutputs.map(({ script }) => bitcoin.address.fromOutputScript(script, network)),
      ...theirs.data.inputs.map((input, i) => {
        const previous = input.nonWitnessUtxo && bitcoin.Transaction.fromBuffer(input.nonWitnessUtxo)
        const { index } = theirs.txInputs[i] as bitcoin.PsbtTxInput
        const coin = input.witnessUtxo ?? previous?.outs[index]
        if (!coin) throw new Error('it does not say which coin it spends')
        return bitcoin.address.fromOutputScript(coin.script, network)
      }),
    ]
    expect(values(view, 'main network')).toEqual(on(bitcoin.networks.bitcoin))
    expect(values(view, 'test network')).toEqual(on(bitcoin.networks.testnet))
    expect([values(view, 'output 1'), values(view, 'output 2')]).toEqual([['0.0015 BTC'], ['0.0014 BTC']])
    expect([values(view, 'input 1'), values(view, 'input 2')]).toEqual([['0.002 BTC'], ['0.001 BTC']])
    expect(values(view, 'fee')).toEqual(['0.0001 BTC'])
    expect(view.effects.map(({ kind, amount }) => [kind, amount])).toEqual([
      ['transfer', 150_000n],
      ['transfer', 140_000n],
      ['fee', 10_000n],
    ])
    const unsigned = bitcoin.Transaction.fromBuffer(theirs.data.globalMap.unsignedTx.toBuffer())
    expect(values(view, 'unsigned txid')).toEqual([unsigned.getId()])
    expect(view.sentence).toBe(
      'Spends 2 coins and pays 0.0029 BTC to 2 outputs on Bitcoin, for a fee of 0.0001 BTC.',
    )
    expect(view.warnings.at(-1)).toBe(NO_KEY)
  })

  test('has the totals, the lock time and the fee that a key sees', () => {
    const [view, keyed] = [
      outlineOf(psbt, file),
      decoded(file, wallet.subject(null, { allowForeignInputs: true })).view,
    ]
    for (const label of [
      'total in',
      'total out',
      'fee',
      'lock time',
      'replaceable',
      'version',
      'unsigned txid',
    ])
      expect(values(view, label), label).toEqual(values(keyed, label))
  })

  test('of version 2 says the same', () => {
    const strip = ({ rows }: View) => rows.filter(({ label }) => label !== 'version')
    expect(strip(outlineOf(psbt, asV2(file)))).toEqual(strip(outlineOf(psbt, file)))
  })
})

describe('a PSBT that says less', () => {
  const wallet = new Wallet('schnorr-taproot')
  const bare = (): Uint8Array => {
    const file = bitcoin.Psbt.fromBuffer(
      Buffer.from(psbtOf(wallet, [{}, { witnessOnly: true }], [{ amount: 50_000n }])),
    )
    const [first] = file.data.inputs
    delete first?.nonWitnessUtxo
    delete first?.witnessUtxo
    return Uint8Array.from(file.toBuffer())
  }

  test('of a coin shows no fee', () => {
    const view = outlineOf(psbt, bare())
    expect(view.sentence).toBe(
      'Spends 2 coins and pays 0.0005 BTC to 1 output on Bitcoin, for a fee that is not known.',
    )
    expect(values(view, 'input 1')).toEqual(['neither its amount nor its script is said'])
    expect([values(view, 'total in'), values(view, 'fee'), values(view, 'fee rate')]).toEqual([
      ['more than 0.001 BTC'],
      ['not known'],
      [],
    ])
    expect(view.effects.at(-1)).toMatchObject({ kind: 'fee', amount: null })
    expect(view.warnings).toEqual([
      'The PSBT alone says the amount of input 2: no transaction proves it.',
      NO_KEY,
    ])
  })

  test('than it spends is refused, and so is a lie about a coin', () => {
    const more = psbtOf(wallet, [{ amount: 1000n }], [{ amount: 1001n }])
    expect(failureOf(() => outlineOf(psbt, more))).toMatchObject({ code: 'E_PAYLOAD' })
    const lie = psbtOf(
      wallet,
      [{ fields: { witnessUtxo: { script: wallet.payment('m/0/0').output, value: 1n } } }],
      [{ amount: 1n }],
    )
    expect(failureOf(() => outlineOf(psbt, lie)).message).toContain('says of its coin what')
    expect(failureOf(() => outlineOf(psbt, Uint8Array.of(1, 2)))).toMatchObject({ code: 'E_PAYLOAD' })
  })

  test('of where money goes is warned of', () => {
    const outs = [
      { amount: 700n, script: bytesOf('6a026869') },
      { amount: 90_000n, script: bytesOf('51') },
    ]
    const view = outlineOf(psbt, psbtOf(wallet, [{ path: 'm/0/0' }], outs))
    expect(view.warnings.slice(0, -1)).toEqual([
      'The fee is high: 0.000093 BTC, 10 % of the amount.',
      '0.000007 BTC is destroyed by output 1: nobody can spend it.',
      'A script without an address is paid by output 2.',
      'Data that may mean something to other programs is in output 1.',
    ])
    expect(view.effects[0]).toMatchObject({ kind: 'unknown', recipient: null })
    expect(view.rows).toContainEqual({ label: 'output 1', value: '0.000007 BTC lost, with data (OP_RETURN)' })
  })
})

test('a text to be signed as an address is shown, without the address', () => {
  const view = outlineOf(bip322, Buffer.from('I own this\n'))
  expect(view.sentence).toBe('Signs the text "I own this\\u{a}" as an address that only a key names.')
  expect(view.rows.map(({ label }) => label)).toEqual(['length', 'line 1', 'line 2', 'message hash'])
  expect(view.warnings).toEqual([
    'The text ends with a blank or a line break, which is signed too.',
    'No key is named: the address that signs is not known.',
  ])
  expect(failureOf(() => outlineOf(bip322, Uint8Array.of(0xff)))).toMatchObject({ code: 'E_PAYLOAD' })
})

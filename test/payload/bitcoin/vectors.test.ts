/** The vectors of BIP-143, 174, 341, 370 and 371, each also read by bitcoinjs-lib where it can. */
import { Transaction } from '@scure/btc-signer/transaction.js'
import * as bitcoin from 'bitcoinjs-lib'
import * as ecc from 'tiny-secp256k1'
import { describe, expect, test } from 'vitest'
import { psbt } from '../../../src/payload/bitcoin/psbt.js'
import { parsePsbt } from '../../../src/payload/bitcoin/psbt-file.js'
import { signatureHash, transactionOf } from '../../../src/payload/bitcoin/transaction.js'
import bip174 from '../../vectors/bitcoin/bip174.json' with { type: 'json' }
import bip341 from '../../vectors/bitcoin/bip341.json' with { type: 'json' }
import bip370 from '../../vectors/bitcoin/bip370.json' with { type: 'json' }
import bip371 from '../../vectors/bitcoin/bip371.json' with { type: 'json' }
import { bytesOf, failureOf, hexOf, refusal, Wallet } from './wallet.js'

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text)
const wallet = new Wallet('ecdsa-secp256k1')
const parsed = (text: string) => parsePsbt(psbt.read(ascii(text)))

describe('what the BIPs call invalid is refused', () => {
  const all = { 'BIP-174': bip174.invalid, 'BIP-370': bip370.invalid, 'BIP-371': bip371.invalid }
  for (const [bip, { length }] of Object.entries(all))
    test(`${bip} has some`, () => expect(length).toBeGreaterThan(10))
  test.each(Object.entries(all).flatMap(([bip, list]) => list.map(({ name, psbt }) => [bip, name, psbt])))(
    '%s: %s',
    (_bip, _name, file) => {
      expect(refusal(ascii(file), wallet.subject())).toMatchObject({
        kind: 'verification',
        code: 'E_PAYLOAD',
      })
      // Not for being of another key: it does not get that far.
      expect(failureOf(() => parsed(file)).code).toBe('E_PAYLOAD')
    },
  )
})

/** Valid by BIP-174, but no transaction that anybody could send. */
const EMPTY = ['PSBT with global unsigned tx that has 0 inputs and 0 outputs', 'PSBT with 0 inputs']

describe('what BIP-174 and BIP-371 call valid', () => {
  const valid = [...bip174.valid, ...bip371.valid]

  test.each(valid.filter(({ name }) => !EMPTY.includes(name)))(
    'is read as bitcoinjs-lib reads it: $name',
    (each) => {
      const { inputs, outputs, version, lockTime } = parsed(each.psbt)
      const theirs = bitcoin.Psbt.fromBase64(each.psbt)
      expect(inputs.map(({ txid, vout, sequence }) => [txid, vout, sequence])).toEqual(
        theirs.txInputs.map(({ hash, index, sequence }) => [hexOf(hash.toReversed()), index, sequence]),
      )
      expect(outputs.map(({ script, amount }) => [hexOf(script), amount])).toEqual(
        theirs.txOutputs.map(({ script, value }) => [hexOf(script), value]),
      )
      expect([version, lockTime]).toEqual([theirs.version, theirs.locktime])
      expect(refusal(ascii(each.psbt), wallet.subject())).toMatchObject({ code: 'E_PAYLOAD' })
    },
  )

  test.each(EMPTY)('is refused where it is no transaction: %s', (name) => {
    const file = bip174.valid.find((each) => each.name === name)?.psbt as string
    expect(failureOf(() => parsed(file)).message).toBe('the transaction has no inputs or no outputs')
  })

  test.each(bip174.unsignable)('and signers must refuse: $name', ({ psbt: file }) => {
    expect(refusal(ascii(file), wallet.subject())).toMatchObject({ code: 'E_PAYLOAD' })
  })
})

describe('BIP-370', () => {
  // The one transaction of its valid list, in the order of the file.
  const previous = bytesOf('0b0ad921419c1c8719735d72dc739f9ea9e0638d1fe4c1eef0f9944084815fc8')

  test.each(bip370.valid)('is read: $name', ({ psbt: file }) => {
    const { psbtVersion, version, inputs, outputs } = parsed(file)
    expect([psbtVersion, version]).toEqual([2, 2])
    expect(inputs.map(({ txid, vout }) => [txid, vout])).toEqual([[hexOf(previous.toReversed()), 0]])
    expect(outputs.map(({ amount, script }) => [amount, hexOf(script)])).toEqual([
      [800_000_000n, '0014c430f64c4756da310dbd1a085572ef299926272c'],
      [199_998_859n, '00144dd193ac964a56ac1b9e1cca8454fe2f474f8513'],
    ])
  })

  // The library finds the lock time as the transaction is made; what a coin is makes no difference to it.
  const lockTimeOf = (file: string): number => {
    const read = parsed(file)
    const coin = { amount: 1n, script: new Uint8Array(22), isProven: true }
    return transactionOf(
      read,
      read.inputs.map(() => coin),
    ).lockTime
  }

  test.each(bip370.lockTimes)('has lock time $lockTime: $name', ({ psbt: file, lockTime }) => {
    expect(lockTimeOf(file)).toBe(lockTime)
  })

  test.each(bip370.withoutLockTime)('has none: $name', ({ psbt: file }) => {
    expect(failureOf(() => lockTimeOf(file)).message).toBe(
      'input 2 does not fit into the transaction: "PSBTv2: incompatible height-based and time-based locktime requirements"',
    )
  })
})

test('BIP-143: the hash of the native P2WPKH input is the one that was signed', () => {
  const raw =
    '0100000002fff7f7881a8099afa6940d42d1e7f6362bec38171ea3edf433541db4e4ad969f0000000000eeffffffef51e1b804cc89d182d279655c3aa89e815b1b309fe287d9b2b55d57b90ec68a0100000000ffffffff02202cb206000000001976a9148280b37df378db99f66f85c95a783a76ac7a6d5988ac9093510d000000001976a9143bde42dbee7e4dbe6a21b2d50ce2f0167faa815988ac11000000'
  const publicKey = bytesOf('025476c2e83188368da1ff3e292e7acafcdb3566bb0ad253f62fc70f07aeee6357')
  const coins = [
    {
      amount: 625_000_000n,
      script: bytesOf('2103c9f4836b9a4f77fc0d81f7bcb01b7f1b35916864b9476c241ce9fc198bd25432ac'),
    },
    { amount: 600_000_000n, script: bytesOf('00141d0f172a0ecb48aee1be1f2687d2963ae33f71a1') },
  ]
  const transaction = Transaction.fromRaw(bytesOf(raw), { allowUnknownInputs: true })
  const hash = signatureHash(transaction, coins, { index: 1, key: { publicKey }, sighash: 1 })
  expect(hexOf(hash)).toBe('c37af31116d1b27caf68aae9e3ac82f1477929014d5b917657d0eb49478cb670')
})

describe('BIP-341, wallet vectors', () => {
  const coins = bip341.utxosSpent.map(({ amountSats, scriptPubKey }) => ({
    amount: BigInt(amountSats),
    script: bytesOf(scriptPubKey),
  }))
  const theirs = bitcoin.Transaction.fromHex(bip341.rawUnsignedTx)

  test.each(bip341.inputs)('the hash of input $txinIndex with type $hashType', (input) => {
    const { txinIndex: index, hashType: sighash, sigHash, tweakedPrivkey, witness } = input
    const publicKey = ecc.xOnlyPointFromScalar(bytesOf(tweakedPrivkey))
    const transaction = Transaction.fromRaw(bytesOf(bip341.rawUnsignedTx), {
      allowUnknownOutputs: true,
      disableScriptCheck: true,
    })
    const hash = signatureHash(transaction, coins, { index, key: { publicKey }, sighash })
    expect(hexOf(hash)).toBe(sigHash)
    expect(
      hexOf(
        theirs.hashForWitnessV1(
          index,
          coins.map(({ script }) => script),
          coins.map(({ amount }) => amount),
          sighash,
        ),
      ),
    ).toBe(sigHash)
    expect(ecc.verifySchnorr(hash, publicKey, bytesOf((witness[0] as string).slice(0, 128)))).toBe(true)
  })
})

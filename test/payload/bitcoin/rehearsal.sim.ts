/** A rehearsal works on the test network, whose coins are worth nothing. */
import * as bitcoin from 'bitcoinjs-lib'
import { expect, test } from 'vitest'
import { bip322 } from '../../../src/payload/bitcoin/bip322.js'
import { enterRehearsal } from '../../../src/wire/base/realm.js'
import { decoded, PAYEE, psbtOf, rowsOf, Wallet } from './wallet.js'

enterRehearsal()

const { testnet } = bitcoin.networks

test.each(['ecdsa-secp256k1', 'schnorr-taproot'] as const)('addresses and effects of %s', (scheme) => {
  const wallet = new Wallet(scheme)
  const result = decoded(psbtOf(wallet, [{}], [{ amount: 99_000n }]), wallet.subject())
  const payee = bitcoin.address.fromOutputScript(PAYEE.output, testnet)
  expect(payee).toMatch(/^tb1q/)
  expect(result.view.sentence).toBe(
    `Sends 0.00099 BTC to ${payee} on the Bitcoin test network, for a fee of 0.00001 BTC.`,
  )
  expect(rowsOf(result, 'network')).toEqual(['the Bitcoin test network'])
  expect(result.view.effects.map(({ chain }) => chain)).toEqual(['bitcoin-testnet', 'bitcoin-testnet'])
  const own = bitcoin.address.fromOutputScript(wallet.payment('m/0/0').output, testnet)
  expect(rowsOf(result, 'input 1')[1]).toBe(own)
  const text = bip322.decode(new TextEncoder().encode('hello'), wallet.subject('m/0/0'))
  expect(text.view.sentence).toBe(`Signs the text "hello" as ${own} on the Bitcoin test network.`)
})

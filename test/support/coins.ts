/** PSBTs that spend coins of a key made by a ceremony, and what bitcoinjs-lib makes of them once they are signed. */
import * as bitcoin from 'bitcoinjs-lib'
import * as ecc from 'tiny-secp256k1'
import { expect } from 'vitest'
import * as secp from '@noble/secp256k1'
// Loaded here, because the virtual clock cannot tell that a decoder is being loaded.
import '../../src/payload/bitcoin/psbt.js'
import { derivePath, parsePath } from '../../src/protocol/group/derive.js'
import type { KeyRecord } from '../../src/wire/key/record.js'
import { type BitcoinScheme, bytesOf, psbtOf, Wallet } from '../payload/bitcoin/wallet.js'

/** The wallet of a recorded key: it knows the public keys only. */
class Watching extends Wallet {
  override readonly root: Uint8Array
  override readonly chainCode: Uint8Array<ArrayBuffer>
  override readonly fingerprint: Uint8Array

  constructor({ scheme, group_point, chain_code }: KeyRecord) {
    super(scheme as BitcoinScheme)
    this.root = group_point
    this.chainCode = Uint8Array.from(chain_code as Uint8Array)
    this.fingerprint = bitcoin.crypto.hash160(group_point).slice(0, 4)
  }

  override point(path: string | null): Uint8Array {
    return path === null ? this.root : derivePath(this.root, this.chainCode, parsePath(path)).groupPoint
  }
}

/** A PSBT that spends `count` coins of the key, at the paths `m/0/0`, `m/0/1` and so on. */
export const spendingCoins = (record: KeyRecord, count: number): Uint8Array =>
  psbtOf(
    new Watching(record),
    Array.from({ length: count }, (_, i) => ({ path: `m/0/${i}` })),
    [{ amount: BigInt(count) * 90_000n }],
  )

/** Demands that every input of the assembled PSBT verifies, and that it makes this transaction. */
export function expectSpends(outputs: Readonly<Record<string, string | number>>, count: number): void {
  const { psbt, transaction, txid } = outputs
  const theirs = bitcoin.Psbt.fromBase64(psbt as string)
  expect(theirs.inputCount).toBe(count)
  const isValid = (publicKey: Uint8Array, hash: Uint8Array, signature: Uint8Array): boolean =>
    publicKey.length === 32
      ? ecc.verifySchnorr(hash, publicKey, signature)
      : secp.verify(signature, hash, publicKey, { prehash: false, lowS: true })
  expect(theirs.validateSignaturesOfAllInputs(isValid)).toBe(true)
  const final = theirs.finalizeAllInputs().extractTransaction()
  expect(final.toHex()).toBe(transaction)
  expect([final.getId(), bytesOf(transaction as string).length]).toEqual([txid, final.byteLength()])
}

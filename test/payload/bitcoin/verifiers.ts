/** Others judge our Bitcoin signatures: bitcoinjs-lib finds what is signed, other libraries verify it. */
import { createHash } from 'node:crypto'
import * as secp from '@noble/secp256k1'
import * as bitcoin from 'bitcoinjs-lib'
import * as ecc from 'tiny-secp256k1'
import { expect } from 'vitest'
import { bytesOf, hexOf, type Watched } from './wallet.js'

/** Whether the signature is one of the hash under the key: not by the library that made it. */
export const isValid = (publicKey: Uint8Array, hash: Uint8Array, signature: Uint8Array): boolean =>
  publicKey.length === 32
    ? ecc.verifySchnorr(hash, publicKey, signature)
    : secp.verify(signature, hash, publicKey, { prehash: false, lowS: true })

/** Every input of the transaction is signed by the key that its coin pays. */
export function expectFinal(wallet: Watched, file: Uint8Array, transaction: string): void {
  const final = bitcoin.Transaction.fromHex(transaction)
  const given = bitcoin.Psbt.fromBuffer(file)
  const coins = given.data.inputs.map(
    ({ witnessUtxo }) => witnessUtxo as { script: Uint8Array; value: bigint },
  )
  const [scripts, values] = [coins.map(({ script }) => script), coins.map(({ value }) => value)]
  for (const [i, { witness }] of final.ins.entries()) {
    const [signature = new Uint8Array(), publicKey] = witness
    const { script, value } = coins[i] as (typeof coins)[number]
    if (wallet.scheme === 'schnorr-taproot') {
      expect(witness).toHaveLength(1)
      const type = signature.length === 65 ? (signature[64] as number) : 0
      const hash = final.hashForWitnessV1(i, scripts, values, type)
      expect(isValid(script.slice(2), hash, signature.slice(0, 64))).toBe(true)
    } else {
      const key = publicKey as Uint8Array
      expect(hexOf(bitcoin.payments.p2wpkh({ pubkey: key }).output as Uint8Array)).toBe(hexOf(script))
      const code = bitcoin.payments.p2pkh({ pubkey: key }).output as Uint8Array
      const { signature: compact, hashType } = bitcoin.script.signature.decode(signature)
      expect(isValid(key, final.hashForWitnessV0(i, code, value, hashType), compact)).toBe(true)
    }
  }
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

const sha256 = (bytes: Uint8Array): Uint8Array => Uint8Array.from(createHash('sha256').update(bytes).digest())

/** BIP-340's tagged hash. */
export function messageHash(text: Uint8Array): Uint8Array {
  const tag = sha256(utf8('BIP0322-signed-message'))
  return sha256(Uint8Array.of(...tag, ...tag, ...text))
}

/** The hash that the first signature of a witness signs, and whether it does: with nothing of ours. */
export function verifiesText(text: string, address: string, signature: string): boolean {
  const script = bitcoin.address.toOutputScript(address)
  const hash = messageHash(utf8(text))
  const toSpend = new bitcoin.Transaction()
  toSpend.version = 0
  toSpend.addInput(new Uint8Array(32), 0xffff_ffff, 0, Uint8Array.of(0, 32, ...hash))
  toSpend.addOutput(script, 0n)
  const spends = new bitcoin.Transaction()
  spends.version = 0
  spends.addInput(toSpend.getHash(), 0, 0)
  spends.addOutput(bytesOf('6a'), 0n)
  const [first = new Uint8Array(), publicKey] = witnessOf(signature)
  if (publicKey === undefined) {
    const type = first.length === 65 ? (first[64] as number) : 0
    return ecc.verifySchnorr(
      spends.hashForWitnessV1(0, [script], [0n], type),
      script.slice(2),
      first.slice(0, 64),
    )
  }
  expect(hexOf(bitcoin.payments.p2wpkh({ pubkey: publicKey }).output as Uint8Array)).toBe(hexOf(script))
  const code = bitcoin.payments.p2pkh({ pubkey: publicKey }).output as Uint8Array
  const parsed = bitcoin.script.signature.decode(first)
  const signed = spends.hashForWitnessV0(0, code, 0n, parsed.hashType)
  return secp.verify(parsed.signature, signed, publicKey, { prehash: false, lowS: true })
}

/** The stack of a "simple" signature; all of its items are short. */
function witnessOf(signature: string): Uint8Array[] {
  const bytes = Uint8Array.from(Buffer.from(signature, 'base64'))
  const items: Uint8Array[] = []
  let at = 1
  for (let left = bytes[0] as number; left > 0; left--) {
    const length = bytes[at] as number
    items.push(bytes.slice(at + 1, at + 1 + length))
    at += 1 + length
  }
  expect(at).toBe(bytes.length)
  return items
}

/** Addresses of a public key, on the chains that use its scheme. */
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { base58 } from '@scure/base'
import { Address } from '@scure/btc-signer/payment.js'
import { type BTC_NETWORK, hash160, NETWORK, TEST_NETWORK } from '@scure/btc-signer/utils.js'
import type { Scheme } from '../protocol/group/scheme.js'
import { isRehearsal } from '../wire/base/realm.js'
import { hex } from '../wire/base/text.js'
import type { AddressType, Network } from './chain.js'

const TYPES: Readonly<Record<Scheme, readonly AddressType[]>> = {
  'ecdsa-secp256k1': ['evm', 'btc-p2wpkh'],
  'eddsa-ed25519': ['sol'],
  'schnorr-taproot': ['btc-p2tr'],
}

/** The addresses that a key of a scheme has. */
export const addressTypes = (scheme: Scheme): readonly AddressType[] => TYPES[scheme]

/** The main network; a rehearsal's is the test network, which takes no real money. */
export const ownNetwork = (): Network => (isRehearsal() ? 'testnet' : 'mainnet')

export const bitcoinNetwork = (network: Network = ownNetwork()): BTC_NETWORK =>
  network === 'testnet' ? TEST_NETWORK : NETWORK

/** The same as effects and rules call it. */
export const bitcoinChain = (): string => (isRehearsal() ? 'bitcoin-testnet' : 'bitcoin')

/** The same for people. */
export const bitcoinName = (): string => (isRehearsal() ? 'the Bitcoin test network' : 'Bitcoin')

/** @param publicKey in the form of the scheme that has this type of address: `publicKeyOf` */
export function addressOf(type: AddressType, publicKey: Uint8Array, network?: Network): string {
  switch (type) {
    case 'evm':
      // The last 20 bytes of the Keccak-256 of the point's x and y, 64 bytes.
      return eip55(keccak_256(secp256k1.Point.fromBytes(publicKey).toBytes(false).subarray(1)).subarray(12))
    case 'btc-p2wpkh':
      // BIP-141, BIP-173: witness version 0, program HASH160 of the compressed point.
      return Address(bitcoinNetwork(network)).encode({ type: 'wpkh', hash: hash160(publicKey) })
    case 'btc-p2tr':
      // BIP-341, BIP-350: witness version 1, program the output key.
      return Address(bitcoinNetwork(network)).encode({ type: 'tr', pubkey: publicKey })
    case 'sol':
      return base58.encode(publicKey)
    default:
      return type satisfies never
  }
}

/** Whether the checksum holds, where there is one: letters of one case are none (EIP-55). @param text `0x` and 40 digits */
export function isChecked(text: string): boolean {
  const digits = text.slice(2)
  if (digits === digits.toLowerCase() || digits === digits.toUpperCase()) return true
  return text === eip55(Uint8Array.from(Buffer.from(digits, 'hex')))
}

/**
 * EIP-55: "if the ith digit is a letter, print it in uppercase if the 4*ith bit of the hash of the lowercase
 * hexadecimal address is 1".
 * @param address 20 bytes
 */
export function eip55(address: Uint8Array): string {
  const digits = hex(address)
  const hash = hex(keccak_256(new TextEncoder().encode(digits)))
  return `0x${digits.replaceAll(/[a-f]/g, (letter, i: number) =>
    Number.parseInt(hash.charAt(i), 16) >= 8 ? letter.toUpperCase() : letter,
  )}`
}

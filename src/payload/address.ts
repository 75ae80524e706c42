/** What a public key is called on the chains that use its scheme. */
import { base58, bech32m } from '@scure/base'
import type { Scheme } from '../protocol/scheme.js'

/** The address that people read aloud for a key: Solana's, or Bitcoin's P2TR (BIP-350); null where none is fixed. */
export function addressOf(scheme: Scheme, publicKey: Uint8Array): string | null {
  switch (scheme) {
    case 'eddsa-ed25519':
      return base58.encode(publicKey)
    case 'schnorr-taproot':
      return bech32m.encode('bc', [1, ...bech32m.toWords(publicKey)])
    case 'ecdsa-secp256k1':
      return null
    default:
      return scheme satisfies never
  }
}

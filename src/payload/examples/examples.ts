/**
 * Payloads that a rehearsal signs: on test networks, made for its key, with recipients that nobody has the key of. Their
 * coins do not exist.
 */
import type { RootKey } from '../../wire/key/derived-key.js'

export type Example = {
  readonly type: string
  /** A name for its file. */
  readonly file: string
  /** As the decoder reads it. */
  readonly payload: Uint8Array
}

/** One for each chain on which keys of this scheme pay. */
export async function examplesFor(key: RootKey): Promise<readonly Example[]> {
  switch (key.scheme) {
    case 'ecdsa-secp256k1':
      return [await ethereum(), await bitcoin(key)]
    case 'schnorr-taproot':
      return [await bitcoin(key)]
    case 'eddsa-ed25519':
      return [await solana(key)]
    default:
      return key.scheme satisfies never
  }
}

const ethereum = async (): Promise<Example> => ({
  type: 'evm-tx',
  file: 'transfer.rlp',
  payload: (await import('./ethereum.js')).transfer(),
})

const bitcoin = async (key: RootKey): Promise<Example> => ({
  type: 'psbt',
  file: 'two-coins.psbt',
  payload: (await import('./bitcoin.js')).twoCoins(key),
})

const solana = async (key: RootKey): Promise<Example> => ({
  type: 'solana-tx',
  file: 'transfer.bin',
  payload: (await import('./solana.js')).transfer(key),
})

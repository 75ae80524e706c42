/** Addresses and contracts on chains, in the form in which rules compare them. */
import { base58 } from '@scure/base'
import { Address } from '@scure/btc-signer/payment.js'
import { type BTC_NETWORK, NETWORK, TEST_NETWORK } from '@scure/btc-signer/utils.js'
import { isChecked } from './address.js'
import { EVM } from './chain.js'

const BITCOIN: ReadonlyMap<string, BTC_NETWORK> = new Map([
  ['bitcoin', NETWORK],
  ['bitcoin-testnet', TEST_NETWORK],
])
const EVM_ADDRESS = /^0x[0-9a-fA-F]{40}$/

/**
 * An address or a contract as somebody typed it, as rules compare it; null if the chain has none such, or its checksum
 * is wrong.
 */
export function placeOf(chain: string, text: string): string | null {
  if (EVM.test(chain)) return evmPlace(text)
  const network = BITCOIN.get(chain)
  if (network) return bitcoinPlace(text, network)
  return chain === 'solana' ? solanaPlace(text) : null
}

const evmPlace = (text: string): string | null =>
  EVM_ADDRESS.test(text) && isChecked(text) ? text.toLowerCase() : null

function bitcoinPlace(text: string, network: BTC_NETWORK): string | null {
  try {
    const address = Address(network)
    return address.encode(address.decode(text))
  } catch {
    return null
  }
}

function solanaPlace(text: string): string | null {
  try {
    return base58.decode(text).length === 32 ? text : null
  } catch {
    return null
  }
}

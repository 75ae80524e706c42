/** Names of chains, networks and kinds of addresses. They need no library, so every command may load them. */

export const ADDRESS_TYPES = ['evm', 'btc-p2wpkh', 'btc-p2tr', 'sol'] as const
export type AddressType = (typeof ADDRESS_TYPES)[number]

export const NETWORKS = ['mainnet', 'testnet'] as const
/** One of Bitcoin's networks. Ethereum and Solana have the same addresses on all of theirs. */
export type Network = (typeof NETWORKS)[number]

/** A signature that holds on every chain of Ethereum's kind. */
export const EVM_ANY = 'evm:any'
export const EVM = /^evm:[1-9][0-9]{0,15}$/
const OTHERS: readonly string[] = ['bitcoin', 'bitcoin-testnet', 'solana']

/** Whether effects may name this chain: `evm:1`, `bitcoin`, `bitcoin-testnet`, `solana`. */
export const isChain = (chain: string): boolean => EVM.test(chain) || OTHERS.includes(chain)

/** An address of an effect, as `placeOf` gives it. Ethereum's addresses mean the same in small letters. */
export const comparable = (chain: string, address: string): string =>
  chain.startsWith('evm:') ? address.toLowerCase() : address

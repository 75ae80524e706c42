/** EVM networks by chain id (EIP-155): what people call them, and their native coin. */
import { EVM_ANY } from '../../chain.js'

type Network = {
  readonly name: string
  readonly coin: string
  /** Whether the network charges for data on another chain, beyond what the gas fields of a transaction bound. */
  readonly chargesMore?: true
}

/** Chain ids as in the registry ethereum-lists/chains. */
const NETWORKS: ReadonlyMap<bigint, Network> = new Map([
  [1n, { name: 'Ethereum', coin: 'ETH' }],
  [10n, { name: 'OP Mainnet', coin: 'ETH', chargesMore: true }],
  [56n, { name: 'BNB Smart Chain', coin: 'BNB' }],
  [100n, { name: 'Gnosis', coin: 'xDAI' }],
  [137n, { name: 'Polygon', coin: 'POL' }],
  [324n, { name: 'ZKsync Era', coin: 'ETH' }],
  [8453n, { name: 'Base', coin: 'ETH', chargesMore: true }],
  [17000n, { name: 'Holesky, a test network', coin: 'ETH' }],
  [42161n, { name: 'Arbitrum One', coin: 'ETH' }],
  [43114n, { name: 'Avalanche C-Chain', coin: 'AVAX' }],
  [59144n, { name: 'Linea', coin: 'ETH' }],
  [84532n, { name: 'Base Sepolia, a test network', coin: 'ETH', chargesMore: true }],
  [534352n, { name: 'Scroll', coin: 'ETH', chargesMore: true }],
  [560048n, { name: 'Hoodi, a test network', coin: 'ETH' }],
  [11155111n, { name: 'Sepolia, a test network', coin: 'ETH' }],
])

/**
 * The largest chain id that is signed: 35 + 2 * id + 1, the largest v of EIP-155, is still an exact number in every
 * tool of the chain.
 */
export const MOST_CHAIN_ID = 4503599627370476n

/** `Ethereum (chain 1)`; null stands for every chain. */
export function networkName(chain: bigint | null): string {
  if (chain === null) return 'any chain'
  const name = NETWORKS.get(chain)?.name
  return name === undefined ? `chain ${chain}, which has no name here` : `${name} (chain ${chain})`
}

export const isNamed = (chain: bigint): boolean => NETWORKS.has(chain)
export const chargesMore = (chain: bigint): boolean => NETWORKS.get(chain)?.chargesMore === true

/** `ETH`; of a network without a name here `of the native coin`. */
export const coinOf = (chain: bigint | null): string =>
  (chain === null ? undefined : NETWORKS.get(chain)?.coin) ?? 'of the native coin'

/** As effects name a chain; `evm:any` where a signature names none and so holds on every one. */
export const effectChain = (chain: bigint | null): string => (chain === null ? EVM_ANY : `evm:${chain}`)

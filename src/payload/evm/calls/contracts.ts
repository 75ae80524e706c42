/** Contracts that this program knows by address, and what it calls them. */

/** The zero address, in the place of one that is not given. */
export const NOBODY = `0x${'0'.repeat(40)}`

/** Deployed with the same code on every chain that has them; sources: their own deployment lists. */
const EVERYWHERE: ReadonlyMap<string, string> = new Map([
  ['0x000000000022D473030F116dDEE9F6B43aC78BA3', 'Permit2'],
  ['0xcA11bde05977b3631167028862bE2a173976CA11', 'Multicall3'],
  // github.com/safe-global/safe-deployments, versions 1.3.0 (two addresses), 1.4.1 and 1.5.0.
  ['0xA238CBeb142c10Ef7Ad8442C6D1f9E89e07e7761', 'Safe MultiSend'],
  ['0x998739BFdAAdde7C933B942a68053933098f9EDa', 'Safe MultiSend'],
  ['0x38869bf66a61cF6bDB996A6aE40D5853Fd43B526', 'Safe MultiSend'],
  ['0x218543288004CD07832472D464648173c77D7eB7', 'Safe MultiSend'],
  ['0x40A2aCCbd92BCA938b02010E17A5b8929b49130D', 'Safe MultiSendCallOnly'],
  ['0xA1dabEF33b3B82c7814B6D82A79e50F4AC44102B', 'Safe MultiSendCallOnly'],
  ['0x9641d764fc13c8B624c04430C7356C1C7C8102e2', 'Safe MultiSendCallOnly'],
  ['0xA83c336B20401Af773B6219BA5027174338D1836', 'Safe MultiSendCallOnly'],
])
/** ZKsync Era runs other code, so contracts have other addresses there; those above are nothing there. */
const ELSEWHERE = 324n

/** Contracts that wrap the native coin in a token, by chain. */
const WRAPPERS: ReadonlyMap<bigint, readonly [address: string, symbol: string]> = new Map([
  [1n, ['0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2', 'WETH']],
  [10n, ['0x4200000000000000000000000000000000000006', 'WETH']],
  [100n, ['0xe91D153E0b41518A2Ce8Dd3D7944Fa863463a97d', 'WXDAI']],
  [137n, ['0x0d500B1d8E8eF31E21C99d1Db9A6444d3ADf1270', 'WPOL']],
  [8453n, ['0x4200000000000000000000000000000000000006', 'WETH']],
  [42161n, ['0x82aF49447D8a07e3bd95BD0d56f35241523fBab1', 'WETH']],
  [84532n, ['0x4200000000000000000000000000000000000006', 'WETH']],
  [11155111n, ['0x7b79995e5f793A07Bc00c21412e50Ecae098E7f9', 'WETH']],
])

/** The token's symbol if the contract is the chain's wrapper of its native coin. */
export function wrapperOf(chain: bigint | null, address: string): string | null {
  const [wrapper, symbol] = (chain === null ? undefined : WRAPPERS.get(chain)) ?? []
  return wrapper === address && symbol !== undefined ? symbol : null
}

/** @param address EIP-55 */
export const contractName = (chain: bigint | null, address: string): string | null =>
  (chain === ELSEWHERE ? undefined : EVERYWHERE.get(address)) ?? wrapperOf(chain, address)

export const isMultiSend = (chain: bigint | null, address: string): boolean =>
  contractName(chain, address)?.startsWith('Safe MultiSend') === true

/** `0x... (Permit2)` */
export function named(chain: bigint | null, address: string): string {
  const name = contractName(chain, address)
  return name === null ? address : `${address} (${name})`
}

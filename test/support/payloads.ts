/** Payloads as other programs make them, for keys that this program holds. */
import { sha256 } from '@noble/hashes/sha2.js'
import { createBase58check } from '@scure/base'
import { encodeFunctionData, parseAbi, serializeTransaction } from 'viem'

/** A recipient that is nobody's. */
export const SHOP = '0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF'
const USDC = '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48'

/** In hex: a transfer of 0.05 ETH on Sepolia. */
export const etherTransfer = (nonce = 7): string =>
  serializeTransaction({
    type: 'eip1559',
    chainId: 11_155_111,
    nonce,
    gas: 21_000n,
    maxFeePerGas: 30_000_000_000n,
    maxPriorityFeePerGas: 1_000_000_000n,
    to: SHOP,
    value: 50_000_000_000_000_000n,
  })

/** In hex: leave for a contract to take all USDC of the key on Ethereum. */
export const unlimitedApproval = (): string =>
  serializeTransaction({
    type: 'eip1559',
    chainId: 1,
    nonce: 12,
    gas: 60_000n,
    maxFeePerGas: 30_000_000_000n,
    maxPriorityFeePerGas: 1_000_000_000n,
    to: USDC,
    data: encodeFunctionData({
      abi: parseAbi(['function approve(address spender, uint256 amount)']),
      args: [SHOP, 2n ** 256n - 1n],
    }),
  })

/** Typed data: an EIP-2612 permit of 1500 USDC on Ethereum. @param owner address of the key */
export const permit = (owner: string) => ({
  types: {
    EIP712Domain: [
      { name: 'name', type: 'string' },
      { name: 'version', type: 'string' },
      { name: 'chainId', type: 'uint256' },
      { name: 'verifyingContract', type: 'address' },
    ],
    Permit: [
      { name: 'owner', type: 'address' },
      { name: 'spender', type: 'address' },
      { name: 'value', type: 'uint256' },
      { name: 'nonce', type: 'uint256' },
      { name: 'deadline', type: 'uint256' },
    ],
  },
  primaryType: 'Permit',
  domain: { name: 'USD Coin', version: '2', chainId: 1, verifyingContract: USDC },
  message: { owner, spender: SHOP, value: '1500000000', nonce: '3', deadline: '1900000000' },
})

/** The point and the chain code of an extended public key. */
export function decodedXpub(xpub: string): { readonly point: Uint8Array; readonly chainCode: Uint8Array } {
  const bytes = createBase58check(sha256).decode(xpub)
  return { point: bytes.slice(45), chainCode: bytes.slice(13, 45) }
}

/** Amounts, times and bytes in words. */
import { keccak_256 } from '@noble/hashes/sha3.js'
import { hex, rfc3339 } from '../../../wire/base/text.js'
import { decimal } from '../../decimal.js'
import { coinOf } from './chains.js'

/** `1.5 ETH`. Every EVM chain counts its coin in units of 10^-18. */
export const coins = (wei: bigint, chain: bigint | null): string => `${decimal(wei, 18)} ${coinOf(chain)}`

/** `1.5 ETH (1500000000000000000 wei)` */
export const coinsAndWei = (wei: bigint, chain: bigint | null): string => `${coins(wei, chain)} (${wei} wei)`

/** `30 gwei (30000000000 wei)` */
export const gwei = (wei: bigint): string => `${decimal(wei, 9)} gwei (${wei} wei)`

/** `68 bytes, keccak256 0x...` */
export const sizeAndHash = (bytes: Uint8Array): string =>
  `${bytes.length} bytes, keccak256 0x${hex(keccak_256(bytes))}`

/** When an allowance of Permit2 ends: it writes 0 for the block in which it is given. */
export const expiryOf = (seconds: bigint): string =>
  seconds === 0n ? 'the block it is given in' : timeOf(seconds)

/** @param seconds since 1970 */
export const timeOf = (seconds: bigint): string =>
  seconds > 253_402_300_799n
    ? `${seconds}, after the year 9999`
    : rfc3339(Number(seconds) * 1000).replace('.000Z', 'Z')

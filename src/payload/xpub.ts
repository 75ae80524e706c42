/** Watch-only extended public keys for wallets (BIP-32, "Serialization format"), at unhardened paths. */
import { sha256 } from '@noble/hashes/sha2.js'
import { createBase58check } from '@scure/base'
import { hash160 } from '@scure/btc-signer/utils.js'
import { derivePath, type Path } from '../protocol/group/derive.js'
import { ownNetwork } from './address.js'
import type { Network } from './chain.js'

/** `xpub...` and `tpub...`. */
const VERSIONS: Readonly<Record<Network, number>> = { mainnet: 0x0488b21e, testnet: 0x043587cf }

/** By which wallets name a key: the first 4 bytes of its HASH160 (BIP-32). @param groupPoint 33 bytes */
export const fingerprintOf = (groupPoint: Uint8Array): Uint8Array => hash160(groupPoint).subarray(0, 4)

/**
 * The extended public key at a path. The key itself is the root: depth 0, and no parent.
 * @param groupPoint 33 bytes; for taproot the internal point, as BIP-86 has it
 * @param chainCode 32 bytes
 * @throws CodecError where the path leads to no key
 */
export function xpub(
  groupPoint: Uint8Array,
  chainCode: Uint8Array,
  path: Path,
  network: Network = ownNetwork(),
): string {
  const { groupPoint: K, chainCode: c } = derivePath(groupPoint, chainCode, path)
  const parent = path.length === 0 ? null : derivePath(groupPoint, chainCode, path.slice(0, -1)).groupPoint
  const bytes = new Uint8Array(78)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, VERSIONS[network])
  // "1 byte: depth", "4 bytes: the fingerprint of the parent's key (0x00000000 if master key)",
  // "4 bytes: child number".
  view.setUint8(4, path.length)
  if (parent) bytes.set(fingerprintOf(parent), 5)
  view.setUint32(9, path.at(-1) ?? 0)
  bytes.set(c, 13)
  bytes.set(K, 45)
  return createBase58check(sha256).encode(bytes)
}

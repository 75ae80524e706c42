/** Watch-only extended public keys for wallets (BIP-32, "Serialization format"), at unhardened paths. */
import { sha256 } from '@noble/hashes/sha2.js'
import { createBase58check } from '@scure/base'
import { hash160 } from '@scure/btc-signer/utils.js'
import { derivePath, type Path } from '../protocol/group/derive.js'
import { isRehearsal } from '../wire/base/realm.js'

/** `xpub...` of the main network; in a rehearsal `tpub...` of the test network, like its addresses. */
const version = (): number => (isRehearsal() ? 0x043587cf : 0x0488b21e)

/**
 * The extended public key at a path. The key itself is the root: depth 0, and no parent.
 * @param groupPoint 33 bytes; for taproot the internal point, as BIP-86 has it
 * @param chainCode 32 bytes
 * @throws CodecError where the path leads to no key
 */
export function xpub(groupPoint: Uint8Array, chainCode: Uint8Array, path: Path): string {
  const { groupPoint: K, chainCode: c } = derivePath(groupPoint, chainCode, path)
  const parent = path.length === 0 ? null : derivePath(groupPoint, chainCode, path.slice(0, -1)).groupPoint
  const bytes = new Uint8Array(78)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, version())
  // "1 byte: depth", "4 bytes: the fingerprint of the parent's key (0x00000000 if master key)",
  // "4 bytes: child number".
  view.setUint8(4, path.length)
  if (parent) bytes.set(hash160(parent).subarray(0, 4), 5)
  view.setUint32(9, path.at(-1) ?? 0)
  bytes.set(c, 13)
  bytes.set(K, 45)
  return createBase58check(sha256).encode(bytes)
}

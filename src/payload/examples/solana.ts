/** A transfer of SOL by the System program. */
import { concatBytes } from '@noble/hashes/utils.js'
import { publicKeyOf } from '../../protocol/group/scheme.js'
import type { RootKey } from '../../wire/key/derived-key.js'

const LAMPORTS = 250_000_000n
/** The System program's second instruction: a number of 32 bits, then the amount in 64. */
const TRANSFER = 2

/** A legacy message: the key pays the fee, and 0.25 SOL to an address that is nobody's. */
export function transfer({ scheme, group_point }: RootKey): Uint8Array {
  const data = new Uint8Array(12)
  new DataView(data.buffer).setUint32(0, TRANSFER, true)
  new DataView(data.buffer).setBigUint64(4, LAMPORTS, true)
  const system = new Uint8Array(32)
  const blockhash = new Uint8Array(32).fill(9)
  const recipient = new Uint8Array(32).fill(7)
  // One signer, which is writable; one account that is read only, the program; three accounts.
  const header = Uint8Array.of(1, 0, 1, 3)
  // One instruction: of the third account, with the first two.
  const instruction = Uint8Array.of(1, 2, 2, 0, 1, data.length)
  const from = publicKeyOf(scheme, group_point)
  return concatBytes(header, from, recipient, system, blockhash, instruction, data)
}

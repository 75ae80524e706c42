/** Solana transfers from a key of custodians, as another program makes them. */
import { AccountRole, address } from '@solana/kit'
import { base58 } from '@scure/base'
import { findKey } from '../../src/ceremony/epochs/find-key.js'
// Loaded here, because the virtual clock cannot tell that a decoder is being loaded, and would let deadlines pass.
import '../../src/payload/solana/decoder.js'
import { recordPublicKey } from '../../src/wire/key/record.js'
import { instruction, messageOf, place } from '../payload/solana/support.js'
import type { Custodian } from './worlds.js'

const SYSTEM = '11111111111111111111111111111111'
/** A recipient that is nobody's. */
export const SHOP: string = place(21)

/** The message of a transfer from `treasury` of as many lamports; `to` is the shop unless it is given. */
export async function solTransfer({ home }: Custodian, lamports: bigint, to = SHOP): Promise<Uint8Array> {
  const { record } = await findKey(home, 'treasury')
  const payer = address(base58.encode(recordPublicKey(record)))
  const data = Buffer.alloc(12)
  data.writeUInt32LE(2)
  data.writeBigUInt64LE(lamports, 4)
  const accounts = [{ address: payer, role: AccountRole.WRITABLE_SIGNER }, address(to)]
  return messageOf([instruction(SYSTEM, accounts, data)], { payer })
}

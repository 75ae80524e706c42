/** Bytes that another decoder of this program reads. They are signed under its name, which says what they do. */
import { Failure } from '../../wire/base/failure.js'
import { badPayload } from '../bad-payload.js'
import { isPsbt } from '../bitcoin/maps.js'
import { parseTransaction } from '../evm/transaction.js'
import { binaryOf } from '../input.js'
import { parseMessage } from '../solana/message.js'
import { messageIn } from '../solana/transaction.js'

const TYPES: readonly {
  readonly type: string
  readonly name: string
  readonly is: (bytes: Uint8Array) => boolean
}[] = [
  { type: 'evm-tx', name: 'an Ethereum transaction', is: (bytes) => parses(() => parseTransaction(bytes)) },
  { type: 'psbt', name: 'a PSBT', is: isPsbt },
  {
    type: 'solana-tx',
    name: 'a Solana transaction',
    is: (bytes) => parses(() => parseMessage(bytes)) || parses(() => parseMessage(messageIn(bytes))),
  },
]

/**
 * Refuses bytes that are a transaction, under every scheme: Ed25519 signs raw bytes as Solana has its messages signed.
 * The same in hex or base64 is the file of somebody who forgot the type.
 * @param claimed the type under which they came
 * @throws Failure `E_PAYLOAD` (verification)
 */
export function refuseOtherTypes(payload: Uint8Array, claimed: 'raw' | 'text'): void {
  for (const bytes of [payload, binaryIn(payload)]) {
    const found = bytes && TYPES.find(({ is }) => is(bytes))
    if (found) {
      throw badPayload(`these bytes are ${found.name}, and ${claimed} would not say so`, {
        hint: `use --type ${found.type}, which shows what it does`,
      })
    }
  }
}

const binaryIn = (payload: Uint8Array): Uint8Array | null => attempt(() => binaryOf(payload))

const parses = (parse: () => unknown): boolean => attempt(() => [parse()]) !== null

/** Null where the bytes are refused. */
function attempt<T>(parse: () => T): T | null {
  try {
    return parse()
  } catch (error) {
    if (error instanceof Failure) return null
    throw error
  }
}

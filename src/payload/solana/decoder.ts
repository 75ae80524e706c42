/** The decoder of Solana transactions: what is approved, and what an Ed25519 key signs, is the message. */
import { base58 } from '@scure/base'
import { Failure } from '../../wire/base/failure.js'
import { derivedKey } from '../../wire/key/derived-key.js'
import { addressOf } from '../address.js'
import type { Decoded, Decoder, Outputs, Subject } from '../decoder.js'
import { binaryOf } from '../input.js'
import { type Message, parseMessage } from './message.js'
import { badPayload } from '../bad-payload.js'
import { messageIn, transactionOf } from './transaction.js'
import { viewOf } from './view.js'

const TYPE = 'solana-tx'

export const solanaTx: Decoder = {
  type: TYPE,
  schemes: ['eddsa-ed25519'],
  read,
  decode,
  outline: (payload) => viewOf(TYPE, parseMessage(payload), null),
}

/** A message stays as it is; of a transaction it is the message. */
function read(file: Uint8Array): Uint8Array {
  const bytes = binaryOf(file)
  const message = attempt(() => (parseMessage(bytes), bytes))
  const inside = attempt(() => {
    const found = messageIn(bytes)
    parseMessage(found)
    return found
  })
  if (message instanceof Uint8Array && inside instanceof Uint8Array) {
    throw badPayload('the file is both a message and a transaction that holds another message', {
      hint: 'do not sign it: no wallet makes such bytes by chance',
    })
  }
  if (message instanceof Uint8Array) return message
  if (inside instanceof Uint8Array) return inside
  throw looksLikeTransaction(bytes) ? inside : message
}

function attempt(parse: () => Uint8Array): Uint8Array | Failure {
  try {
    return parse()
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
}

/**
 * Whether a message, or the number of signers of one, stands behind as many signatures as the first byte counts. It
 * decides only what is said of bytes that are refused.
 */
function looksLikeTransaction(bytes: Uint8Array): boolean {
  const signatures = bytes[0] ?? 0
  const behind = bytes.slice(1 + 64 * signatures)
  const [first = 0, second] = behind
  const isCounted = signatures > 0 && (first < 0x80 ? first : second) === signatures
  return isCounted || attempt(() => (parseMessage(behind), behind)) instanceof Uint8Array
}

function decode(payload: Uint8Array, { record, path }: Subject): Decoded {
  if (record.scheme !== 'eddsa-ed25519') {
    throw badPayload(
      `a Solana transaction is signed by a key of eddsa-ed25519, and this one is of ${record.scheme}`,
    )
  }
  const key = addressOf('sol', derivedKey(record, path).publicKey)
  const message = parseMessage(payload, key)
  if (!message.signers.includes(key)) {
    throw badPayload(
      `this key, ${key}, is not among the signers of the transaction: ${message.signers.join(', ')}`,
      {
        hint: 'check --key, and the fee payer of the transaction',
      },
    )
  }
  return {
    view: viewOf(TYPE, message, key),
    messages: [{ path: null, message: Uint8Array.from(payload) }],
    assemble: (signatures) => outputsOf(payload, message, key, signatures),
  }
}

/** The signature that names a transaction is that of the fee payer. */
function outputsOf(
  payload: Uint8Array,
  { signers }: Message,
  key: string,
  [signature, ...more]: readonly Uint8Array[],
): Outputs {
  if (signature === undefined || more.length > 0)
    throw new Error('a Solana transaction has one signature of this key')
  const text = base58.encode(signature)
  return {
    transaction: Buffer.from(transactionOf(payload, signers, { by: key, signature })).toString('base64'),
    signature: text,
    ...(signers[0] === key && { txid: text }),
    ...(signers.length === 1 ? { complete: 'yes' } : { missing_signatures: signers.length - 1 }),
  }
}

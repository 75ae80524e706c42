/** The signers' receipts over a signature, which is valid without them. */
import { tryDecode } from '../../messaging/session/blame.js'
import { slotsOf } from '../../messaging/channel/letters.js'
import { spanOf } from '../../messaging/channel/timeouts.js'
import type { Room } from '../../messaging/session/session.js'
import type { Order } from '../../wire/ceremony/definition.js'
import type { KeyRecord } from '../../wire/key/record.js'
import {
  type Holder,
  makeReceipt,
  type Ran,
  type Receipt,
  receiptCodec,
  resultDigest,
  verifyReceipt,
} from '../../wire/ceremony/certificate.js'
import { hex } from '../../wire/base/text.js'
import { cardOf } from '../requests/signer-set.js'
import type { World } from '../world.js'

/** The run whose signatures the receipts cover. */
type Attesting = {
  /** The key's record, with its seats. */
  readonly record: KeyRecord
  readonly order: Pick<Order, 'signers'>
  readonly room: Room
  readonly ran: Ran
  /** What the run made, encoded: the list of signatures, or of presignatures. */
  readonly outcome: Uint8Array
}

/**
 * The receipts that arrive within 5 s, by signer; null for a missing one. No share is new, so they have no
 * proofs.
 */
export async function gatherReceipts(
  world: World,
  { record, order, room, ran, outcome }: Attesting,
): Promise<(Receipt | null)[]> {
  const { signal } = world
  const digest = resultDigest(ran, outcome)
  const mine = makeReceipt(world.identity.signing, world.card.fingerprint, ran, digest, null)
  room.mailbox.post('receipt', { session: ran.sid }, receiptCodec.encode(mine))
  room.emit({ event: 'receipt_sent' })
  const slots = slotsOf(room.peers, 'receipt', ran.sid)
  const missing = () => slots.filter((slot) => room.mailbox.get(slot) === undefined)
  const wait = { deadline: world.clock.now() + spanOf(world.patience, 'receipts'), signal, round: 'receipt' }
  await room.mailbox.until(() => missing().length === 0, wait, missing).catch(() => {})
  await room.mailbox.lastWords(slotsOf([room.self], 'receipt', ran.sid))
  room.emit({ event: 'done' })
  return signersAsHolders(record, order).map((holder) => {
    if (hex(holder.fingerprint) === hex(world.card.fingerprint)) return mine
    const slot = slots.find(({ from }) => hex(from) === hex(holder.fingerprint))
    const envelope = slot && room.mailbox.get(slot)
    const receipt = envelope && tryDecode(envelope, receiptCodec)
    return receipt && verifyReceipt(receipt, holder, ran, digest) ? receipt : null
  })
}

/** The signers of an order, as the holders whose receipts certify its signature. */
const signersAsHolders = (record: KeyRecord, order: Pick<Order, 'signers'>): Holder[] =>
  order.signers.map(({ index }) => {
    const card = cardOf(record, index)
    return { fingerprint: card.fingerprint, signing: card.signing, share: null }
  })

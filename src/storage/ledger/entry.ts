/**
 * The entries of a spending ledger: canonical CBOR, numbered from 0, each with the SHA-256 of the one before. Amounts
 * are exact integers of an asset's smallest unit. Every `SEGMENT`th entry is a checkpoint, which repeats what the
 * entries before it add up to, so that they need not be read again.
 */
import {
  bytes,
  bytesUpTo,
  type Codec,
  CodecError,
  codec,
  list,
  mapped,
  nullable,
  type Of,
  oneOf,
  record,
  type Shape,
  text,
  time,
  tuple,
  uint,
  variants,
} from '../../protocol/core/codec.js'
import { sha256 } from '../../wire/base/hash.js'
import { format } from '../../wire/base/realm.js'
import { hex } from '../../wire/base/text.js'
import { processShape } from '../fs/processes.js'

/** Entries from one checkpoint to the next, the first included. */
export const SEGMENT = 32
/** Assets in one payload. */
export const MOST_SPENDING = 256
/** Assets that one ledger knows, and amounts that are reserved at once. */
export const MOST_AMOUNTS = 10_000
/** Bytes of an entry: room for a checkpoint with all of them. */
export const ENTRY_LIMIT = 1 << 24
const MOST_ITEMS = 1 << 18
export const MARK_LIMIT = 1024

/** A natural number below 256^`length`, big-endian without leading zeros. */
const natural = (length: number): Shape<bigint> =>
  mapped(
    bytesUpTo(length),
    (digits) => {
      if (digits[0] === 0) throw new CodecError('', 'begins with a zero')
      return digits.length === 0 ? 0n : BigInt(`0x${hex(digits)}`)
    },
    (value) => {
      const digits = value === 0n ? '' : value.toString(16)
      return Uint8Array.from(Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex'))
    },
  )

const chain = text(128)
const contract = text(256)
const spendingShape = mapped(
  tuple(chain, contract, nullable(natural(40))),
  ([chain, contract, amount]) => ({ chain, contract, amount }),
  ({ chain, contract, amount }) => [chain, contract, amount] as const,
)

/** An asset's amount in a payload; null: not known, or without end. */
export type Spending = Of<typeof spendingShape>

/** Everything spent of an asset: the sum of what is known, and how often the amount was not. */
const totalShape = mapped(
  tuple(chain, contract, natural(64), uint()),
  ([chain, contract, amount, unknown]) => ({ chain, contract, amount, unknown }),
  ({ chain, contract, amount, unknown }) => [chain, contract, amount, unknown] as const,
)
export type Total = Of<typeof totalShape>

const wanted = {
  request: bytes(32),
  /** SHA-256. */
  payload: bytes(32),
  /** SHA-256. */
  policy: bytes(32),
  spending: list(spendingShape, 0, MOST_SPENDING),
}
/** @property at when it was reserved, milliseconds since 1970 */
const reservationShape = record({ ...wanted, process: processShape, at: time() })
export type Reservation = Of<typeof reservationShape>

/** The number and the hash of an entry. */
const placeShape = record({ n: uint(), hash: bytes(32) })
export type Place = Of<typeof placeShape>

const checkpoint = {
  totals: list(totalShape, 0, MOST_AMOUNTS),
  open: list(reservationShape, 0, MOST_AMOUNTS),
  /** When the share last came to this home from elsewhere. */
  restored: nullable(time()),
  /** The last entry of kind `spend`. */
  spent: nullable(placeShape),
  /** The checkpoints 1, 2, 4, 8 ... before this one: when, and the SHA-256 of the entry. */
  before: list(record({ at: time(), hash: bytes(32) }), 0, 48),
}

const kind = <const K extends string>(word: K) => ({ kind: oneOf([word]) })
const shapes = {
  reserve: record({ ...kind('reserve'), ...wanted, process: processShape }),
  spend: record({ ...kind('spend'), ...wanted }),
  release: record({ ...kind('release'), request: bytes(32) }),
  restored: record(kind('restored')),
  checkpoint: record({ ...kind('checkpoint'), ...checkpoint }),
}
export type Checkpoint = Of<(typeof shapes)['checkpoint']>
export type Event = { [K in keyof typeof shapes]: Of<(typeof shapes)[K]> }[keyof typeof shapes]

const entryShape = record({
  format: format('mpc/ledger-entry/v1'),
  key_id: bytes(32),
  n: uint(),
  /** SHA-256 of the entry before; zeros before the first. */
  previous: bytes(32),
  /** Milliseconds since 1970; never less than that of the entry before. */
  at: time(),
  event: variants<Event>('kind', shapes),
})
export type Entry = Of<typeof entryShape>

export const entryCodec: Codec<Entry> = codec(entryShape, ENTRY_LIMIT, MOST_ITEMS)

/** Where a chain ends, or where a request was spent. */
export const markCodec = codec(
  record({ format: format('mpc/ledger-mark/v1'), key_id: bytes(32), n: uint(), hash: bytes(32) }),
  MARK_LIMIT,
)

/** The entries of a whole segment, as they were written. */
export const segmentCodec = codec(
  record({ format: format('mpc/ledger-segment/v1'), entries: list(bytesUpTo(ENTRY_LIMIT), SEGMENT) }),
  2 * ENTRY_LIMIT,
)

/** An entry with its bytes. */
export type Written = { readonly entry: Entry; readonly encoded: Uint8Array; readonly hash: Uint8Array }

/** @throws CodecError */
export const written = (encoded: Uint8Array): Written => ({
  entry: entryCodec.decode(encoded),
  encoded,
  hash: sha256(encoded),
})

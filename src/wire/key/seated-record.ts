/**
 * A key's record with the rebinds in force, which give seats to other identities than the record does.
 * Without rebinds it is the record itself, byte for byte.
 */
import { bytesUpTo, codec, CodecError, list, record } from '../../protocol/core/codec.js'
import { type Card, checkDistinct } from '../identity/card.js'
import { Failure } from '../base/failure.js'
import { format } from '../base/realm.js'
import { parseRebind, type Rebind } from './rebind.js'
import { encodeRecord, type KeyRecord, parseRecord } from './record.js'

const seatingCodec = codec(
  record({
    format: format('mpc/seating/v1'),
    record: bytesUpTo(1 << 19),
    rebinds: list(bytesUpTo(1 << 14), 1, 64),
  }),
  1 << 20,
)

export type Seating = {
  readonly record: KeyRecord
  /** The record with the cards now in its seats, to look up cards only: its digest differs. */
  readonly seated: KeyRecord
  readonly rebinds: readonly Rebind[]
}

/** @param rebinds the encoded rebinds of the signers */
export const encodeSeating = (r: KeyRecord, rebinds: readonly Uint8Array[]): Uint8Array =>
  rebinds.length === 0
    ? encodeRecord(r)
    : seatingCodec.encode({ format: 'mpc/seating/v1', record: encodeRecord(r), rebinds })

/** @throws Failure as `parseRecord` and `parseRebind` do */
export function parseSeating(encoded: Uint8Array): Seating {
  let held: ReturnType<typeof seatingCodec.decode>
  try {
    held = seatingCodec.decode(encoded)
  } catch (cause) {
    if (!(cause instanceof CodecError)) throw cause
    const r = parseRecord(encoded)
    return { record: r, seated: r, rebinds: [] }
  }
  const r = parseRecord(held.record)
  const rebinds = held.rebinds.map((rebind) => parseRebind(rebind, r))
  return { record: r, seated: seatedBy(r, rebinds), rebinds }
}

/**
 * The record with the cards of these rebinds in their seats.
 * @throws Failure `E_REBIND_CARD` (authentication) if two seats would hold one name or identity
 */
export function seatedBy(r: KeyRecord, rebinds: readonly Rebind[]): KeyRecord {
  const cards = new Map<number, Card>(rebinds.map(({ index, card }) => [index, card]))
  const members = r.members.map((member) => ({ ...member, card: cards.get(member.index) ?? member.card }))
  try {
    checkDistinct(members.map(({ card }) => card))
  } catch (cause) {
    if (!(cause instanceof CodecError)) throw cause
    throw new Failure(
      'authentication',
      'E_REBIND_CARD',
      `these rebinds do not go together: ${cause.problem}`,
      {
        hint: 'a new identity needs a name and keys of its own',
        cause,
      },
    )
  }
  return { ...r, members }
}

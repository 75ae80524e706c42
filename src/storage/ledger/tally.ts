/** What the entries of a ledger add up to. */
import { CodecError, equalBytes } from '../../protocol/core/codec.js'
import { hex } from '../../wire/base/text.js'
import {
  type Checkpoint,
  type Entry,
  type Place,
  type Reservation,
  SEGMENT,
  type Total,
  type Written,
} from './entry.js'

export const assetOf = ({ chain, contract }: Pick<Total, 'chain' | 'contract'>): string =>
  `${chain} ${contract}`

/** The state behind an entry. It begins at a checkpoint. */
export class Tally {
  #last: Written
  readonly totals: Map<string, Total>
  /** By request, in hex. */
  readonly open: Map<string, Reservation>
  restored: number | null
  spent: Place | null

  /** @throws CodecError unless it is a checkpoint */
  constructor(checkpoint: Written) {
    if (checkpoint.entry.n % SEGMENT !== 0) throw new CodecError('', 'no segment begins with it')
    const { totals, open, restored, spent } = checkpointIn(checkpoint.entry)
    this.#last = checkpoint
    this.totals = new Map(totals.map((total) => [assetOf(total), total]))
    this.open = new Map(open.map((reservation) => [hex(reservation.request), reservation]))
    this.restored = restored
    this.spent = spent
  }

  get last(): Written {
    return this.#last
  }

  /** @throws CodecError if it does not follow */
  add(next: Written): void {
    const { entry, hash } = next
    const { event, n, at } = entry
    requireNext(this.#last, entry)
    switch (event.kind) {
      case 'reserve': {
        const { kind: _, ...reservation } = event
        this.open.set(hex(event.request), { ...reservation, at })
        break
      }
      case 'spend':
        this.open.delete(hex(event.request))
        for (const { chain, contract, amount } of event.spending) {
          const total = this.totals.get(assetOf({ chain, contract }))
          this.totals.set(assetOf({ chain, contract }), {
            chain,
            contract,
            amount: (total?.amount ?? 0n) + (amount ?? 0n),
            unknown: (total?.unknown ?? 0) + (amount === null ? 1 : 0),
          })
        }
        this.spent = { n, hash }
        break
      case 'release':
        if (!this.open.delete(hex(event.request)))
          throw new CodecError('', 'it releases what is not reserved')
        break
      case 'restored':
        this.restored = at
        break
      case 'checkpoint':
        throw new CodecError('', 'it is a checkpoint, where none belongs')
      default:
        event satisfies never
    }
    this.#last = next
  }

  /** The checkpoint that may follow. */
  checkpoint(before: Checkpoint['before']): Checkpoint {
    return {
      kind: 'checkpoint',
      totals: [...this.totals.values()],
      open: [...this.open.values()],
      restored: this.restored,
      spent: this.spent,
      before,
    }
  }
}

export function checkpointIn({ event }: Entry): Checkpoint {
  if (event.kind !== 'checkpoint') throw new CodecError('', 'it is no checkpoint, where one belongs')
  return event
}

function requireNext({ entry: last, hash }: Written, { key_id, n, at, previous }: Entry): void {
  if (!equalBytes(key_id, last.key_id)) throw new CodecError('', 'it is of another key')
  if (n !== last.n + 1) throw new CodecError('', 'its number is not the next')
  if (!equalBytes(previous, hash)) throw new CodecError('', 'it does not follow the entry before')
  if (at < last.at) throw new CodecError('', 'it is earlier than the entry before')
}

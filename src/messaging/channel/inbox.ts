/**
 * What the others have said in one ceremony, each letter in its place; what is of a session that does not count yet waits
 * aside. Of each member there is room for so much, and no more.
 */
import { type Envelope, REPEATED } from '../../wire/session/envelope.js'
import { hex } from '../../wire/base/text.js'
import { NO_SESSION, type Slot, slotKey } from './letters.js'

const EARLY_LETTERS = 64
/** Of one member: what lies in slots, and what came early; each. */
const STORED_BYTES = 16 << 20

/** What became of a letter: `there`, the same was there before; else the other one that lies in its place. */
export type Placed = 'placed' | 'there' | 'full' | Envelope

export class Shelf {
  readonly #slots = new Map<string, Envelope>()
  readonly #early = new Map<string, Envelope[]>()
  readonly #stored = new Map<string, number>()
  readonly #live = new Set([hex(NO_SESSION)])

  /** Whether letters of this session count. */
  isLive(session: Uint8Array): boolean {
    return this.#live.has(hex(session))
  }

  /** From now on letters of this session count. @returns those that came early */
  enter(session: Uint8Array): Envelope[] {
    this.#live.add(hex(session))
    const isOf = ({ header }: Envelope) => hex(header.session) === hex(session)
    return [...this.#early].flatMap(([from, waiting]) => {
      const others = waiting.filter((envelope) => !isOf(envelope))
      this.#early.set(from, others)
      return waiting.filter(isOf)
    })
  }

  /** Forgets a session and what was said in it. */
  leave(session: Uint8Array): void {
    const of = ` ${hex(session)} `
    this.#live.delete(hex(session))
    for (const [key, { header, bytes }] of this.#slots) {
      if (!key.includes(of)) continue
      this.#slots.delete(key)
      const from = hex(header.from)
      this.#stored.set(from, (this.#stored.get(from) as number) - bytes.length)
    }
  }

  get(slot: Slot): Envelope | undefined {
    return this.#slots.get(slotKey(slot))
  }

  /** Puts a letter in its place, the first that comes. */
  place(envelope: Envelope): Placed {
    const { header, bytes } = envelope
    const key = slotKey(header)
    const there = this.#slots.get(key)
    // One that is done and comes back to help others says so again, at another time.
    if (there) return REPEATED.has(header.kind) || hex(there.bytes) === hex(bytes) ? 'there' : there
    const from = hex(header.from)
    const stored = (this.#stored.get(from) ?? 0) + bytes.length
    if (stored > STORED_BYTES) return 'full'
    this.#stored.set(from, stored)
    this.#slots.set(key, envelope)
    return 'placed'
  }

  /** Lays aside what comes early. @returns what had to go for it, the oldest first */
  keepEarly(envelope: Envelope): Envelope[] {
    const from = hex(envelope.header.from)
    const waiting = [...(this.#early.get(from) ?? []), envelope]
    const size = () => waiting.reduce((sum, { bytes }) => sum + bytes.length, 0)
    const gone: Envelope[] = []
    while (waiting.length > EARLY_LETTERS || size() > STORED_BYTES) gone.push(waiting.shift() as Envelope)
    this.#early.set(from, waiting)
    return gone
  }
}

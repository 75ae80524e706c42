/**
 * The letters of the others in one ceremony, each in its slot. Letters of a session that is not live yet wait
 * aside. The space for each member is limited.
 */
import { type Envelope, REPEATED } from '../../wire/session/envelope.js'
import { hex } from '../../wire/base/text.js'
import { NO_SESSION, type Slot, slotKey } from './letters.js'

const EARLY_LETTERS = 64
/** The limit for each member: once for its slots, and once for its early letters. */
const STORED_BYTES = 16 << 20

/** The result of placing a letter. `there`: it was there. An envelope: another one has the slot. */
export type Placed = 'placed' | 'there' | 'full' | Envelope

export class Shelf {
  readonly #slots = new Map<string, Envelope>()
  readonly #early = new Map<string, Envelope[]>()
  readonly #stored = new Map<string, number>()
  readonly #live = new Set([hex(NO_SESSION)])

  isLive(session: Uint8Array): boolean {
    return this.#live.has(hex(session))
  }

  /** Makes letters of this session count from now on. @returns those that came early */
  enter(session: Uint8Array): Envelope[] {
    this.#live.add(hex(session))
    const isOf = ({ header }: Envelope) => hex(header.session) === hex(session)
    return [...this.#early].flatMap(([from, waiting]) => {
      const others = waiting.filter((envelope) => !isOf(envelope))
      this.#early.set(from, others)
      return waiting.filter(isOf)
    })
  }

  /** Forgets a session and its letters. */
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

  /** Puts a letter in its slot unless the slot is taken: the first letter stays. */
  place(envelope: Envelope): Placed {
    const { header, bytes } = envelope
    const key = slotKey(header)
    const there = this.#slots.get(key)
    // A member that is done and comes back to help others repeats these kinds with a new date.
    if (there) return REPEATED.has(header.kind) || hex(there.bytes) === hex(bytes) ? 'there' : there
    const from = hex(header.from)
    const stored = (this.#stored.get(from) ?? 0) + bytes.length
    if (stored > STORED_BYTES) return 'full'
    this.#stored.set(from, stored)
    this.#slots.set(key, envelope)
    return 'placed'
  }

  /** Keeps an early letter aside. @returns the letters that had to make room, oldest first */
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

/**
 * The letters that one member sends in one ceremony. Everything is signed. Letters with a slot are kept, and
 * a want for one is answered with the same bytes.
 */
import type { SigningKey } from '../../wire/base/ed25519.js'
import { type Envelope, type Header, type Kind, sealEnvelope, SLOTTED } from '../../wire/session/envelope.js'
import { hex } from '../../wire/base/text.js'
import { ANYBODY, type Member, NO_SESSION, primesCodec, type Slot, slotKey, wantCodec } from './letters.js'
import type { Subjects } from '../transport/subjects.js'
import type { Transport } from '../transport/transport.js'
import { WORKING_EVERY } from './await.js'
import { type Clock, every } from './clock.js'

/** Slightly below the shortest pause between two wants, so that a delayed first one blocks no second. */
const ANSWER_EVERY = 1800

const LAST_WORDS_WITHIN = 5000

export type OutboxOptions = {
  readonly transport: Transport
  readonly subjects: Subjects
  /** Definition id, or the key id where requests are exchanged. */
  readonly definition: Uint8Array
  readonly self: Member
  readonly key: SigningKey
  readonly clock: Clock
}

type Place = {
  readonly session: Uint8Array
  readonly round?: string
  readonly to?: Uint8Array | null
}

export class Outbox {
  readonly #options: OutboxOptions
  readonly #sent = new Map<string, { readonly bytes: Uint8Array; readonly subject: string }>()
  readonly #answered = new Map<string, number>()

  constructor(options: OutboxOptions) {
    this.#options = options
  }

  get connected(): boolean {
    return this.#options.transport.connected
  }

  /** Resolves to true if everything sent so far has reached the server. */
  flush(): Promise<boolean> {
    return this.#options.transport.flush()
  }

  /**
   * Waits until the server has everything. If the connection drops meanwhile, sends our letters of these
   * slots again once it is back.
   * @returns false if that takes more than 5 s; members that miss the letters ask others for them
   */
  async lastWords(slots: readonly Slot[]): Promise<boolean> {
    const { clock, transport } = this.#options
    const deadline = clock.now() + LAST_WORDS_WITHIN
    while (!(await this.flush())) {
      const left = deadline - clock.now()
      if (left <= 0 || !(await isBack(transport, left, clock))) return false
      for (const slot of slots) this.repeat(slot)
    }
    return true
  }

  /** Signs and publishes. A letter with a slot is kept, and the same bytes answer every want. */
  post(
    kind: Kind,
    place: Place & { readonly key?: Uint8Array | null },
    body: Uint8Array | ((header: Header) => Uint8Array),
  ): Uint8Array {
    const sealed = this.write(kind, place, body)
    this.send(kind, { session: place.session, round: place.round ?? '', to: place.to ?? null }, sealed)
    return sealed
  }

  /** Signs without sending, so that the caller can write to disk first and `send` afterwards. */
  write(
    kind: Kind,
    { session, round = '', to = null, key = null }: Place & { readonly key?: Uint8Array | null },
    body: Uint8Array | ((header: Header) => Uint8Array),
  ): Uint8Array {
    const { self, key: signing, definition, clock } = this.#options
    const from = self.fingerprint
    const header: Header = { v: 1, kind, definition, session, round, from, to, time: clock.now(), key }
    return sealEnvelope(signing, header, typeof body === 'function' ? body(header) : body)
  }

  /** Publishes an envelope made earlier, and answers wants for it from now on. */
  send(kind: Kind, slot: Omit<Slot, 'kind' | 'from'>, sealed: Uint8Array): void {
    const subject = this.#options.subjects.outbound(kind, slot.to)
    if (SLOTTED.has(kind)) this.#sent.set(this.#ownKey({ ...slot, kind }), { bytes: sealed, subject })
    this.#options.transport.publish(subject, sealed)
  }

  /**
   * Answers every member that asks for the definition from now on.
   * @param definition the encoded bytes, whose hash is the definition id
   */
  handOut(definition: Uint8Array): void {
    const slot = { kind: 'definition', session: NO_SESSION, round: '', to: null } as const
    const bytes = this.write('definition', slot, definition)
    this.#sent.set(this.#ownKey(slot), {
      bytes,
      subject: this.#options.subjects.outbound('definition', null),
    })
  }

  /** Sends our letter of a slot again, if there is one. */
  repeat(slot: Slot): void {
    const sent = this.#sent.get(slotKey(slot))
    if (sent) this.#options.transport.publish(sent.subject, sent.bytes)
  }

  /** Reports every 10 s that this member is at work, until the returned function is called. */
  working(session: Uint8Array): () => void {
    return this.#repeatedly(() => this.post('working', { session }, new Uint8Array()))
  }

  /** Likewise while this member makes primes, with the number left. */
  making(session: Uint8Array, left: () => number): () => void {
    return this.#repeatedly(() => this.post('primes', { session }, primesCodec.encode({ left: left() })))
  }

  #repeatedly(say: () => void): () => void {
    say()
    return every(this.#options.clock, WORKING_EVERY, say)
  }

  /** Asks for letters of others, with one message per session. */
  protected want(slots: readonly Slot[]): void {
    const bySession = new Map<string, Slot[]>()
    for (const slot of slots)
      bySession.set(hex(slot.session), [...(bySession.get(hex(slot.session)) ?? []), slot])
    for (const asked of bySession.values()) {
      const body = asked.slice(0, 256).map(({ kind, round, from, to }) => ({ kind, round, from, to }))
      this.post('want', { session: (asked[0] as Slot).session }, wantCodec.encode(body))
    }
  }

  /** Answers a want with our letters, but not too often. @throws CodecError if the body is malformed */
  protected answer({ header, body }: Envelope, from: Member): void {
    const { self, clock } = this.#options
    for (const slot of wantCodec.decode(body)) {
      const isOurs = hex(slot.from) === hex(slot.kind === 'definition' ? ANYBODY : self.fingerprint)
      if (!isOurs || (slot.to && hex(slot.to) !== hex(from.fingerprint))) continue
      const key = this.#ownKey({ ...slot, session: header.session })
      const who = `${key} ${hex(from.fingerprint)}`
      const last = this.#answered.get(who) ?? Number.NEGATIVE_INFINITY
      const sent = this.#sent.get(key)
      if (!sent || clock.now() - last < ANSWER_EVERY) continue
      this.#answered.set(who, clock.now())
      this.#options.transport.publish(sent.subject, sent.bytes)
    }
  }

  /** The letter that this member sent in one place of a session. */
  protected said(slot: Omit<Slot, 'from'>): Uint8Array | undefined {
    return this.#sent.get(this.#ownKey(slot))?.bytes
  }

  /** Answers no more wants for letters of this session. */
  protected disown(session: Uint8Array): void {
    const of = ` ${hex(session)} `
    for (const key of this.#sent.keys()) if (key.includes(of)) this.#sent.delete(key)
  }

  #ownKey(slot: Omit<Slot, 'from'>): string {
    return slotKey({ ...slot, from: this.#options.self.fingerprint })
  }
}

/** Whether the connection is back within `span` milliseconds. */
function isBack(transport: Transport, span: number, clock: Clock): Promise<boolean> {
  if (transport.connected) return Promise.resolve(true)
  return new Promise((resolve) => {
    const settle = (back: boolean): void => {
      stopWaiting()
      stop()
      resolve(back)
    }
    const stopWaiting = clock.after(span, () => settle(false))
    const stop = transport.onReconnect(() => settle(true))
  })
}
